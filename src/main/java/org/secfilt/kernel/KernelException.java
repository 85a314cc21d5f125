package org.secfilt.kernel;

import org.secfilt.abi.Errno;

/** A call of secfilt itself that the kernel refused: {@code ptrace(PTRACE_SEIZE, 4711): EPERM (Operation not permitted)}. */
public final class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param call the call with its telling arguments, as strace would print it */
    public KernelException(String call, int errno) {
        super(call + ": " + Errno.of(errno).name() + " (" + Errno.of(errno).text() + ")");
    }

    public KernelException(String call, int errno, String hint) {
        super(call + ": " + Errno.of(errno).name() + " (" + Errno.of(errno).text() + "); " + hint);
    }

    private KernelException(String message) {
        super(message);
    }

    /** Where the call tells the user less than what follows from it. */
    public static KernelException inWords(String message) {
        return new KernelException(message);
    }
}
