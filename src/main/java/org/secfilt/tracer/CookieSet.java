package org.secfilt.tracer;

/**
 * Sockets by their cookies ({@link org.secfilt.kernel.SocketCopy#cookie}), as a Bloom filter: it never forgets one, and in doubt has others too, of
 * a million added 1 in 6000, of four millions 1 in 50. // Bloom, "Space/time trade-offs in hash coding with allowable errors"
 */
final class CookieSet {
    /** 4 MiB, once there is anything to note. */
    private static final int BITS = 25;
    private static final int HASHES = 4;
    /** Of the golden ratio: neighbours lie apart. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private long[] words = {};

    boolean has(long cookie) {
        boolean all = words.length > 0;
        for (int hash = 1; all && hash <= HASHES; hash++) {
            long bit = bit(cookie, hash);
            all = (words[(int) (bit / Long.SIZE)] & 1L << bit) != 0;
        }
        return all;
    }

    void add(long cookie) {
        if (words.length == 0) {
            words = new long[(1 << BITS) / Long.SIZE];
        }
        for (int hash = 1; hash <= HASHES; hash++) {
            long bit = bit(cookie, hash);
            words[(int) (bit / Long.SIZE)] |= 1L << bit;
        }
    }

    private static long bit(long cookie, int hash) {
        long mixed = cookie * SPREAD;
        mixed = (mixed ^ mixed >>> 32) * (SPREAD + 2 * hash); // odd still
        return mixed >>> Long.SIZE - BITS;
    }
}
