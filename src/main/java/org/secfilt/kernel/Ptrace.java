package org.secfilt.kernel;

/**
 * ptrace(2) and waitid(2). Every method must be called on the one thread that seized the tracees.
 *
 * <p>Unless said otherwise a method returns 0, or the negative error number: {@code -ESRCH} when the tracee died meanwhile.
 */
public interface Ptrace {
    // linux/ptrace.h
    int PTRACE_EVENT_FORK = 1;
    int PTRACE_EVENT_VFORK = 2;
    int PTRACE_EVENT_CLONE = 3;
    int PTRACE_EVENT_EXEC = 4;
    int PTRACE_EVENT_EXIT = 6;
    int PTRACE_EVENT_SECCOMP = 7;
    int PTRACE_EVENT_STOP = 128;
    int PTRACE_O_TRACESYSGOOD = 1;
    int PTRACE_O_TRACEFORK = 1 << PTRACE_EVENT_FORK;
    int PTRACE_O_TRACEVFORK = 1 << PTRACE_EVENT_VFORK;
    int PTRACE_O_TRACECLONE = 1 << PTRACE_EVENT_CLONE;
    int PTRACE_O_TRACEEXEC = 1 << PTRACE_EVENT_EXEC;
    int PTRACE_O_TRACEEXIT = 1 << PTRACE_EVENT_EXIT;
    int PTRACE_O_TRACESECCOMP = 1 << PTRACE_EVENT_SECCOMP;
    int PTRACE_O_EXITKILL = 1 << 20;

    /** PTRACE_SEIZE with the given options. EPERM: somebody traces it already, or Yama's ptrace_scope forbids. */
    int seize(int pid, int options);

    /**
     * Blocks for the next stop or end of a tracee, and leaves it waitable: an end is seen by others only after {@link #reap}. A stop
     * that is not answered by a resuming call is seen again by the next await, unless it is an exec's.
     *
     * @return 0, or -ECHILD when no tracee is left
     */
    int await(WaitEvent event);

    /** {@link #await} without blocking. @return false if there is nothing to see now, or no tracee left */
    boolean poll(WaitEvent event);

    /** {@link #poll} for one tracee. */
    boolean poll(int tid, WaitEvent event);

    /**
     * {@link #await} for one tracee, which is about to stop; it is given a fifth of a second.
     *
     * @return false if it has not stopped or ended by then, or is gone
     */
    boolean awaitBriefly(int tid, WaitEvent event);

    /**
     * Whether this tracee has ended; {@code event} shows it then. One process alone is asked for: among several the kernel shows stops
     * too, whatever is asked, and an end behind them would not be seen. // kernel/exit.c wait_task_stopped()
     */
    boolean pollEnd(int tid, WaitEvent event);

    /** Takes the end of a tracee that {@link #await} showed; its parent learns of it now. */
    void reap(int tid);

    /** PTRACE_CONT. @param signal delivered to the tracee, 0 for none */
    int resume(int tid, int signal);

    /** PTRACE_SYSCALL without a signal: the next stop is the syscall-exit-stop, unless the tracee dies. */
    int resumeToExit(int tid);

    /** PTRACE_LISTEN: stays in its group-stop until SIGCONT. */
    int listen(int tid);

    /** PTRACE_GETEVENTMSG, or the negative error number. */
    long eventMessage(int tid);

    /** Fills {@code stop}; EINVAL if the tracee is in no syscall or seccomp stop. */
    int syscallInfo(int tid, SyscallStop stop);

    /** In a seccomp-stop or syscall-exit-stop: sets argument register 0 to 5. */
    int setArgument(int tid, int index, long value);

    /** In a seccomp-stop: the call to run in place of the one that stopped, -1 for none. In an exit-stop: the call to restart. */
    int setNumber(int tid, long number);

    /** Sets the result register: what the tracee will see of a skipped or finished call. */
    int setResult(int tid, long result);

    /**
     * In a syscall-exit-stop: has the tracee make the call again, from its first instruction.
     *
     * @param stop the seccomp-stop of the call as the tracee made it
     */
    int rewind(int tid, SyscallStop stop);

    /** SIGKILL to the whole process of the tracee; it cannot be missed or refused. */
    void kill(int tid);
}
