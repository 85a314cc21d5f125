package org.secfilt.tracer;

/** Sockets by their cookies ({@link org.secfilt.kernel.SocketCopy#cookie}), which are never 0; eight to sixteen bytes each. */
final class CookieSet {
    /** With 2 MiB it is full, and has them all: in doubt, refuse. A run does not come to that in a day. */
    private static final int MOST = 1 << 18;
    private static final int FIRST_BITS = 6;
    /** Of the golden ratio: neighbours lie apart. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private int bits = FIRST_BITS;
    private long[] slots = new long[1 << FIRST_BITS];
    private int size;

    boolean has(long cookie) {
        return size >= MOST || slots[at(slots, bits, cookie)] == cookie;
    }

    void add(long cookie) {
        if (has(cookie)) {
            return;
        }
        if (size >= slots.length / 2) {
            long[] wider = new long[slots.length * 2];
            for (long one : slots) {
                if (one != 0) {
                    wider[at(wider, bits + 1, one)] = one;
                }
            }
            slots = wider;
            bits++;
        }
        slots[at(slots, bits, cookie)] = cookie;
        size++;
    }

    /** Where it is, or would be. */
    private static int at(long[] slots, int bits, long cookie) {
        int at = (int) (cookie * SPREAD >>> Long.SIZE - bits);
        while (slots[at] != 0 && slots[at] != cookie) {
            at = at + 1 & slots.length - 1;
        }
        return at;
    }
}
