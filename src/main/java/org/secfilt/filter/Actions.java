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
        return trace(call, Sockaddr.INET_LENGTH, Sockaddr.INET6_LENGTH);
    }

    /** As {@link #trace(TracedCall)}, of a call whose address is known to be no shorter than those of IPv6. */
    Node traceLong(TracedCall call) {
        return trace(call, Sockaddr.INET6_LENGTH);
    }

    private Node trace(TracedCall call, int... inetLengths) {
        Node trace = assembler.ret(RET_TRACE | call.cookie());
        return notifies && call.notifies() ? notify(call, trace, inetLengths) : trace;
    }

    /** Of addresses as long as those of the internet are, which are answered without a stop; others had better stop at once. */
    private Node notify(TracedCall call, Node trace, int... inetLengths) {
        Node bySize = trace;
        for (int i = inetLengths.length - 1; i >= 0; i--) {
            bySize = assembler.jump(JumpOp.EQ, inetLengths[i], listener(), bySize);
        }
        Node sized = assembler.load(SeccompData.low(call == TracedCall.SENDTO ? 5 : 2), bySize);
        return assembler.load(SeccompData.INSTRUCTION_POINTER_HIGH, assembler.jump(JumpOp.EQ, vault.highWord(), trace, sized));
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
