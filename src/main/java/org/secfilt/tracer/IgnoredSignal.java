package org.secfilt.tracer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;

/**
 * Has calls go on that a signal interrupted which does nothing. The kernel wakes up who is traced for signals that are ignored too
 * // kernel/signal.c sig_ignored(), and by a SIGCONT each thread of it // prepare_signal(); and some calls say EINTR of it whatever signal it was.
 *
 * <pre>
 *   what has it stop                        the call's result becomes
 *   a signal, or the trap by a SIGCONT      ERESTARTNOHAND: EINTR if a handler runs now, else the kernel makes the call again
 *   one that stops processes, group-stop    EINTR again, and it stays that: so it is without a tracer // signal(7) "Interruption of ... by stop"
 * </pre>
 *
 * Of these calls EINTR means that nothing was done. One that waits for a limited time waits anew as long: it is made again for as long as its limit
 * since the first time, and may end late by twice that.
 */
final class IgnoredSignal {
    // asm-generic/signal.h
    private static final int SIGSTOP = 19;
    private static final int SIGTTOU = 22;
    private static final int SENDTO_NAME = 4;
    private static final int TIMESPEC_BYTES = 16;
    private static final long MOST_SECONDS = 1L << 32;

    /** In the place of a limit: it waits for any time. */
    private static final long NONE = Long.MAX_VALUE;
    /** Likewise: it is no such call, or that cannot be told. */
    private static final long UNKNOWN = -1;

    /** The call of a task that was made again, with its limit. */
    static final class Again {
        private long limit = UNKNOWN;
        private long since;
    }

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Arch arch;
    private final LongSupplier clock;
    private final SyscallStop registers = new SyscallStop();

    IgnoredSignal(Ptrace ptrace, Tracees tracees, Arch arch) {
        this(ptrace, tracees, arch, new LongSupplier() { // no lambda: it would cost a start more
            @Override
            public long getAsLong() {
                return System.nanoTime();
            }
        });
    }

    IgnoredSignal(Ptrace ptrace, Tracees tracees, Arch arch, LongSupplier clock) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.arch = arch;
        this.clock = clock;
    }

    /** At a signal-delivery-stop, before the signal is passed on. @param call as the registers show it */
    void signal(Task task, int signal, SyscallStop call) {
        if (mayHaveWaited(call)) {
            if (signal >= SIGSTOP && signal <= SIGTTOU && !tracees.status().ignores(task.tid, signal)) {
                leave(task, call);
            } else {
                goOn(task, call);
            }
        }
    }

    /** At a group-stop: it woke the call up, and would have without a tracer. */
    void groupStop(Task task) {
        if (ptrace.registers(task.tid, registers) == 0 && mayHaveWaited(registers)) {
            leave(task, registers);
        }
    }

    /** At a PTRACE_EVENT_STOP that is neither a group-stop nor its first. */
    void trapped(Task task) {
        if (ptrace.registers(task.tid, registers) == 0 && mayHaveWaited(registers)) {
            goOn(task, registers);
        }
    }

    private static boolean mayHaveWaited(SyscallStop call) {
        return call.result() == -Errno.EINTR.number() || call.result() == Ptrace.ERESTARTNOHAND;
    }

    private void goOn(Task task, SyscallStop call) {
        if (call.result() == -Errno.EINTR.number() && !call.isFinal() && mayBeMadeAgain(task, limitNanos(task.tid, call))) {
            ptrace.setResult(task.tid, Ptrace.ERESTARTNOHAND);
        }
    }

    /** None of these calls has the other result of itself. */
    private void leave(Task task, SyscallStop call) {
        if (limitNanos(task.tid, call) != UNKNOWN) {
            ptrace.setResult(task.tid, -Errno.EINTR.number());
            ptrace.noteFinal(task.tid);
        }
    }

    /** One that the kernel makes again, and nothing of the program's ran in between, is still the same. */
    private boolean mayBeMadeAgain(Task task, long limit) {
        if (limit == NONE || limit == UNKNOWN) {
            return limit == NONE;
        }
        long now = clock.getAsLong();
        Again again = task.again;
        if (limit != again.limit || !ptrace.isRestart(task.tid)) {
            again.since = now;
        }
        boolean may = now - again.since <= limit;
        again.limit = may ? limit : UNKNOWN; // it ends now, and the next one is another
        return may && ptrace.noteRestart(task.tid) == 0;
    }

    /** How long it waits at most. */
    private long limitNanos(int tid, SyscallStop call) {
        return switch (arch.syscalls().name((int) call.number()).orElse("")) {
            case "semop" -> NONE;
            case "epoll_wait", "epoll_pwait" -> millis((int) call.argument(3));
            case "epoll_pwait2", "semtimedop" -> timespec(tid, call.argument(3));
            case "rt_sigtimedwait" -> timespec(tid, call.argument(2));
            case "recvfrom", "recvmsg", "recvmmsg", "accept", "accept4", "read" -> ofSocket(tid, (int) call.argument(0), true);
            case "write" -> ofSocket(tid, (int) call.argument(0), false);
            case "sendto" -> call.argument(SENDTO_NAME) == 0 ? ofSocket(tid, (int) call.argument(0), false) : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private static long millis(int millis) {
        return millis < 0 ? NONE : TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private long timespec(int tid, long address) {
        if (address == 0) {
            return NONE;
        }
        byte[] time = new byte[TIMESPEC_BYTES];
        if (tracees.memory().read(tid, address, time, time.length) != time.length) {
            return UNKNOWN;
        }
        ByteBuffer fields = ByteBuffer.wrap(time).order(ByteOrder.nativeOrder());
        long seconds = fields.getLong();
        return seconds < 0 || seconds > MOST_SECONDS ? UNKNOWN : TimeUnit.SECONDS.toNanos(seconds) + (int) fields.getLong();
    }

    /** Without a limit it restarts by itself. Of another file there is to be no copy: to close that may have others do things (FUSE). */
    private long ofSocket(int tid, int fd, boolean receives) {
        Optional<SocketCopy> socket = tracees.sockets().isSocket(tid, fd) ? tracees.sockets().copy(tid, fd) : Optional.empty();
        if (socket.isEmpty()) {
            return UNKNOWN;
        }
        try (SocketCopy copy = socket.get()) {
            long limit = copy.limitNanos(receives);
            return limit > 0 ? limit : UNKNOWN;
        }
    }
}
