package org.secfilt.tracer;

import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.WaitEvent;

/**
 * How the tracer waits for the next stop, and where. Handling one takes it 5 µs; being woken up on a processor that went idle, 20 µs and
 * more. Three ways, each the fastest somewhere (µs for a judged UDP connect, two virtual processors):
 *
 * <pre>
 *                                                        tracee pinned   tracee free
 *   SLEEP   wherever the scheduler likes, when idle           90             90
 *   FOLLOW  asleep on the tracee's own processor              19          19 or 90
 *   WATCH   awake, asking again and again for a while         22             32
 * </pre>
 *
 * A tracee that is free is woken up on an idle processor, away from us, unless the scheduler finds the machine too busy to look for
 * one. So which way is best depends on the machine, its load and the tracees' own affinity (which is never touched), and nothing is
 * guessed: while calls come thick and fast both are tried for some calls, and the faster one is kept for some thousands, until it gets
 * slower or a new trial is due. When calls come rarely the tracer sleeps, and costs nothing.
 */
final class Waiting {
    private enum Way {
        SLEEP,
        FOLLOW,
        WATCH
    }

    /** Calls further apart than this are rare. */
    private static final long RARE_NANOS = 300_000;
    /** So many calls in quick succession are worth a trial. */
    private static final int HABIT = 16;
    /** Calls of a trial that are not timed: tracer and tracee move first. */
    private static final int SETTLING = 6;
    private static final int TIMED = 16;
    /** After so many calls the way is looked at again: is it as fast as in its trial, and where is the tracee? */
    private static final int CHUNK = 64;
    /** A trial is due after so many chunks; twice as many each time the same way wins, up to the greater number. */
    private static final int FEWEST_CHUNKS = 32;
    private static final int MOST_CHUNKS = 1024;
    /** Slower than in its trial by this factor: something has changed. */
    private static final int SLOWER = 2;
    /** waitid(2) that finds nothing takes 0.4 µs: 40 µs, more than a call and its stop take on the other processor. */
    private static final int POLLS = 100;

    private final Ptrace ptrace;
    private final Affinity affinity;
    private final Tracees tracees;

    private Way way = Way.SLEEP;
    private Way favourite = Way.SLEEP;
    private int pinned = -1;
    /** Of the current trial, by {@link Way#ordinal}: nanoseconds for {@link #TIMED} calls. */
    private final long[] trial = new long[Way.values().length];
    /** A trial is going on; otherwise a habit is being counted, or the favourite is at work. */
    private boolean trying;
    private boolean chosen;
    /** Calls until the next decision. */
    private int left = HABIT;
    private int chunks;
    private int fewestChunks = FEWEST_CHUNKS;
    private int misses;
    private long begin;
    private long last;

    Waiting(Ptrace ptrace, Affinity affinity, Tracees tracees) {
        this.ptrace = ptrace;
        this.affinity = affinity;
        this.tracees = tracees;
    }

    /** {@link Ptrace#await}, in the way that is the fastest now. */
    int await(WaitEvent event) {
        if (way == Way.WATCH) {
            for (int i = 0; i < POLLS; i++) {
                if (ptrace.poll(event)) {
                    return 0;
                }
            }
            misses++;
        }
        return ptrace.await(event);
    }

    /** A judged call has stopped; called before the tracee goes on. */
    void judging(int tid) {
        long now = System.nanoTime();
        if (now - last > RARE_NANOS) {
            rest();
            last = now;
            return;
        }
        last = now;
        left--;
        if (trying && left == TIMED) {
            begin = now;
        } else if (left == 0) {
            decide(tid, now);
        }
    }

    /** Calls are rare now. */
    private void rest() {
        enter(Way.SLEEP, -1);
        trying = false;
        chosen = false;
        left = HABIT;
        fewestChunks = FEWEST_CHUNKS;
    }

    private void decide(int tid, long now) {
        if (trying) {
            trial[way.ordinal()] = now - begin;
            if (way == Way.WATCH) {
                choose(tid, now);
            } else {
                attempt(Way.WATCH, tid);
            }
        } else if (chosen && --chunks > 0 && holds(now)) {
            if (way == Way.FOLLOW) {
                enter(Way.FOLLOW, tid); // the scheduler may have moved the tracee
            }
            chunk(now);
        } else {
            trying = true;
            attempt(Way.FOLLOW, tid);
        }
    }

    private void attempt(Way next, int tid) {
        enter(next, tid);
        left = SETTLING + TIMED;
    }

    private void choose(int tid, long now) {
        Way best = trial[Way.WATCH.ordinal()] < trial[Way.FOLLOW.ordinal()] ? Way.WATCH : Way.FOLLOW;
        fewestChunks = best == favourite ? Math.min(2 * fewestChunks, MOST_CHUNKS) : FEWEST_CHUNKS;
        favourite = best;
        chunks = fewestChunks;
        trying = false;
        chosen = true;
        enter(best, tid);
        chunk(now);
    }

    private void chunk(long now) {
        begin = now;
        left = CHUNK;
        misses = 0;
    }

    /** Whether the favourite still is as fast as it was, and does not watch in vain between any two calls. */
    private boolean holds(long now) {
        return (now - begin) / CHUNK <= SLOWER * trial[way.ordinal()] / TIMED && misses < CHUNK;
    }

    private void enter(Way next, int tid) {
        int processor = next == Way.FOLLOW ? tracees.processor(tid) : -1;
        if (processor != pinned) {
            if (processor >= 0) {
                affinity.pin(processor);
            } else {
                affinity.release();
            }
            pinned = processor;
        }
        way = next;
    }
}
