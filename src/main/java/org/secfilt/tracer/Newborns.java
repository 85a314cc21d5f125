package org.secfilt.tracer;

import java.util.HashSet;
import java.util.Set;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.WaitEvent;

/**
 * Threads that were made and stand in their first stop, or are on the way to it. Memory that the tracer is to read may wait for one of them
 * (userfaultfd(2)): they are let go first. What a thread does later cannot be had so; README, "A command that stalls itself".
 */
final class Newborns {
    private static final int SIGTRAP = 5; // asm-generic/signal.h

    private final Ptrace ptrace;
    private final Tasks tasks;
    private final ExecStops execs;
    private final Set<Integer> tids = new HashSet<>();
    private final WaitEvent first = new WaitEvent();

    /** @param tasks is told of those that are let go */
    Newborns(Ptrace ptrace, Tasks tasks, ExecStops execs) {
        this.ptrace = ptrace;
        this.tasks = tasks;
        this.execs = execs;
    }

    /** At the PTRACE_EVENT_CLONE of another, and nothing was heard of this one so far. */
    void made(int tid) {
        tids.add(tid);
    }

    /** It has stopped or ended, and that is being answered. */
    void seen(int tid) {
        if (!tids.isEmpty()) {
            tids.remove(tid);
        }
    }

    /** Those that end, or stop otherwise, are seen in their turn. */
    void letGo() {
        if (tids.isEmpty()) {
            return;
        }
        for (int tid : tids) {
            if (ptrace.awaitBriefly(tid, first) && !first.ended() && first.event() == Ptrace.PTRACE_EVENT_STOP && first.signal() == SIGTRAP) {
                tasks.of(tid).known = true; // so that the next one with its number is not taken for it
                execs.begin(tid);
                ptrace.resume(tid, 0);
            }
        }
        tids.clear();
    }
}
