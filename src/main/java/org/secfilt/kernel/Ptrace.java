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

    // include/linux/errno.h: results while the kernel has not decided yet whether the call is made again; no program ever sees one
    long ERESTARTSYS = -512;
    /** It is, whatever signal came. */
    long ERESTARTNOINTR = -513;
    /** It is, if no handler runs; or else its result is EINTR. */
    long ERESTARTNOHAND = -514;

    /** PTRACE_SEIZE with the given options. EPERM: somebody traces it already, or Yama's ptrace_scope forbids. */
    int seize(int pid, int options);

    /** PTRACE_SETOPTIONS, in any stop: in place of those it had. */
    int setOptions(int tid, int options);

    /**
     * Blocks for the next stop or end of a tracee, and leaves it waitable: an end is seen by others only after {@link #reap}. A stop
     * that is not answered by a resuming call is seen again by the next await, unless it is an exec's.
     *
     * @return 0, -EINTR when {@link #ring} was called since the last await, or for nothing, or -ECHILD when no tracee is left
     */
    int await(WaitEvent event);

    /** Has {@link #await} return. By any other thread. */
    void ring();

    /** PTRACE_INTERRUPT: a PTRACE_EVENT_STOP with SIGTRAP, before any signal, and when it leaves the call that it may be in. */
    int interrupt(int tid);

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

    /** The tracee stays in its stop, which {@link #await} showed and shows no more. */
    void hold(int tid);

    /** PTRACE_CONT. @param signal delivered to the tracee, 0 for none */
    int resume(int tid, int signal);

    /** PTRACE_SYSCALL without a signal: the next stop is the syscall-exit-stop, unless the tracee dies. */
    default int resumeToExit(int tid) {
        return resumeToCall(tid, 0);
    }

    /** PTRACE_SYSCALL out of any stop: the next call stops when it begins, before all filters, and when it ends. */
    int resumeToCall(int tid, int signal);

    /** PTRACE_LISTEN: stays in its group-stop until SIGCONT. */
    int listen(int tid);

    /** PTRACE_GETEVENTMSG, or the negative error number. */
    long eventMessage(int tid);

    /** Fills {@code stop}; EINVAL if the tracee is in no syscall or seccomp stop. At an exit-stop it holds the result alone. */
    int syscallInfo(int tid, SyscallStop stop);

    /**
     * In a signal-delivery-stop or PTRACE_EVENT_STOP: fills {@code stop} with the registers. Number, arguments and result are those of the call
     * that is just ending, if the signal found the tracee in one.
     */
    int registers(int tid, SyscallStop stop);

    /**
     * In any stop: no signal is delivered but SIGKILL, SIGSTOP and, if it was not blocked before, SIGSYS, which a filter of the tracee's own may
     * send: blocked, it would be deadly. What is pending interrupts calls still, until the tracee has come by its signals.
     *
     * @param former gets the mask as it was, a bit for each signal from 1 on
     */
    int blockSignals(int tid, long[] former);

    /** In any stop. PTRACE_SETSIGMASK. */
    int setSignalMask(int tid, long mask);

    /** In a seccomp-stop, syscall-exit-stop or signal-delivery-stop: sets argument register 0 to 5. */
    int setArgument(int tid, int index, long value);

    /** In the seccomp-stop of an exit or exit_group, also of i386, whose arguments are in other registers: the code it is to end with. */
    int setExitCode(int tid, SyscallStop stop, int code);

    /** In any stop in a call. */
    int setInstructionPointer(int tid, long address);

    /**
     * In any stop at the end of a call: notes that its result is final, as that of a call that waited itself, in a register that a call may change,
     * for who sees {@link #registers} before the tracee goes on. // rcx
     */
    int noteFinal(int tid);

    /**
     * In any stop at the end of a call: notes that a signal interrupted it, where it stays as long as the kernel has the tracee at it, handlers
     * included, and no longer: in flags that any comparison changes, set as none sets them. // rflags
     *
     * @return 0 or a negative error number
     */
    int noteRestart(int tid);

    /** In a seccomp-stop, or any at the end of a call: whether it is one of which that was noted, and that the kernel has made again. */
    boolean isRestart(int tid);

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

    /**
     * SIGKILL by who traces, where kill(2) does nothing: to process 1 of our own process namespace, pid_namespaces(7), and to another user's,
     * if we are root without CAP_KILL. It comes in this stop or, if that is none of a call or signal, in that at the next call, which does
     * not run. For any other, which is dying, the stop is over.
     */
    void killInStop(int tid, WaitEvent stop);

    /**
     * The same to all processes that are traced, and to those that they make meanwhile, heard of or not. Who is not killed by that stops:
     * {@link #killInStop}
     */
    void killAll();
}
