package org.secfilt.kernel.jnr;

/**
 * Which calls had better not be made, for those before them took long: whoever makes them waits, and all that wait for him. Each that takes long
 * spares twice as many; those that do not, in number, spare half as many again, for a call may take long on a busy machine without waiting.
 */
final class SlowCalls {
    /** A connect that waits for nothing takes 10 µs. */
    static final long NANOS = 1_000_000;
    static final int FEWEST_SPARED = 64;
    static final int MOST_SPARED = 1 << 16;
    /** So many calls in a row that did not take long. */
    static final int QUICK = 1024;

    private int left;
    private int sparing = FEWEST_SPARED;
    private int quick;

    /** To be asked before each call. */
    boolean isSpared() {
        if (left == 0) {
            return false;
        }
        left--;
        return true;
    }

    /** Of a call that was made. */
    void took(long nanos) {
        if (nanos > NANOS) {
            left = sparing;
            sparing = Math.min(2 * sparing, MOST_SPARED);
            quick = 0;
        } else if (sparing > FEWEST_SPARED && ++quick == QUICK) {
            sparing /= 2;
            quick = 0;
        }
    }
}
