package org.secfilt.kernel;

/**
 * A process of the command's user and Landlock domain that keeps the files of unix sockets: by its descriptors a tracee comes to the very file that
 * was judged, whatever has become of the path since. native-stubs/keeper.c
 */
public interface Keeper {
    /** Whether a tracee may look at the keeper's descriptors: ptrace(2) "Ptrace access mode checking", PTRACE_MODE_READ_FSCREDS. */
    enum Reach {
        /** As far as user, group and user namespace say. A Landlock domain of its own and another security label are not asked for here. */
        REACHES,
        /** Its user or group is another than the command had at its start, which was root's. */
        OTHER_USER,
        /** It has entered a user namespace, or was not of one user at its start. */
        OUT_OF_REACH
    }

    /**
     * Takes on the process that the stub has made. Before the command runs, by any one thread.
     *
     * @param stub which has our end of its socket
     * @throws KernelException if it does not do its duty
     */
    void begin(int stub, FrontEnd.Made made);

    int pid();

    /**
     * ptrace(2) PTRACE_SEIZE with PTRACE_O_EXITKILL: from now on its number is not another's before the tracer thread has reaped it. Tracer thread,
     * before the command runs.
     *
     * @return 0 or a negative error number
     */
    int seize();

    /** Whether the tracee does that asked for this file. Tracer thread, as the others. */
    Reach reach(SocketFile file);

    /**
     * Keeps the file, in place of what was at this place before.
     *
     * @param place from 0
     * @return 0, or a negative error number: EBADF or EMFILE where it may have no more descriptors (RLIMIT_NOFILE), ESRCH where it does not
     *     answer, and is ended for that
     */
    int keep(int place, SocketFile file);

    /** Keeps it no longer. */
    void drop(int place);

    /**
     * Whether the command is root's, or may have capabilities that are: by a mount over /proc (CAP_SYS_ADMIN) or another root directory
     * (CAP_SYS_CHROOT) it can lead the path elsewhere.
     */
    boolean mayBeLedAway();

    /** Whether the path leads this tracee, as things stand, to what is kept there. */
    boolean leads(int tid, int place, SocketFile file);

    /** Whether no directory has what is kept there any more: a path that led to it leads elsewhere by now. */
    boolean isRemoved(int place);

    /** The path by which tracees come to what is kept there. */
    byte[] path(int place);

    /** Its end, which it waits for, and reaps. Tracer thread, also when there is none or no more. */
    void end();
}
