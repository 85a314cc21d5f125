package org.secfilt.abi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@code struct seccomp_data}, the 64 bytes a filter sees of a call. // linux/seccomp.h
 *
 * <pre>
 *   0 int nr    4 u32 arch    8 u64 instruction_pointer    16 u64 args[6]
 * </pre>
 *
 * A filter loads words of 32 bits; on the little-endian machines secfilt knows, the low word comes first.
 */
public final class SeccompData {
    public static final int NR = 0;
    public static final int ARCH = 4;
    public static final int INSTRUCTION_POINTER = 8;
    /** The upper word of the 64 bits, little-endian. */
    public static final int INSTRUCTION_POINTER_HIGH = 12;
    public static final int LENGTH = 64;
    public static final int ARGUMENTS = 6;

    private static final int ARGS = 16;

    private SeccompData() {}

    /** The offset of the low 32 bits of argument 0 to 5. */
    public static int low(int argument) {
        if (argument < 0 || argument >= ARGUMENTS) {
            throw new IllegalArgumentException("a system call has arguments 0 to 5, not " + argument);
        }
        return ARGS + 8 * argument;
    }

    /** The offset of the high 32 bits of argument 0 to 5. */
    public static int high(int argument) {
        return low(argument) + 4;
    }

    /** The struct's bytes, little-endian; arguments that are not given are 0. */
    public static byte[] encode(int nr, int arch, long instructionPointer, long... args) {
        if (args.length > ARGUMENTS) {
            throw new IllegalArgumentException("a system call has 6 arguments, not " + args.length);
        }
        ByteBuffer data = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        data.putInt(NR, nr).putInt(ARCH, arch).putLong(INSTRUCTION_POINTER, instructionPointer);
        for (int i = 0; i < args.length; i++) {
            data.putLong(low(i), args[i]);
        }
        return data.array();
    }
}
