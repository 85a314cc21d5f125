package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.bpf.Opcode;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;

/**
 * Sends to the tracer the calls that could take the vault away from under a judged address, and no others.
 *
 * <p>With {@code a} and {@code l} for the high words of a range's address and length, and the vault at {@code H << 32}, the range
 * can only reach the vault if
 *
 * <pre>{@code
 *   a == H                          it begins there
 *   a < H  and  l >= H              it is longer than the way, be it so long that a + l overflows
 *   a < H  and  a + l >= H - 1      it reaches it, perhaps by the carry of the low words
 * }</pre>
 *
 * A range that begins above and goes round past 2^64 the kernel refuses by itself.
 *
 * <p>These must be RET_TRACE, not RET_ERRNO: the tracer makes such calls itself, by replacing a call at its stop, and seccomp asks
 * the filter again about the replacement; TRACE passes then, ERRNO would not.
 *
 * <p>Other calls that change mappings or what lies beneath them: brk(2) moves the end of its own heap alone as long as prctl(PR_SET_MM) is
 * refused, process_madvise(2) must not say MADV_DONTFORK, and io_destroy(2) finds no ring to unmap: see {@link WaysRound} for the three.
 * mseal(2), mlock(2), mbind(2) keep the contents.
 */
final class VaultCalls {
    private static final int MAP_FIXED = 0x10; // linux/mman.h
    private static final int MREMAP_FIXED_OR_DONTUNMAP = 2 | 4; // linux/mman.h: both look at the new address
    private static final int SHM_REMAP = 040000; // linux/shm.h

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    VaultCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        for (TracedCall call : TracedCall.values()) {
            if (call.guardsVault() && plan.traces(call)) {
                dispatch.add(syscalls.nr(call.syscall()), guard(call), call.syscall() + ": the vault stays");
            }
        }
    }

    private Node guard(TracedCall call) {
        Node trace = actions.trace(call);
        Node allow = actions.allow();
        return switch (call) {
            case MMAP -> mmap(trace, allow);
            case MREMAP -> range(0, 1, trace,
                    assembler.load(SeccompData.low(3),
                            assembler.jump(JumpOp.SET, MREMAP_FIXED_OR_DONTUNMAP, range(4, 2, trace, allow), allow)));
            case SHMAT -> shmat(trace, allow);
            case MUNMAP -> range(0, 1, unlessVaultCall(trace), trace, allow);
            case MPROTECT, PKEY_MPROTECT, MADVISE, REMAP_FILE_PAGES -> range(0, 1, trace, allow);
            case CONNECT, BIND, LISTEN, SENDTO, SENDMSG, SENDMMSG, RECVMSG, RECVMMSG, EXIT, EXIT_GROUP, WAIT4, WAITID, PTRACE,
                    LANDLOCK_RESTRICT_SELF, SOCKET, SETSOCKOPT, PRLIMIT64, SCHED_SETAFFINITY, SCHED_SETSCHEDULER, SCHED_SETPARAM, SCHED_SETATTR,
                    SETPRIORITY, IOPRIO_SET, PERF_EVENT_OPEN, KILL, TKILL, TGKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO, PIDFD_SEND_SIGNAL,
                    FCNTL, IOCTL ->
                    throw new IllegalArgumentException(call + " does not change mappings");
        };
    }

    /**
     * Without MAP_FIXED nothing is replaced, however long the range. But where the vault is not yet, or not any more because a fork
     * raced with its making, nothing else may lie: so no hint into it either.
     */
    private Node mmap(Node trace, Node allow) {
        Node ifFixed = assembler.load(SeccompData.low(3),
                assembler.jump(JumpOp.SET, MAP_FIXED, loadHigh(0, unlessAbove(1, trace, allow)), allow));
        return loadHigh(0, assembler.jump(JumpOp.EQ, plan.vault().highWord(), trace, ifFixed));
    }

    /** The length is the segment's, which no register shows; but only SHM_REMAP replaces what is there. */
    private Node shmat(Node trace, Node allow) {
        return assembler.load(SeccompData.low(2),
                assembler.jump(JumpOp.SET, SHM_REMAP, actions.errno(Errno.EPERM),
                        loadHigh(1, assembler.jump(JumpOp.EQ, plan.vault().highWord(), trace, allow))));
    }

    /** The supervisor's own call for the vault: {@link VaultRange#address} and no length. */
    private Node unlessVaultCall(Node trace) {
        return loadZero(SeccompData.low(0), loadZero(SeccompData.high(1), loadZero(SeccompData.low(1), actions.listener(), trace), trace), trace);
    }

    private Node loadZero(int field, Node zero, Node other) {
        return assembler.load(field, assembler.jump(JumpOp.EQ, 0, zero, other));
    }

    /** The rule of the class comment, for the range of which two arguments are the address and the length. */
    private Node range(int address, int length, Node trace, Node otherwise) {
        return range(address, length, trace, trace, otherwise);
    }

    /** @param there if it begins in the vault */
    private Node range(int address, int length, Node there, Node trace, Node otherwise) {
        return loadHigh(address,
                assembler.jump(JumpOp.EQ, plan.vault().highWord(), there, unlessAbove(length, trace, otherwise)));
    }

    /** The same where A is the address's high word, and is known not to be the vault's. */
    private Node unlessAbove(int length, Node trace, Node otherwise) {
        int high = plan.vault().highWord();
        Node reaches = assembler.step(Opcode.ADD_X, 0, assembler.jump(JumpOp.GE, high - 1, trace, otherwise));
        Node below = assembler.step(Opcode.TAX, 0,
                assembler.load(SeccompData.high(length), assembler.jump(JumpOp.GE, high, trace, reaches)));
        return assembler.jump(JumpOp.GT, high, otherwise, below);
    }

    private Node loadHigh(int address, Node next) {
        int bits = (int) (plan.vault().addressBits() >>> 32);
        return assembler.load(SeccompData.high(address), bits == -1 ? next : assembler.and(bits, next));
    }
}
