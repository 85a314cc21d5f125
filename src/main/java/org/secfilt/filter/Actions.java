package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.Node;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.TracedCall;

/** The ends of a filter: what the kernel is to do with the call. // linux/seccomp.h */
final class Actions {
    static final int RET_ALLOW = 0x7fff0000;
    static final int RET_TRACE = 0x7ff00000;
    static final int RET_USER_NOTIF = 0x7fc00000;
    static final int RET_ERRNO = 0x00050000;

    private final Assembler assembler;

    Actions(Assembler assembler) {
        this.assembler = assembler;
    }

    Node allow() {
        return assembler.ret(RET_ALLOW);
    }

    /** Stops for the tracer. Without one, as after CLONE_UNTRACED, the call fails with ENOSYS. */
    Node trace(TracedCall call) {
        return assembler.ret(RET_TRACE | call.cookie());
    }

    Node trace(FileCall call) {
        return assembler.ret(RET_TRACE | call.cookie());
    }

    Node errno(Errno errno) {
        return assembler.ret(RET_ERRNO | errno.number());
    }

    /** Asks the supervisor, which holds the filter's listener. */
    Node listener() {
        return assembler.ret(RET_USER_NOTIF);
    }
}
