package org.secfilt.plan;

import org.secfilt.abi.Arch;

/**
 * Where every tracee maps the vault: 4 MiB at an address whose high word nothing else uses.
 *
 * <p>The high word is part of the filter, which sends calls that could touch the range to the tracer.
 *
 * @param addressBits the bits of an address that the kernel looks at when it changes mappings. AArch64 always ignores the top byte
 *     there: {@code munmap(0x55 << 56 | V)} unmaps V (arm64 "Tagged address ABI"); x86-64 only after arch_prctl(2), which the
 *     filter refuses
 */
public record VaultRange(long address, int lengthBytes, long addressBits) {
    /**
     * The call by which the supervisor has the vault's descriptor put into a tracee, of {@link #address} and no length, which the kernel refuses to
     * all: the filter answers that with SECCOMP_RET_USER_NOTIF. A filter of the tracee's own, which would refuse a call that it does not know, lets
     * programs free their memory.
     */
    public static final String CALL = "munmap";

    /** A judged name and a message header fit with some control data; see the tracer's slots. */
    private static final int LENGTH_BYTES = 4 << 20;

    public static VaultRange of(Arch arch) {
        // x86-64 has 47 bits of user addresses; aarch64 may have only 39 (arm64 "Memory Layout"). The address is a multiple of the
        // largest huge page (1 GiB; 16 GiB on aarch64), to which the kernel rounds the end of a huge mapping up.
        // On x86-64 it lies in what MSan and DFSan (0x5100..., 0x6000...) and TSan (0x5500..., 0x5680...) leave to programs: all else they
        // map, and fixed. There it is below position-independent programs and their heaps (ELF_ET_DYN_BASE, 0x555555554000, and up), and
        // 42 TiB from where mmap(2) begins: at the stack and down, or with setarch -L at 0x2aaaaaaaa000 and up.
        return arch == Arch.X86_64
                ? new VaultRange(0x552aL << 32, LENGTH_BYTES, -1)
                : new VaultRange(0x30L << 32, LENGTH_BYTES, 0x00ff_ffff_ffff_ffffL);
    }

    /** The upper 32 bits of every address in the vault. */
    public int highWord() {
        return (int) (address >>> 32);
    }

    /**
     * The instruction pointer of a judged call that is to stop for the tracer where the filter has the supervisor notified of such calls. No
     * program runs there; the tracer sets it while the call stands still. One that does all the same is traced, and judged there.
     */
    public long mark() {
        return address;
    }

    /** Whether a call on this range of addresses, as the tracee gave them, would touch the vault. */
    public boolean overlaps(long start, long lengthBytes) {
        if (lengthBytes == 0) {
            return false;
        }
        long first = start & addressBits;
        long end = first + lengthBytes;
        boolean wraps = Long.compareUnsigned(end, first) < 0;
        return (wraps || Long.compareUnsigned(end, address) > 0)
                && Long.compareUnsigned(first, address + this.lengthBytes) < 0;
    }
}
