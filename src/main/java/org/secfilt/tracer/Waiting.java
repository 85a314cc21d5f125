package org.secfilt.tracer;

import java.util.function.LongSupplier;
import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.WaitEvent;

/**
 * How the tracer waits for the next stop, and where. Handling one takes it 5 µs; being woken up on a processor that went idle, 20 µs and
 * more. Three ways, each the fastest somewhere (µs for a judged UDP connect, two virtual processors):
 *
 * <pre>
 *                                                        tracee pinned   tracee free
 *   SLEEP   wherever the scheduler likes, when idle           90             90
 *   FOLLOW  asleep on the tracee's own processor              10          10 or 90
 *           the same, giving way to anyone                    10             14
 *   WATCH   awake, asking again and again for a while         22             32
 * </pre>
 *
 * A tracee that is free is woken up on an idle processor, away from us, unless there is none or we give way: then ours is taken for
 * idle. On a busy machine giving way would have others keep us waiting. So we follow, and give way while a processor is idle.
 *
 * <p>Where giving way is not possible, which way is best depends on the machine, its load and the tracees' own affinity (which is never
 * touched), and nothing is guessed: while calls come thick and fast both are tried for some calls, and the faster one is kept for some
 * thousands, until it gets slower or a new trial is due.
 *
 * <p>When calls come rarely the tracer sleeps, and costs nothing.
 */
final class Waiting {
    private enum Way {
        SLEEP,
        FOLLOW,
        WATCH
    }

    /** Calls further apart than this are rare. */
    private static final long RARE_NANOS = 10_000_000;
    /** Between calls as far apart as this the tracee did something else: what was being timed is void. */
    private static final long PAUSE_NANOS = 300_000;
    /** So many pauses in a row: nothing is thick and fast any more. */
    private static final int MOST_PAUSES = 64;
    /** So many stops with no judged call among them: nor is it here. */
    private static final int MOST_OTHER_STOPS = 16;
    /** A call that takes longer than this may have moved to another processor. */
    private static final long STRAY_NANOS = 40_000;
    /** So may one that takes longer than this and is not seen at once by a tracer that gives way. */
    private static final long AWAY_NANOS = 20_000;
    /** To look costs some 20 µs; each call that the tracee makes elsewhere meanwhile costs five times that. */
    private static final int MOST_PATIENCE = 4;
    /** An answer takes 10 µs, or it had to wait for something. */
    private static final long LONG_NANOS = 500_000;
    /** By so many percent watching must be faster to be chosen: it takes a processor. */
    private static final int WATCHING_PAYS_PERCENT = 20;
    /** Giving way that cannot be undone is begun when a processor was idle at so many looks in a row. */
    private static final int IDLES_FOR_GOOD = 16;
    /** No processor idle at so many looks in a row: giving way has become dear. */
    private static final int BUSY = 3;
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
    private final TraceeStatus status;
    private final LongSupplier clock;

    private Way way = Way.SLEEP;
    private Way favourite = Way.SLEEP;
    private int pinned = -1;
    private boolean givingWay;
    private int idles;
    private int busies;

    /** Of the current trial, by {@link Way#ordinal}: nanoseconds for {@link #TIMED} calls. */
    private final long[] trial = new long[Way.values().length];
    /** A trial is going on; otherwise a habit is being counted, or the favourite is at work. */
    private boolean trying;
    private boolean chosen;
    /** Calls until the next decision. */
    private int left = HABIT;
    /** Chunks until the next trial. */
    private int chunks;
    private int fewestChunks = FEWEST_CHUNKS;
    private int misses;
    private long begin;

    /** Slow calls since the tracee's processor was looked at, and how many it takes to look again. */
    private int strays;
    private int patience = 1;
    /** While giving way: the last stop had to be waited for, and so had the one before. */
    private boolean slept;
    private boolean sleptBefore;
    /** A call was judged and nobody asked yet how long it took. */
    private boolean judged;
    private long answering;
    private int pauses;
    private int otherStops;
    private long last;

    Waiting(Ptrace ptrace, Affinity affinity, TraceeStatus status) {
        this(ptrace, affinity, status, new LongSupplier() { // no lambda: it would cost a start more
            @Override
            public long getAsLong() {
                return System.nanoTime();
            }
        });
    }

    Waiting(Ptrace ptrace, Affinity affinity, TraceeStatus status, LongSupplier clock) {
        this.ptrace = ptrace;
        this.affinity = affinity;
        this.status = status;
        this.clock = clock;
    }

