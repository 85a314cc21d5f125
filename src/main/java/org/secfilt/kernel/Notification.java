package org.secfilt.kernel;

/**
 * A call that the listener of the filter was told of: it waits until it is answered, and only a deadly signal ends it before. Reused from one to the
 * next; of the listener's thread alone. seccomp_unotify(2).
 */
public interface Notification {
    /** The thread that makes the call. */
    int tid();

    /** The call: architecture, number, arguments, instruction pointer. */
    SyscallStop call();

    /**
     * Whether it still waits. What was learnt of its thread by number before that was of this thread: nobody else had the number.
     * // SECCOMP_IOCTL_NOTIF_ID_VALID
     */
    boolean waits();

    /** The call does not run; its caller sees this result, or negative error number. @return false if it does not wait any more */
    boolean answer(long result);

    /** The same call, for another thread to answer. */
    Unanswered leave();

    /** By any one thread, once. */
    interface Unanswered {
        /** The call ends, and is made again from its beginning, whatever signal comes (ERESTARTNOINTR). @return false if it does not wait any more */
        boolean restart();

        /** It ends with this negative error number. */
        void refuse(int error);
    }
}
