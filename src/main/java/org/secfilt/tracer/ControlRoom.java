package org.secfilt.tracer;

import java.util.Arrays;
import org.secfilt.kernel.TraceeMemory;

/** Where a call that is under way may write control messages, in the tracee's memory. */
final class ControlRoom {
    /** What else the kernel puts before the descriptors is shorter: times, credentials, a security label. */
    static final int MOST_BYTES = 16 << 10;

    private static final byte[] CLEAR = new byte[MOST_BYTES];
    private static final byte[] MARK = new byte[MOST_BYTES];

    static {
        Arrays.fill(MARK, (byte) 0xa5);
    }

    private final TraceeMemory memory;
    private final int tid;
    private final long address;
    private final int length;
    /** What stood there, as far as it is kept. */
    private byte[] before = new byte[0];

    /** @param length unsigned; no more than {@link #MOST_BYTES} are looked at */
    ControlRoom(TraceeMemory memory, int tid, long address, long length) {
        this.memory = memory;
        this.tid = tid;
        this.address = address;
        this.length = Long.compareUnsigned(length, MOST_BYTES) < 0 ? (int) length : MOST_BYTES;
    }

    /**
     * Clears it, if it can be written and nothing that the kernel writes later lies in it, be it by the same address or by another one of the
     * same memory.
     *
     * @param later the addresses of such things, 0 for none
     * @return whether it is clear; if not it is as it was
     */
    boolean clear(long[] later, int[] lengths) {
        byte[][] shown = new byte[later.length][];
        for (int i = 0; i < later.length; i++) {
            shown[i] = bytes(later[i], lengths[i]);
        }
        before = bytes(address, length);
        boolean apart = write(MARK);
        for (int i = 0; i < later.length && apart; i++) {
            apart = later[i] == 0 || Arrays.equals(shown[i], bytes(later[i], lengths[i]))
                    && (shown[i].length == lengths[i] || memory.write(tid, later[i] + shown[i].length, CLEAR, 1) != 1);
        }
        if (!write(CLEAR) || !apart) {
            memory.write(tid, address, before, before.length);
            return false;
        }
        return true;
    }

    private boolean write(byte[] text) {
        return memory.write(tid, address, text, length) == length;
    }

    /** As many as can be read; what can be written and not read does not count as apart. */
    private byte[] bytes(long from, int count) {
        byte[] read = new byte[from == 0 ? 0 : count];
        int got = read.length == 0 ? 0 : memory.read(tid, from, read, count);
        return Arrays.copyOf(read, Math.max(got, 0));
    }

    /** Of what stood there. */
    int keptBytes() {
        return before.length;
    }

    /** {@link #putBack} finds zeros then where nothing came. */
    void keepNothing() {
        before = new byte[0];
    }

    /** @param control gets what is there by now, {@link #MOST_BYTES} at most @return the length; -1 if it cannot be read whole */
    int read(byte[] control) {
        return memory.read(tid, address, control, length) == length ? length : -1;
    }

    /**
     * What stood there stands there again, but for the messages that came: programs look for what they put there themselves, to see that nothing
     * came.
     *
     * @param control what was read
     */
    void putBack(byte[] control) {
        if (before.length == length) {
            for (int at = 0; ControlMessages.lengthAt(control, at, length) > 0; at = ControlMessages.next(control, at, length)) {
                System.arraycopy(control, at, before, at, ControlMessages.lengthAt(control, at, length));
            }
            memory.write(tid, address, before, length);
        }
    }
}
