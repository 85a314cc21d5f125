package org.secfilt.tracer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Sockets by their cookies ({@link org.secfilt.kernel.SocketCopy#cookie}), as Bloom filters: it never forgets one, and in doubt has others too, of a
 * million added 1 in 6000, of four millions 1 in 450, of ten 1 in 30. So who asks it must refuse what it has. // Bloom, "Space/time trade-offs in
 * hash coding with allowable errors"
 */
final class CookieSet {
    /** 4 MiB each, once there is anything to note; outside of the heap, which is small. */
    private static final int BITS = 25;
    private static final int MOST_FILTERS = 3;
    private static final int FULL = 1 << 20;
    private static final int HASHES = 4;
    /** Of the golden ratio: neighbours lie apart. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final List<LongBuffer> filters = new ArrayList<>();
    private long added;

    boolean has(long cookie) {
        for (LongBuffer filter : filters) {
            if (has(filter, cookie)) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(LongBuffer filter, long cookie) {
        boolean all = true;
        for (int hash = 1; all && hash <= HASHES; hash++) {
            long bit = bit(cookie, hash);
            all = (filter.get((int) (bit / Long.SIZE)) & 1L << bit) != 0;
        }
        return all;
    }

    /** To one filter after the other, of which the first is used again when each is full. */
    void add(long cookie) {
        int at = (int) (added++ / FULL % MOST_FILTERS);
        if (at == filters.size()) {
            filters.add(ByteBuffer.allocateDirect((1 << BITS) / Byte.SIZE).order(ByteOrder.nativeOrder()).asLongBuffer());
        }
        LongBuffer filter = filters.get(at);
        for (int hash = 1; hash <= HASHES; hash++) {
            long bit = bit(cookie, hash);
            int word = (int) (bit / Long.SIZE);
            filter.put(word, filter.get(word) | 1L << bit);
        }
    }

    private static long bit(long cookie, int hash) {
        long mixed = cookie * SPREAD;
        mixed = (mixed ^ mixed >>> 32) * (SPREAD + 2 * hash); // odd still
        return mixed >>> Long.SIZE - BITS;
    }
}
