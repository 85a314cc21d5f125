package org.secfilt.kernel;

import org.secfilt.abi.Errno;

/** A call of secfilt itself that the kernel refused: {@code ptrace(PTRACE_SEIZE, 4711): EPERM (Operation not permitted)}. */
public final class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    /** @param call the call with its telling arguments, as strace would print it */
    public KernelException(String call, int errno) {
        super(call + ": " + Errno.of(errno).name() + " (" + Errno.of(errno).text() + ")"
                + (errno == Errno.EMFILE.number() ? "; is there a limit on open files (ulimit -n)?" : ""));
        this.errno = errno;
    }

    public KernelException(String call, int errno, String hint) {
        super(call + ": " + Errno.of(errno).name() + " (" + Errno.of(errno).text() + "); " + hint);
        this.errno = errno;
    }

    private KernelException(String message) {
        super(message);
        this.errno = 0;
    }

    /** Where the call tells the user less than what follows from it. */
    public static KernelException inWords(String message) {
        return new KernelException(message);
    }

    /** What the kernel answered; 0 of one in words. */
    public int errno() {
        return errno;
    }
}
