package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.Sockaddr;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;

/** The ends of a filter: what the kernel is to do with the call. // linux/seccomp.h */
final class Actions {
    static final int RET_ALLOW = 0x7fff0000;
    static final int RET_TRACE = 0x7ff00000;
    static final int RET_USER_NOTIF = 0x7fc00000;
    static final int RET_ERRNO = 0x00050000;

    /** SECCOMP_RET_DATA of a call by another entry of the machine; see {@link TracedCall} for what cookies are good for. */
    static final int FOREIGN_COOKIE = 80;

    private final Assembler assembler;
    private final VaultRange vault;
    private final boolean notifies;

    /** @param notifies whether the supervisor is notified of judged calls, but for those with the vault's mark */
    Actions(Assembler assembler, VaultRange vault, boolean notifies) {
        this.assembler = assembler;
        this.vault = vault;
        this.notifies = notifies;
    }

    Node allow() {
        return assembler.ret(RET_ALLOW);
    }

    /** Stops for the tracer. Without one, as after CLONE_UNTRACED, the call fails with ENOSYS. */
    Node trace(TracedCall call) {
        Node trace = assembler.ret(RET_TRACE | call.cookie());
        return notifies && call.notifies() ? notify(call, trace) : trace;
    }

    /** Of addresses as long as those of the internet are, which are answered without a stop; others had better stop at once. */
    private Node notify(TracedCall call, Node trace) {
        Node bySize = assembler.load(SeccompData.low(call == TracedCall.SENDTO ? 5 : 2),
                assembler.jump(JumpOp.EQ, Sockaddr.INET_LENGTH, listener(), assembler.jump(JumpOp.EQ, Sockaddr.INET6_LENGTH, listener(), trace)));
        return assembler.load(SeccompData.INSTRUCTION_POINTER_HIGH, assembler.jump(JumpOp.EQ, vault.highWord(), trace, bySize));
    }

    Node trace(FileCall call) {
        return assembler.ret(RET_TRACE | call.cookie());
    }

    /** Of a call by another entry of the machine, none of which runs but for those that end the caller. */
    Node traceForeign() {
        return assembler.ret(RET_TRACE | FOREIGN_COOKIE);
    }

    Node errno(Errno errno) {
        return assembler.ret(RET_ERRNO | errno.number());
    }

    /** Asks the supervisor, which holds the filter's listener. */
    Node listener() {
        return assembler.ret(RET_USER_NOTIF);
    }
}
