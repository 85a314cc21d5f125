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

    /** It is open no more: nothing is written until {@link #takeAgain}. By any thread, at any time. */
    default void letGo() {}

    /** Opens it again, by the same name. What fails is told by {@link #write}. As {@link #letGo}. */
    default void takeAgain() {}

    /** Whether half a line stands at its end, as a full disk or a killed run leaves it. False where that cannot be read. */
    default boolean endsInMidLine() {
        return false;
    }

    /** Whether its last name was removed since it was opened by that: nobody will find what it takes. */
    default boolean isRemoved() {
        return false;
    }

    /** Whether it is there yet and by none of its names, since its file system was unmounted, or another was mounted over it. */
    default boolean isOutOfReach() {
        return false;
    }
}
