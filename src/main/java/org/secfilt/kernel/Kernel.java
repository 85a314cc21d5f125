package org.secfilt.kernel;

/** The kernel as a sandbox needs it. */
public interface Kernel {
    /** For the tracer thread, and made on it: its memory is its own. */
    Ptrace ptrace();

    /** For the tracer thread, and made on it. */
    Tracees tracees();

    /** For the tracer thread, and made on it. */
    SignalTargets signalTargets();

    /** Whether who is notified of a call can be woken up at once, on the caller's own processor: seccomp_unotify(2), Linux 6.6. */
    boolean notifiesAtOnce();

    /** For the thread that answers notified calls, and made on it. */
    Tracees notifiedTracees();

    /** For the tracer thread, and made on it. */
    FileChanges fileChanges();

    /** For the tracer thread. */
    Affinity affinity();

    /** Makes a vault that tracees map at this address. */
    Vault vault(long address, int lengthBytes);

    /** One that is there when {@link Keeper#begin} has been called. */
    Keeper keeper();

    ProcessStatus processStatus();

    PathResolution pathResolution();

    InheritedDescriptors inheritedDescriptors();

    CgroupSight cgroupSight();

    StandardStreams standardStreams();

    SecurityModules securityModules();

    Supervisor supervisor();

    Leases leases();

    /**
     * Copies the listener of the filter that the stub just installed, and answers calls on it from now on, on a thread of its own: those of the
     * vault and the others. Tracer thread, at the stub's first stop. seccomp_unotify(2)
     *
     * @param fd its number in the stub
     * @throws KernelException if it cannot be copied, or no thread started
     */
    void takeListener(int pid, int fd, Vault vault, NotifiedCalls calls);

    Networks networks();

    Accounts accounts();

    /**
     * Opens a file to append to, as the process would by this name, or makes it, for its owner alone. {@code -} is the process's standard
     * output. Never waits, and the command does not inherit it.
     *
     * @throws KernelException if the process could not write there
     */
    LogFile logFile(int pid, String name);

    /** @throws KernelException if the hierarchy is not to be had */
    Cgroups cgroups(Cgroups.Hierarchy hierarchy);

    Programs programs();

    Runs runs();

    OwnTables ownTables();

    /** Waits for this network namespace to be free of other runs that change it, and holds it. */
    NetworkLock lockNetwork();

    /** Waits until nobody else changes profiles, of whatever network namespace, and keeps others from it. */
    ProfilesLock lockProfiles();

    /** @param fd the supervisor's end of the socket to the stub */
    FrontEnd frontEnd(int fd, int pid);
}
