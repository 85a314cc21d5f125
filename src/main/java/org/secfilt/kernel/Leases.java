package org.secfilt.kernel;

/**
 * The leases on the files that the supervisor runs, which were taken when it was started: nobody writes to one unheard. fcntl(2) "Leases".
 * Until {@link #watch} the supervisor dies of such a one, without a word.
 */
public interface Leases {
    /** From now on this thread is told when somebody is about to write, and must {@link #await}. */
    void watch();

    /**
     * Waits, by the thread that watches.
     *
     * @return true when somebody waits for leave to write: the supervisor must {@link Supervisor#die}; false after {@link #end}, or where nobody
     *     can be told
     */
    boolean await();

    /** The supervisor is about to end: nobody is to {@link #await} any more. By any thread. */
    void end();
}
