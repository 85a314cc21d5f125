package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.TraceeNumbers.Whose;

/**
 * Whom a tracee would signal. Numbers are the caller's, those of its own PID namespace, but for {@code caller} and {@code keeper}, which are the
 * supervisor's. The keeper, which is traced and no process of the run, counts as outside; it is {@link #NONE} where there is none. Tracer thread.
 */
public interface SignalTargets {
    /** Of {@link #pidfd}: what it stood for is gone. */
    int GONE = -1;
    /** No number in the caller's namespace. */
    int NONE = 0;

    /**
     * Whose process or thread a number stands for, which is positive. A process that has ended, and that nobody waited for so far, is
     * {@link Whose#OURS}: the kernel answers by its owner, and nothing comes of it.
     *
     * @param caller the thread that makes the call, as the supervisor calls it
     * @param keeper likewise
     */
    Whose one(int caller, int number, int keeper);

    /**
     * The process group of this number; of {@link #NONE} the caller's own.
     *
     * @param caller as the supervisor calls it, with {@code keeper}
     */
    Group group(int caller, int number, int keeper);

    /**
     * Whom kill(2) means by -1: all in the caller's namespace but process 1 and the caller's own.
     *
     * @param caller as the supervisor calls it, with {@code keeper}
     */
    Group all(int caller, int keeper);

    /**
     * What a pidfd of the caller's stands for, at this moment; empty if the descriptor is none.
     *
     * @param caller as the supervisor calls it
     */
    Optional<OfPidfd> pidfd(int caller, int fd);

    /**
     * fcntl(2) F_SETOWN_EX with F_OWNER_TID, of a descriptor of the caller's, by the supervisor's own hand: so the kernel signals by the
     * supervisor's right.
     *
     * @param caller as the supervisor calls it
     * @param thread of the caller's own process
     * @return 0 or a negative error number: EPERM if it is another process's, or the descriptor's file cannot be had
     */
    int ownByThread(int caller, int fd, int thread);

    /**
     * @param number of the group; {@link #NONE} if it is no group, or from outside of the caller's namespace
     * @param self of the caller's process, if it is a member
     * @param inside the members of the run that have a number there, but the caller's process
     * @param outside whether there are others, or may be
     * @param empty whether nobody is a member, be it one that has ended
     */
    record Group(int number, int self, List<Integer> inside, boolean outside, boolean empty) {
        public Group {
            inside = List.copyOf(inside);
        }
    }

    /**
     * @param number {@link #NONE} or {@link #GONE}, or of the process or thread
     * @param process its process
     * @param thread whether it stands for a thread alone (pidfd_open(2) "PIDFD_THREAD")
     */
    record OfPidfd(int number, int process, boolean thread) {}
}
