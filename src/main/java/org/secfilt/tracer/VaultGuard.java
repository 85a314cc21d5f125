package org.secfilt.tracer;

import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;

/**
 * Judges the calls that could unmap, replace or make writable a tracee's view of the vault. Their arguments are registers, so a
 * call that is let through cannot change its mind.
 */
final class VaultGuard {
    // asm-generic/shm.h, linux/mman.h
    private static final int SHM_REMAP = 040000;
    private static final int MREMAP_FIXED = 2;

    private static final long PAGE_BYTES = 4096;

    private final VaultRange range;

    VaultGuard(VaultRange range) {
        this.range = range;
    }

    boolean touches(TracedCall call, SyscallStop stop) {
        return switch (call) {
            // In place it may grow to its new length; moved, it lands at the fifth argument.
            case MREMAP -> overlaps(stop, 0, 1)
                    || overlaps(stop, 0, 2)
                    || (stop.argument(3) & MREMAP_FIXED) != 0 && overlaps(stop, 4, 2);
            // The segment's length is not among the arguments. Without SHM_REMAP it never replaces a mapping, but would take a free place.
            case SHMAT -> stop.argument(1) != 0 && (stop.argument(2) & SHM_REMAP) != 0
                    || range.overlaps(stop.argument(1) & -PAGE_BYTES, PAGE_BYTES);
            case MMAP, MUNMAP, MPROTECT, PKEY_MPROTECT, MADVISE, REMAP_FILE_PAGES -> overlaps(stop, 0, 1);
            case CONNECT, BIND, SENDTO, SENDMSG, SENDMMSG, LISTEN, RECVMSG, RECVMMSG, EXIT, EXIT_GROUP, WAIT4, WAITID, PTRACE, LANDLOCK_RESTRICT_SELF, SOCKET,
                    PRLIMIT64, SCHED_SETAFFINITY, SCHED_SETSCHEDULER, SCHED_SETPARAM, SCHED_SETATTR, SETPRIORITY, IOPRIO_SET -> true;
        };
    }

    /** From the page of the start to the page of the end, as the kernel rounds; a range that wraps reaches the end of memory. */
    private boolean overlaps(SyscallStop stop, int start, int length) {
        long bytes = stop.argument(length);
        long from = stop.argument(start) & -PAGE_BYTES;
        long end = stop.argument(start) + bytes + PAGE_BYTES - 1 & -PAGE_BYTES;
        if (bytes == 0) {
            return false;
        }
        boolean wraps = Long.compareUnsigned(bytes, -PAGE_BYTES) >= 0 || Long.compareUnsigned(end, from) <= 0;
        return range.overlaps(from, wraps ? -1 - from : end - from);
    }
}
