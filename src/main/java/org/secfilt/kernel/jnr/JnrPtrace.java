package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.WaitEvent;

/** ptrace(2) on x86-64, where single registers can be poked by their offset in {@code struct user}. // sys/user.h */
final class JnrPtrace implements Ptrace {
    // linux/ptrace.h
    private static final int PTRACE_POKEUSER = 6;
    private static final int PTRACE_CONT = 7;
    private static final int PTRACE_GETREGS = 12;
    private static final int PTRACE_SYSCALL = 24;
    private static final int PTRACE_SETOPTIONS = 0x4200;
    private static final int PTRACE_GETEVENTMSG = 0x4201;
    private static final int PTRACE_SEIZE = 0x4206;
    private static final int PTRACE_INTERRUPT = 0x4207;
    private static final int PTRACE_LISTEN = 0x4208;
    private static final int PTRACE_GETSIGMASK = 0x420a;
    private static final int PTRACE_SETSIGMASK = 0x420b;
    private static final int PTRACE_GET_SYSCALL_INFO = 0x420e;
    private static final int PTRACE_SYSCALL_INFO_ENTRY = 1;
    private static final int PTRACE_SYSCALL_INFO_EXIT = 2;
    private static final int PTRACE_SYSCALL_INFO_SECCOMP = 3;
    /** struct ptrace_syscall_info: op, pad[3], arch, instruction_pointer, stack_pointer, then by op. */
    private static final int INFO_BYTES = 88;
    // linux/wait.h
    private static final int P_ALL = 0;
    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WSTOPPED = 2;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x01000000;
    private static final int NOTHREAD_ALL = 0x20000000 | 0x40000000; // __WNOTHREAD | __WALL
    // asm-generic/siginfo.h: si_signo, si_errno, si_code, pad, si_pid, si_uid, si_status
    private static final int SI_CODE = 8;
    private static final int SI_PID = 16;
    private static final int SI_STATUS = 24;
    private static final int SIGINFO_BYTES = 128;
    private static final int CLD_EXITED = 1;
    private static final int CLD_DUMPED = 3;
    private static final int SIGKILL = 9;
    private static final int INIT = 1;
    private static final int SIGSYS = 31;
    // struct user_regs_struct
    private static final int RAX = 80;
    /** The instruction may leave here whatever it likes: on most processors the address behind itself. */
    private static final int RCX = 88;
    private static final long FINAL = 0x7365_6366_696e_616cL; // "secfinal"
    private static final int ORIG_RAX = 120;
    private static final int RBX = 40;
    private static final int RIP = 128;
    private static final int RFLAGS = 144;
    /** CF, PF, AF, ZF, SF, OF. */
    private static final long ARITHMETIC = 0x8d5;
    /** A result that is zero and negative: CF, ZF, SF, OF. */
    private static final long RESTART = 0x8c1;
    private static final int RSP = 152;
    private static final int REGISTERS_BYTES = 216;
    private static final int[] ARGUMENTS = {112, 104, 96, 56, 72, 64}; // rdi rsi rdx r10 r8 r9
    /** {@code syscall} is 0f 05. */
    private static final int SYSCALL_INSTRUCTION_BYTES = 2;

    /** So often {@link Patience} runs out, and then it is enough. */
    private static final int BRIEFLY = 200 / Patience.LOOK_MILLIS;

    private final int kill = Arch.X86_64.syscalls().nr("kill");
    private final Proc proc;
    private final long siginfo = NativeMemory.allocate(SIGINFO_BYTES);
    private final long info = NativeMemory.allocate(INFO_BYTES);
    private final long registers = NativeMemory.allocate(REGISTERS_BYTES);
    private final long message = NativeMemory.allocate(Long.BYTES);

    private final Patience patience;
    private final Bell bell = new Bell();

    /** @param patience of the thread that waits */
    JnrPtrace(Proc proc, Patience patience) {
        this.proc = proc;
        this.patience = patience;
    }

    @Override
    public int seize(int pid, int options) {
        return ptrace(PTRACE_SEIZE, pid, 0, options);
    }

    @Override
    public int setOptions(int tid, int options) {
        return ptrace(PTRACE_SETOPTIONS, tid, 0, options);
    }

    @Override
    public int await(WaitEvent event) {
        long rc = bell.begin()
                ? Libc.WAITID.call(P_ALL, 0, siginfo, WEXITED | WSTOPPED | WNOWAIT | NOTHREAD_ALL)
                : -Errno.EINTR.number();
        if (bell.end()) {
            return -Errno.EINTR.number(); // what has stopped is shown the next time
        }
        if (rc < 0) {
            return (int) rc;
        }
        show(event);
        return 0;
    }

    @Override
    public void ring() {
        bell.ring();
    }

