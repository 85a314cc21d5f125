package org.secfilt.kernel;

/** Where and how urgently the calling thread runs: sched_setaffinity(2), sched_setscheduler(2). A refusal costs speed alone, and is ignored. */
public interface Affinity {
    /** Whether {@link #giveWay} does anything, and whether that can be undone. */
    enum Yielding {
        NEVER,
        FOR_GOOD,
        AT_WILL
    }

    /** Runs on this processor only. */
    void pin(int processor);

    /** Runs wherever the thread could run at first. */
    void release();

    Yielding yielding();

    /** Whether there is a processor with nothing to do. */
    boolean idleProcessor();

    /** Only when nobody else wants the processor; the scheduler takes the processor for an idle one. False: as at first. */
    void giveWay(boolean toAnyone);
}
