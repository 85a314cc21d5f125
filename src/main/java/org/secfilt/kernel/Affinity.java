package org.secfilt.kernel;

/** sched_setaffinity(2) of the calling thread. */
public interface Affinity {
    /** Runs on this processor only; a refusal is ignored, it costs speed alone. */
    void pin(int processor);

    /** Runs wherever the thread could run at first. */
    void release();
}