    @Override
    public int interrupt(int tid) {
        return ptrace(PTRACE_INTERRUPT, tid, 0, 0);
    }

    @Override
    public boolean poll(WaitEvent event) {
        return poll(P_ALL, 0, event);
    }

    @Override
    public boolean poll(int tid, WaitEvent event) {
        return poll(P_PID, tid, event);
    }

    @Override
    public boolean awaitBriefly(int tid, WaitEvent event) {
        NativeMemory.IO.putInt(siginfo + SI_PID, 0);
        long rc = lookAt(tid, WNOHANG);
        if (rc == 0 && NativeMemory.IO.getInt(siginfo + SI_PID) == 0 && patience.begin()) {
            rc = -Errno.EINTR.number();
            for (int i = 0; i < BRIEFLY && rc == -Errno.EINTR.number(); i++) {
                rc = lookAt(tid, 0);
            }
            patience.end();
        }
        boolean seen = rc == 0 && NativeMemory.IO.getInt(siginfo + SI_PID) != 0;
        if (seen) {
            set(event);
        }
        return seen;
    }

    private long lookAt(int tid, int options) {
        return Libc.WAITID.call(P_PID, tid, siginfo, options | WEXITED | WSTOPPED | WNOWAIT | NOTHREAD_ALL);
    }

    /** Other stops show here too, whatever is asked for: they are left as they are. // kernel/exit.c wait_task_stopped() */
    @Override
    public boolean pollEnd(int tid, WaitEvent event) {
        NativeMemory.IO.putInt(siginfo + SI_PID, 0);
        boolean seen = lookAt(tid, WNOHANG) == 0 && NativeMemory.IO.getInt(siginfo + SI_PID) != 0;
        if (seen) {
            set(event);
        }
        return seen && event.ended();
    }

    private boolean poll(int kind, int id, WaitEvent event) {
        NativeMemory.IO.putInt(siginfo + SI_PID, 0);
        long rc = Libc.WAITID.call(kind, id, siginfo, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | NOTHREAD_ALL);
        if (rc < 0 || NativeMemory.IO.getInt(siginfo + SI_PID) == 0) {
            return false;
        }
        show(event);
        return true;
    }

    private void set(WaitEvent event) {
        int code = NativeMemory.IO.getInt(siginfo + SI_CODE);
        boolean ended = code <= CLD_DUMPED;
        event.set(NativeMemory.IO.getInt(siginfo + SI_PID), ended, ended && code != CLD_EXITED, NativeMemory.IO.getInt(siginfo + SI_STATUS));
    }

    private void show(WaitEvent event) {
        set(event);
        if (!event.ended() && event.event() == PTRACE_EVENT_EXEC) {
            // After another thread's execve the number is held for the dead leader's, and ptrace(2) answers ESRCH, until the stop is
            // taken. // kernel/ptrace.c looks_like_a_spurious_pid()
            hold(event.tid());
        }
    }

    @Override
    public void hold(int tid) {
        Libc.WAITID.call(P_PID, tid, siginfo, WSTOPPED | WNOHANG | NOTHREAD_ALL);
    }

    @Override
    public void reap(int tid) {
        Libc.WAITID.call(P_PID, tid, siginfo, WEXITED | NOTHREAD_ALL);
    }

    @Override
    public int resume(int tid, int signal) {
        return ptrace(PTRACE_CONT, tid, 0, signal);
    }

    @Override
    public int resumeToCall(int tid, int signal) {
        return ptrace(PTRACE_SYSCALL, tid, 0, signal);
    }

    @Override
    public int listen(int tid) {
        return ptrace(PTRACE_LISTEN, tid, 0, 0);
    }

    @Override
    public long eventMessage(int tid) {
        int rc = ptrace(PTRACE_GETEVENTMSG, tid, 0, message);
        return rc < 0 ? rc : NativeMemory.IO.getLong(message);
    }

    @Override
    public int syscallInfo(int tid, SyscallStop stop) {
        int rc = ptrace(PTRACE_GET_SYSCALL_INFO, tid, INFO_BYTES, info);
        if (rc < 0) {
            return rc;
        }
        int op = NativeMemory.IO.getByte(info);
        if (op == PTRACE_SYSCALL_INFO_SECCOMP || op == PTRACE_SYSCALL_INFO_ENTRY) {
            stop.enter(
                    NativeMemory.IO.getInt(info + 4),
                    NativeMemory.IO.getLong(info + 8),
                    NativeMemory.IO.getLong(info + 16),
                    NativeMemory.IO.getLong(info + 24));
            for (int i = 0; i < 6; i++) {
                stop.setArgument(i, NativeMemory.IO.getLong(info + 32 + 8L * i));
            }
            return 0;
        }
        if (op == PTRACE_SYSCALL_INFO_EXIT) {
            stop.exit(NativeMemory.IO.getLong(info + 24));
            return 0;
        }
        return -Errno.EINVAL.number();
    }

