package org.secfilt.kernel.jnr;

import com.kenai.jffi.MemoryIO;
import java.nio.charset.StandardCharsets;

/** Memory outside the Java heap, for structs and buffers that the kernel reads and writes. Never freed: each owner takes it once. */
final class NativeMemory {
    static final MemoryIO IO = MemoryIO.getInstance();
    /** An IPv6 address has 28. */
    private static final int FEW = 32;

    private NativeMemory() {}

    static long allocate(int lengthBytes) {
        long address = IO.allocateMemory(lengthBytes, true);
        if (address == 0) {
            throw new OutOfMemoryError("malloc(" + lengthBytes + ")");
        }
        return address;
    }

    /** A path or name as the C library takes it, in fresh memory. */
    static long string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long address = allocate(bytes.length + 1);
        IO.putByteArray(address, bytes, 0, bytes.length);
        return address;
    }

    /** The first bytes of what is there. An address is a few bytes, which are copied sooner than the copying of many is begun. */
    static void get(long address, byte[] into, int length) {
        if (length > FEW) {
            IO.getByteArray(address, into, 0, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            into[i] = IO.getByte(address + i);
        }
    }

    /** The other way. */
    static void put(long address, byte[] from, int length) {
        if (length > FEW) {
            IO.putByteArray(address, from, 0, length);
            return;
        }
        for (int i = 0; i < length; i++) {
            IO.putByte(address + i, from[i]);
        }
    }
}
