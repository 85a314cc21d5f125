package org.secfilt.tracer;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeMemory;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.VaultRange;

/**
 * Brings the vault into an address space, at the first judged call made there. A process that never talks to the network never pays.
 *
 * <p>At the seccomp-stop of the judged call another call takes its place, three times; after each the judged call is wound back and
 * stops again:
 *
 * <pre>
 *   vault call   {@link VaultRange#CALL}: the supervisor answers it with a read-only descriptor of the sealed memfd
 *   mmap         at the vault's address, MAP_FIXED_NOREPLACE: nothing of the tracee's is ever replaced
 *   close        of the descriptor
 * </pre>
 *
 * The tracee's other threads can do what they like with the descriptor meanwhile: the memfd was sealed before, and what stands at the
 * vault's address is looked up in /proc/PID/maps before it is trusted. A signal between two of them runs its handler first; its own
 * judged calls go on from where this task stands. But the SIGSYS of a filter of its own that traps one of them (SECCOMP_RET_TRAP) it does
 * not get: the handler would set the result of a call that it never made, and what it sets would be the number of the one that is wound back.
 */
final class VaultMapping {
    /** What a judged call has to do next. */
    enum Step {
        /** The vault is there. */
        READY,
        /** A call was put in the judged one's place: resume to its exit. */
        INJECTED,
        /** It cannot be had: deny. {@link Task#vaultFailure} says why. */
        FAILED
    }

    // sys/mman.h
    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;
    private static final int MAP_FIXED_NOREPLACE = 0x100000;

    private static final int MOST_ERRORS = 4095; // linux/err.h MAX_ERRNO
    private static final String OWN_FILTER = "a filter of the process's own stands before it";
    /** So often in sequence a signal interrupts the vault call, at most: else it is a filter of the tracee's own that says so. */
    private static final int MOST_INTERRUPTIONS = 64;

    /** So often in sequence another thread closes the descriptor first, or puts its own there, as with close_range(2) over all it does not know. */
    private static final int MOST_LOSSES = 4096;

    private final Ptrace ptrace;
    private final TraceeMemory memory;
    private final ExecStops execs;
    private final Vault vault;
    private final VaultRange range;
    private final int vaultCall;
    private final int mmap;
    private final int close;
    private final SyscallStop exit = new SyscallStop();

    VaultMapping(Ptrace ptrace, TraceeMemory memory, ExecStops execs, Vault vault, VaultRange range, Arch arch) {
        this.ptrace = ptrace;
        this.memory = memory;
        this.execs = execs;
        this.vault = vault;
        this.range = range;
        this.vaultCall = arch.syscalls().nr(VaultRange.CALL);
        this.mmap = arch.syscalls().nr("mmap");
        this.close = arch.syscalls().nr("close");
    }

    /** At the seccomp-stop of an allowed call, saved in {@code task.call}. */
    Step advance(Task task) {
        if (task.vaultFd != Task.NONE && !vault.isOf(task.tid, task.vaultFd)) {
            lost(task);
        }
        if (task.vaultFd != Task.NONE) {
            return task.mapped || !task.vaultFailure.isEmpty() ? injectClose(task) : injectMap(task);
        }
        if (!task.vaultFailure.isEmpty()) {
            return Step.FAILED;
        }
        if (task.mapped) {
            task.losses = 0;
            return Step.READY;
        }
        int there = look(task);
        if (there == 0) {
            return injectVaultCall(task);
        }
        task.mapped = there == 1;
        if (!task.mapped) {
            task.vaultFailure = "its address space has no room for secfilt's vault, or cannot be seen";
        }
        return task.mapped ? Step.READY : Step.FAILED;
    }

    /** As {@link TraceeMemory#vaultMapping}, and an execve that takes it away will be told of. */
    private int look(Task task) {
        return execs.need(task.tid) ? memory.vaultMapping(task.tid, vault) : -Errno.ESRCH.number();
    }

    private Step injectVaultCall(Task task) {
        vault.expect(task.tid);
        task.phase = Task.Phase.ASKING;
        ptrace.setNumber(task.tid, vaultCall);
        ptrace.setArgument(task.tid, 0, range.address());
        ptrace.setArgument(task.tid, 1, 0);
        return Step.INJECTED;
    }