    @Override
    public int registers(int tid, SyscallStop stop) {
        int rc = ptrace(PTRACE_GETREGS, tid, 0, registers);
        if (rc == 0) {
            stop.enter(Arch.X86_64.audit(), NativeMemory.IO.getLong(registers + RIP), NativeMemory.IO.getLong(registers + RSP),
                    NativeMemory.IO.getLong(registers + ORIG_RAX));
            stop.exit(NativeMemory.IO.getLong(registers + RAX));
            stop.setFinal(NativeMemory.IO.getLong(registers + RCX) == FINAL);
            for (int i = 0; i < ARGUMENTS.length; i++) {
                stop.setArgument(i, NativeMemory.IO.getLong(registers + ARGUMENTS[i]));
            }
        }
        return rc;
    }

    @Override
    public int blockSignals(int tid, long[] former) {
        int rc = ptrace(PTRACE_GETSIGMASK, tid, Long.BYTES, message);
        former[0] = NativeMemory.IO.getLong(message);
        return rc < 0 ? rc : setSignalMask(tid, former[0] | ~(1L << SIGSYS - 1));
    }

    @Override
    public int setSignalMask(int tid, long mask) {
        NativeMemory.IO.putLong(message, mask);
        return ptrace(PTRACE_SETSIGMASK, tid, Long.BYTES, message);
    }

    @Override
    public int setArgument(int tid, int index, long value) {
        return ptrace(PTRACE_POKEUSER, tid, ARGUMENTS[index], value);
    }

    @Override
    public int setExitCode(int tid, SyscallStop stop, int code) {
        return ptrace(PTRACE_POKEUSER, tid, stop.audit() == Arch.X86_64.audit() ? ARGUMENTS[0] : RBX, code);
    }

    @Override
    public int setInstructionPointer(int tid, long address) {
        return ptrace(PTRACE_POKEUSER, tid, RIP, address);
    }

    @Override
    public int noteFinal(int tid) {
        return ptrace(PTRACE_POKEUSER, tid, RCX, FINAL);
    }

    @Override
    public int noteRestart(int tid) {
        int rc = ptrace(PTRACE_GETREGS, tid, 0, registers);
        return rc < 0 ? rc : ptrace(PTRACE_POKEUSER, tid, RFLAGS, NativeMemory.IO.getLong(registers + RFLAGS) & ~ARITHMETIC | RESTART);
    }

    @Override
    public boolean isRestart(int tid) {
        return ptrace(PTRACE_GETREGS, tid, 0, registers) == 0 && (NativeMemory.IO.getLong(registers + RFLAGS) & ARITHMETIC) == RESTART;
    }

    @Override
    public int setNumber(int tid, long number) {
        return ptrace(PTRACE_POKEUSER, tid, ORIG_RAX, number);
    }

    @Override
    public int setResult(int tid, long result) {
        return ptrace(PTRACE_POKEUSER, tid, RAX, result);
    }

    @Override
    public int rewind(int tid, SyscallStop stop) {
        int rc = 0;
        for (int i = 0; i < ARGUMENTS.length && rc == 0; i++) {
            rc = setArgument(tid, i, stop.argument(i));
        }
        if (rc == 0) {
            rc = setResult(tid, stop.number());
        }
        if (rc == 0) {
            // -1: no call to restart, or a signal handler that runs first would wind back once more.
            rc = setNumber(tid, -1);
        }
        return rc == 0 ? ptrace(PTRACE_POKEUSER, tid, RIP, stop.instructionPointer() - SYSCALL_INSTRUCTION_BYTES) : rc;
    }

    @Override
    public void kill(int tid) {
        Libc.SYSCALL.call(kill, proc.tgid(tid), SIGKILL, 0, 0, 0);
    }

    /** A signal that is injected at a call comes from the kernel. // kernel/signal.c sig_task_ignored() */
    @Override
    public void killInStop(int tid, WaitEvent stop) {
        if (stop.event() == 0) {
            resume(tid, SIGKILL);
            return;
        }
        if (stop.event() == PTRACE_EVENT_SECCOMP) {
            setNumber(tid, -1);
        }
        resumeToCall(tid, 0);
    }

    @Override
    public void killAll() {
        new TracedProcesses().kill();
        if (proc.isOurs(INIT)) {
            for (int thread : Proc.numbers("/proc/" + INIT + "/task")) {
                interrupt(thread);
            }
        }
    }

    private static int ptrace(int request, int tid, long address, long data) {
        return (int) Libc.PTRACE.call(request, tid, address, data);
    }
}
