package org.secfilt.kernel;

/** What waitid(2) saw of one tracee. Reused from call to call, so that waiting allocates nothing; tracer thread only. */
public final class WaitEvent {
    // asm-generic/signal.h
    private static final int SIGTRAP = 5;
    private static final int SIGSTOP = 19;
    private static final int SIGTTOU = 22;
    /** PTRACE_O_TRACESYSGOOD. */
    private static final int SYSCALL_STOP = SIGTRAP | 0x80;

    private int tid;
    private boolean ended;
    private boolean killed;
    private int status;

    public void set(int tid, boolean ended, int status) {
        set(tid, ended, false, status);
    }

    public void set(int tid, boolean ended, boolean killed, int status) {
        this.tid = tid;
        this.ended = ended;
        this.killed = killed;
        this.status = status;
    }

    public int tid() {
        return tid;
    }

    /** True if the tracee is a zombie, not yet reaped: nobody else has learnt of its end. */
    public boolean ended() {
        return ended;
    }

    /** Of a tracee that ended: by a signal, not by an exit code of its own. */
    public boolean killed() {
        return killed;
    }

    /** The exit code of a tracee that ended and was not killed. */
    public int exitCode() {
        return status;
    }

    /** The stop's signal; bit 7 set for a syscall-stop (PTRACE_O_TRACESYSGOOD). Of a death by signal: that signal. */
    public int signal() {
        return status & 0xff;
    }

    /** PTRACE_EVENT_*, or 0. */
    public int event() {
        return status >>> 8;
    }

    /** At a call's beginning or end; any other stop without an event is that of a signal on its way. ptrace(2) "Syscall-stops" */
    public boolean isSyscallStop() {
        return status == SYSCALL_STOP;
    }

    /**
     * A PTRACE_EVENT_STOP by a signal that stops; any other is a tracee's first, the end of a group-stop, or was asked for. ptrace(2)
     * "Group-stop"
     */
    public boolean isGroupStop() {
        return event() == Ptrace.PTRACE_EVENT_STOP && signal() >= SIGSTOP && signal() <= SIGTTOU;
    }
}
