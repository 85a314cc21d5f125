package org.secfilt.kernel.jnr;

import com.kenai.jffi.MemoryIO;

/** Memory outside the Java heap, for structs and buffers that the kernel reads and writes. Never freed: each owner takes it once. */
final class NativeMemory {
    static final MemoryIO IO = MemoryIO.getInstance();

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
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        long address = allocate(bytes.length + 1);
        IO.putByteArray(address, bytes, 0, bytes.length);
        return address;
    }
}
