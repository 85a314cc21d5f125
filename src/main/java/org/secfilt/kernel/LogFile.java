package org.secfilt.kernel;

/** An open file that lines are appended to, and that may take none: full, or a pipe that nobody reads. Any one thread. */
public interface LogFile {
    /**
     * Writes as much as the file takes at once, having waited for it no longer than this.
     *
     * @param from the first byte to write; all behind it are to be written too
     * @return how many bytes it took, 0 for none in that time, or a negative error number
     */
    int write(byte[] bytes, int from, int patienceMillis);

    /** Whether its last name was removed since it was opened by that: nobody will find what it takes. */
    default boolean isRemoved() {
        return false;
    }
}
