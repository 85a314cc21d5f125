package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.secfilt.kernel.WaitEvent;

/**
 * The threads that have one table of descriptors, looked at while they do nothing: who looks through a table number by number misses a descriptor
 * that moves to a number that was looked at before, and learns of that by nothing. Most threads wait most of the time; those that do not can be
 * stopped for a moment. ptrace(2), as SIGSTOP would be seen by others, and would last if this process were killed. One thread only, which must be the
 * same.
 *
 * <p>A process that shares the table and is not among those that move is none of these: what it gets hold of is in its own class anyway.
 */
final class TableUsers {
    private static final int PTRACE_DETACH = 17; // linux/ptrace.h
    private static final String SWITCHES = "\nvoluntary_ctxt_switches:";
    private static final String RUNNING = "running";

    private final Proc proc;
    private final JnrPtrace ptrace;
    private final Set<Integer> pids;
    private final int tid;
    private final WaitEvent event = new WaitEvent();
    /** So often each had been switched away from when {@link #note} was asked. */
    private final Map<Integer, String> noted = new HashMap<>();
    /** Those that this process traces. */
    private final List<Integer> held = new ArrayList<>();

    /** @param tid one of them, of any of the processes */
    TableUsers(Proc proc, Patience patience, Set<Integer> pids, int tid) {
        this.proc = proc;
        this.ptrace = new JnrPtrace(proc, patience);
        this.pids = pids;
        this.tid = tid;
    }

    private List<Integer> threads() {
        List<Integer> threads = new ArrayList<>();
        for (int pid : pids) {
            for (int other : Proc.numbers("/proc/" + pid + "/task")) {
                if (other == tid || Pidfd.shareTable(other, tid)) {
                    threads.add(other);
                }
            }
        }
        return threads;
    }

    /** Before the table is looked through. */
    void note() {
        noted.clear();
        for (int thread : threads()) {
            noted.put(thread, switches(thread));
        }
    }

    /**
     * Whether none of them has done anything since {@link #note}: each does not run, for then the kernel tells the call that it waits in, and was not
     * switched away from meanwhile, as it would have been if it had run since. // fs/proc/base.c proc_pid_syscall(), lib/syscall.c
     */
    boolean wereStill() {
        for (int thread : threads()) {
            String call = proc.read(thread, "/syscall");
            String switches = switches(thread);
            if (call.isEmpty() || call.startsWith(RUNNING) || switches.isEmpty() || !switches.equals(noted.remove(thread))) {
                return false;
            }
        }
        return noted.isEmpty();
    }

    /** How often it was, by itself and by others; empty if it is gone. proc_pid_status(5) */
    private String switches(int thread) {
        String status = proc.status(thread);
        int at = status.indexOf(SWITCHES);
        return at < 0 ? "" : status.substring(at);
    }

    /** Stops those that do not stand yet, and may be stopped: whoever is traced already may not. */
    void hold() {
        for (int thread : threads()) {
            if (!held.contains(thread) && ptrace.seize(thread, 0) == 0) {
                held.add(thread);
                ptrace.interrupt(thread);
            }
        }
        for (int thread : held) {
            ptrace.awaitBriefly(thread, event);
        }
    }

    /** A signal that came meanwhile is given back. Who cannot be stopped now, in the kernel, is let go when this process ends. */
    void letGo() {
        for (int thread : held) {
            boolean seen = ptrace.awaitBriefly(thread, event);
            if (seen && event.ended()) {
                ptrace.reap(thread);
            } else {
                Libc.PTRACE.call(PTRACE_DETACH, thread, 0, seen && event.event() == 0 ? event.signal() : 0);
            }
        }
        held.clear();
    }
}
