package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/**
 * The calls by which the supervisor does its work, each made once with nothing to do: a seccomp filter that is on this process already, as in a
 * container, may refuse one, and what needs it would go wrong in the middle of a run. ptrace(2) is tried when the command is seized.
 */
final class OwnCalls {
    private static final int IOVEC_BYTES = 16;
    private static final int WORD_BYTES = 8;
    private static final int NONE = -1;
    // linux/wait.h
    private static final int P_PID = 1;
    private static final int WNOHANG_WEXITED = 1 | 4;

    private static final int PIDFD_OPEN = Arch.X86_64.syscalls().nr("pidfd_open");
    private static final int PIDFD_GETFD = Arch.X86_64.syscalls().nr("pidfd_getfd");

    private OwnCalls() {}

    /** @return the first that is refused, and how; empty if none is */
    static Optional<String> refused() {
        long read = NativeMemory.allocate(IOVEC_BYTES + WORD_BYTES); // struct iovec of a word that follows
        NativeMemory.IO.putLong(read, read + IOVEC_BYTES);
        NativeMemory.IO.putLong(read + 8, WORD_BYTES);
        long ours = OwnProcess.PID;
        long rc = Libc.PROCESS_VM_READV.call(ours, read, 1, read, 1, 0);
        if (rc != WORD_BYTES) {
            return told("process_vm_readv", rc);
        }
        rc = Libc.PROCESS_VM_WRITEV.call(ours, read, 1, read, 1, 0);
        if (rc != WORD_BYTES) {
            return told("process_vm_writev", rc);
        }
        rc = Libc.SYSCALL.call(PIDFD_OPEN, NONE, 0, 0, 0, 0);
        if (rc != -Errno.EINVAL.number()) {
            return told("pidfd_open", rc);
        }
        rc = Libc.SYSCALL.call(PIDFD_GETFD, NONE, 0, 0, 0, 0);
        if (rc != -Errno.EBADF.number()) {
            return told("pidfd_getfd", rc);
        }
        rc = Libc.WAITID.call(P_PID, ours, 0, WNOHANG_WEXITED);
        if (rc != -Errno.ECHILD.number()) {
            return told("waitid", rc);
        }
        for (long request : JnrListener.REQUESTS) {
            rc = Libc.IOCTL.call(NONE, request, 0);
            if (rc != -Errno.EBADF.number()) {
                return told("ioctl", rc);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> told(String call, long rc) {
        return Optional.of(call + ": " + (rc < 0 ? Errno.of((int) -rc).toString() : "it does nothing"));
    }
}