    /** {@link Ptrace#await}, in the way that is the fastest now. */
    int await(WaitEvent event) {
        if (way != Way.SLEEP && ++otherStops > MOST_OTHER_STOPS) {
            rest();
        }
        if (way == Way.WATCH) {
            for (int i = 0; i < POLLS; i++) {
                if (ptrace.poll(event)) {
                    return 0;
                }
            }
            misses++;
        }
        if (givingWay) {
            // It ran in our place, so there it stands when we go on; or else it is elsewhere, or has to wait for something.
            sleptBefore = slept;
            slept = !ptrace.poll(event);
            if (!slept) {
                return 0;
            }
        }
        return ptrace.await(event);
    }

    /** Whether answering the stop since {@link #judging} took so long that others may have been kept waiting; asked once. */
    boolean tookLong() {
        boolean asked = judged;
        judged = false;
        return asked && clock.getAsLong() - answering > LONG_NANOS;
    }

    /** A call has stopped that takes long to answer, and tells nothing of how the tracee calls. */
    void answering() {
        judged = true;
        answering = clock.getAsLong();
    }

    /** A judged call has stopped; called before the tracee goes on. */
    void judging(int tid) {
        judged = true;
        long now = clock.getAsLong();
        long gap = now - last;
        last = now;
        answering = now;
        otherStops = 0;
        pauses = gap > PAUSE_NANOS ? pauses + 1 : 0;
        if (gap > RARE_NANOS || pauses > MOST_PAUSES || pauses > 0 && !trying && !chosen) {
            rest();
            return;
        }
        boolean missed = givingWay && slept;
        if (way == Way.FOLLOW && gap > (missed ? AWAY_NANOS : STRAY_NANOS)) {
            strays += missed && !sleptBefore ? MOST_PATIENCE : 1;
            if (strays >= patience) {
                follow(tid);
            }
        }
        if (pauses > 0) {
            again(now);
            return;
        }
        left--;
        if (trying && left == TIMED) {
            begin = now;
        } else if (left == 0) {
            decide(tid, now);
        }
    }

    private void again(long now) {
        if (trying) {
            left = SETTLING + TIMED;
        } else {
            chunk(now);
        }
    }

    /** Calls are rare now. */
    private void rest() {
        enter(Way.SLEEP, Task.NONE);
        idles = 0;
        trying = false;
        chosen = false;
        left = HABIT;
        fewestChunks = FEWEST_CHUNKS;
    }

    private void decide(int tid, long now) {
        if (affinity.yielding() != Affinity.Yielding.NEVER) {
            chosen = true;
            enter(Way.FOLLOW, tid);
            chunk(now);
        } else if (trying) {
            trial[way.ordinal()] = now - begin;
            if (way == Way.WATCH) {
                choose(tid, now);
            } else {
                attempt(Way.WATCH, tid);
            }
        } else if (chosen && --chunks > 0 && holds(now)) {
            enter(way, tid);
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
        long watching = trial[Way.WATCH.ordinal()] * (100 + WATCHING_PAYS_PERCENT) / 100;
        Way best = watching < trial[Way.FOLLOW.ordinal()] ? Way.WATCH : Way.FOLLOW;
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
        way = next;
        if (next == Way.FOLLOW) {
            follow(tid);
            return;
        }
        if (pinned >= 0) {
            affinity.release();
            pinned = -1;
        }
        giveWay(false);
    }

    /** To where the scheduler may have moved the tracee. */
    private void follow(int tid) {
        boolean gaveWay = givingWay;
        int processor = status.processor(tid);
        boolean moved = processor >= 0 && processor != pinned;
        if (moved) {
            affinity.pin(processor);
            pinned = processor;
        }
        if (affinity.yielding() != Affinity.Yielding.NEVER) {
            weighGivingWay();
        }
        patience = moved || givingWay != gaveWay ? 1 : Math.min(2 * patience, MOST_PATIENCE);
        strays = 0;
    }

    private void weighGivingWay() {
        if (affinity.idleProcessor()) {
            busies = 0;
            idles++;
            if (affinity.yielding() == Affinity.Yielding.AT_WILL || idles >= IDLES_FOR_GOOD) {
                giveWay(true);
            }
        } else {
            idles = 0;
            busies++;
            if (busies >= BUSY) {
                giveWay(false);
            }
        }
    }

    private void giveWay(boolean toAnyone) {
        if (givingWay != toAnyone) {
            affinity.giveWay(toAnyone);
            givingWay = toAnyone;
        }
    }
}
