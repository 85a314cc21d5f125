package org.secfilt.plan;

import org.secfilt.abi.Arch;

/**
 * Where every tracee maps the vault: 4 MiB at an address whose high word nothing else uses.
 *
 * <p>The high word is part of the filter, which sends calls that could touch the range to the tracer.
 */
public record VaultRange(long address, int lengthBytes) {
    /** A judged name and a message header fit with some control data; see the tracer's slots. */
    private static final int LENGTH_BYTES = 4 << 20;

    public static VaultRange of(Arch arch) {
        // x86-64 has 47 bits of user addresses; aarch64 may have only 39 (arm64 "Memory Layout").
        int highWord = arch == Arch.X86_64 ? 0x2a77 : 0x2a;
        return new VaultRange((long) highWord << 32, LENGTH_BYTES);
    }

    /** The upper 32 bits of every address in the vault. */
    public int highWord() {
        return (int) (address >>> 32);
    }

    public boolean overlaps(long start, long lengthBytes) {
        if (lengthBytes == 0) {
            return false;
        }
        long end = start + lengthBytes;
        boolean wraps = Long.compareUnsigned(end, start) < 0;
        return (wraps || Long.compareUnsigned(end, address) > 0)
                && Long.compareUnsigned(start, address + this.lengthBytes) < 0;
    }
}
