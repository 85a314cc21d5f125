package org.secfilt.sandbox;

import org.secfilt.abi.ByteString;

/** What a file begins with that the kernel would not execute: shells run it as their script, unless it is a binary file. */
final class Beginning {
    /** As much as bash looks at. */
    static final int BYTES = 80;
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'}; // elf.h

    private final byte[] bytes;

    private Beginning(byte[] bytes) {
        this.bytes = bytes;
    }

    static Beginning of(byte[] bytes) {
        return new Beginning(bytes);
    }

    /** An executable file of some machine, or a zero byte in the first line. */
    boolean isBinary() {
        if (ByteString.of(bytes).startsWith(ByteString.of(ELF))) {
            return true;
        }
        for (byte b : bytes) {
            if (b == 0 || b == '\n') {
                return b == 0;
            }
        }
        return false;
    }
}
