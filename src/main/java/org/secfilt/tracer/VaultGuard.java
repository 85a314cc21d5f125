package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;

/**
 * Answers the calls that could unmap, replace or make writable a tracee's view of the vault. Their arguments are registers, so a
 * call that is let through cannot change its mind. An mmap(2) that leaves the place to the kernel is given another, or told that this one
 * is taken, whether the vault is there yet or not.
 */
final class VaultGuard {
    // asm-generic/shm.h, linux/mman.h
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    private static final int SHM_REMAP = 040000;
    private static final int MREMAP_FIXED = 2;

    private static final long PAGE_BYTES = 4096;

    private final Ptrace ptrace;
    private final Replies replies;
    private final AddressJudge addresses;
    private final VaultRange range;
    private final boolean resultInFirst;

    VaultGuard(Ptrace ptrace, Replies replies, AddressJudge addresses, VaultRange range, Arch arch) {
        this.ptrace = ptrace;
        this.replies = replies;
        this.addresses = addresses;
        this.range = range;
        this.resultInFirst = arch == Arch.AARCH64; // syscall(2) "Architecture calling conventions"
    }

    /** The call is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        long flags = task.call.argument(3);
        if (!touches(call, task.call)) {
            ptrace.resume(task.tid, 0);
        } else if (call == TracedCall.MMAP && (flags & MAP_FIXED_NOREPLACE) != 0) {
            replies.skip(task, -Errno.EEXIST.number());
        } else if (call == TracedCall.MMAP && (flags & MAP_FIXED) == 0) {
            placeElsewhere(task);
        } else {
            replies.deny(task, call, Optional.empty(), addresses.deny("it would touch secfilt's vault"));
        }
    }

    /** Without the hint. The register is to be as it was when the call has run, but where that is the result's. */
    private void placeElsewhere(Task task) {
        if (ptrace.setArgument(task.tid, 0, 0) < 0) {
            replies.skip(task, -Errno.ENOSYS.number()); // most likely it died; with its hint it must not run
        } else if (resultInFirst) {
            ptrace.resume(task.tid, 0);
        } else {
            task.phase = Task.Phase.PLACING;
            ptrace.resumeToExit(task.tid);
        }
    }

    /** At the exit-stop of a call that was placed elsewhere. */
    void exit(Task task) {
        ptrace.setArgument(task.tid, 0, task.call.argument(0));
    }

    private boolean touches(TracedCall call, SyscallStop stop) {
        return switch (call) {
            // In place it may grow to its new length; moved, it lands at the fifth argument.
            case MREMAP -> overlaps(stop, 0, 1)
                    || overlaps(stop, 0, 2)
                    || (stop.argument(3) & MREMAP_FIXED) != 0 && overlaps(stop, 4, 2);
            // The segment's length is not among the arguments. Without SHM_REMAP it never replaces a mapping, but would take a free place.
            case SHMAT -> stop.argument(1) != 0 && (stop.argument(2) & SHM_REMAP) != 0
                    || range.overlaps(stop.argument(1) & -PAGE_BYTES, PAGE_BYTES);
            case MMAP, MUNMAP, MPROTECT, PKEY_MPROTECT, MADVISE, REMAP_FILE_PAGES -> overlaps(stop, 0, 1);
            case CONNECT, BIND, SENDTO, SENDMSG, SENDMMSG, LISTEN, RECVMSG, RECVMMSG, EXIT, EXIT_GROUP, WAIT4, WAITID, PTRACE,
                    LANDLOCK_RESTRICT_SELF, SOCKET, SETSOCKOPT, PRLIMIT64, SCHED_SETAFFINITY, SCHED_SETSCHEDULER, SCHED_SETPARAM, SCHED_SETATTR,
                    SETPRIORITY, IOPRIO_SET, PERF_EVENT_OPEN, KILL, TKILL, TGKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO, PIDFD_SEND_SIGNAL,
                    FCNTL, IOCTL -> true;
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
