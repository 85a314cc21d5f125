package org.secfilt.tracer;

import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.Tracees;

/**
 * Which execve(2) is to stop. What is known of a task that a new program makes untrue is that it has the vault, or takes its process's number, if it is
 * another thread than the first; the execve of all others passes, and saves one of the five stops that it takes to start a program. Tracees are made with
 * the options of who made them, so each is given its own at its first stop.
 */
final class ExecStops {
    private final Ptrace ptrace;
    private final Tracees tracees;
    private final int options;

    /** @param options of PTRACE_SETOPTIONS, for all */
    ExecStops(Ptrace ptrace, Tracees tracees, int options) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.options = options;
    }

    /** At the first stop of a thread, of which nothing else is known. */
    void begin(int tid) {
        ptrace.setOptions(tid, tracees.isProcess(tid) ? options : options | Ptrace.PTRACE_O_TRACEEXEC);
    }

    /** From this stop on there is something to know. @return false if it died */
    boolean need(int tid) {
        return ptrace.setOptions(tid, options | Ptrace.PTRACE_O_TRACEEXEC) == 0;
    }
}
