package org.secfilt.kernel;

/** Whom tracees mean by numbers of processes: pid_namespaces(7). Of the one thread that {@link Tracees} was made on. */
public interface TraceeNumbers {
    /** Whose process a number stands for. */
    enum Whose {
        /** One that the supervisor traces. */
        OURS,
        /** Any other, or one of which it cannot be told. */
        OTHERS,
        /** There is none. */
        NOBODYS
    }

    /** Whom the tracee means by the number, which is positive, of a process or thread: a number in its own PID namespace. */
    Whose process(int tid, int number);

    /** Likewise of all processes of a process group, of a positive number. Ours are only groups without any other process. */
    Whose group(int tid, int number);

    /**
     * The process group that the tracee is in at some moment.
     *
     * @param number in its own PID namespace; 0 if the group is from outside of that
     */
    record OwnGroup(int number, Whose whose) {}

    OwnGroup ownGroup(int tid);

    /** The process that a tracee's pidfd stands for; -1 if it is none, or the process is gone. proc(5) "/proc/pid/fdinfo" */
    int pidfdTarget(int tid, int fd);
}