    private Step injectMap(Task task) {
        task.phase = Task.Phase.MAPPING;
        ptrace.setNumber(task.tid, mmap);
        ptrace.setArgument(task.tid, 0, range.address());
        ptrace.setArgument(task.tid, 1, range.lengthBytes());
        ptrace.setArgument(task.tid, 2, PROT_READ);
        ptrace.setArgument(task.tid, 3, MAP_SHARED | MAP_FIXED_NOREPLACE);
        ptrace.setArgument(task.tid, 4, task.vaultFd);
        ptrace.setArgument(task.tid, 5, 0);
        return Step.INJECTED;
    }

    private Step injectClose(Task task) {
        task.phase = Task.Phase.CLOSING;
        ptrace.setNumber(task.tid, close);
        ptrace.setArgument(task.tid, 0, task.vaultFd);
        return Step.INJECTED;
    }

    /** The task died or became another program: its vault call must not be answered to whoever gets its number next. */
    void abandon(Task task) {
        if (task.phase == Task.Phase.ASKING) {
            vault.forget(task.tid);
        }
    }

    /** At the syscall-exit-stop of an injected call: takes its result and winds back to the judged one. */
    void finish(Task task) {
        Task.Phase phase = task.phase;
        task.phase = Task.Phase.RUNNING;
        int given = phase == Task.Phase.ASKING ? vault.forget(task.tid) : Task.NONE;
        if (ptrace.syscallInfo(task.tid, exit) < 0) {
            return; // it died, or is about to
        }
        long result = exit.result();
        task.trapped = given == Task.NONE && result == number(phase); // the kernel has put it back // kernel/seccomp.c syscall_rollback()
        switch (phase) {
            case ASKING -> asked(task, result, given);
            case MAPPING -> {
                // Also when mmap failed: another thread may have brought it meanwhile.
                task.mapped = look(task) == 1;
                if (!task.mapped && result == -Errno.EBADF.number()) {
                    lost(task);
                } else if (!task.mapped) {
                    task.losses = 0;
                    task.vaultFailure = "secfilt's vault could not be mapped: " + (task.trapped ? OWN_FILTER : answer(result));
                }
            }
            case CLOSING -> task.vaultFd = Task.NONE;
            case RUNNING, IN_CALL, RECEIVING, LISTENING, RESTRICTING, PLACING, NAMING, SIGNALLING, REPLACED, REMAKING, ASKED, RESUMING, RESUMED ->
                throw new IllegalStateException("no injected call in phase " + phase);
        }
        ptrace.rewind(task.tid, task.call);
    }

    /** What has the number by now, if anything, is neither ours to map nor to close. */
    private static void lost(Task task) {
        task.vaultFd = Task.NONE;
        if (!task.mapped && task.vaultFailure.isEmpty() && task.losses++ >= MOST_LOSSES) {
            task.losses = 0;
            task.vaultFailure = "secfilt's vault could not be mapped: other threads close its descriptor each time";
        }
    }

    /** A filter of the tracee's own may have answered in our place, whatever it likes. */
    private static void asked(Task task, long result, int given) {
        boolean interrupted = given == Task.NONE && (result == -Errno.EINTR.number() || result <= Ptrace.ERESTARTSYS && result >= -MOST_ERRORS);
        if (interrupted && task.interruptions++ < MOST_INTERRUPTIONS) {
            return; // the judged call is made again, and asks again, after the signal's handler
        }
        task.interruptions = 0;
        task.vaultFd = given;
        if (given == Task.NONE) {
            task.vaultFailure = "secfilt's vault could not be handed over: "
                    + (result < 0 && result >= -MOST_ERRORS ? Errno.of((int) -result).toString() : OWN_FILTER);
        }
    }

    /** Of the call that was injected: none of the three returns it, but for a descriptor of the vault. */
    private int number(Task.Phase phase) {
        return phase == Task.Phase.ASKING ? vaultCall : phase == Task.Phase.MAPPING ? mmap : close;
    }

    private static String answer(long result) {
        return result < 0 ? Errno.of((int) -result).toString() : "another mapping is in its place";
    }
}
