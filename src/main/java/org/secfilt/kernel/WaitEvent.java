package org.secfilt.kernel;

/** What waitid(2) saw of one tracee. Reused from call to call, so that waiting allocates nothing; tracer thread only. */
public final class WaitEvent {
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
}
