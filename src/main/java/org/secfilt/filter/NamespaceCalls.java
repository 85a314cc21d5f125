package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;

/** setns(2), of which a filter sees what kinds of namespace are to be joined, but not which. */
final class NamespaceCalls {
    /** linux/sched.h CLONE_NEWNET and CLONE_NEWUSER: who enters the user namespace that a network belongs to may fetch a link of that out of it. */
    static final int NETWORK = 0x40000000 | 0x10000000;

    private NamespaceCalls() {}

    /** Refuses to join namespaces of these kinds, and any without saying of which kind. @param kinds CLONE_NEW* */
    static Node setns(Assembler assembler, Actions actions, int kinds) {
        Node refuse = actions.errno(Errno.EPERM);
        return assembler.load(SeccompData.low(1),
                assembler.jump(JumpOp.EQ, 0, refuse, assembler.jump(JumpOp.SET, kinds, refuse, actions.allow())));
    }
}
