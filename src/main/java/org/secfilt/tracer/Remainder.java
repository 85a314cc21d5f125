package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Family;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;

/**
 * Has calls go on that a signal cut short which does nothing, as {@link IgnoredSignal} those that it had do nothing: what is left is done by another
 * call of the tracee's, and it sees one result.
 *
 * <pre>
 *   signal-delivery-stop, or a trap    the result is the part that is done; the arguments become the rest, and the call is wound back to
 *   another such stop before it began  all is as it was: a handler is to see the part
 *   syscall-enter-stop
 *   syscall-exit-stop                  the result becomes the sum, and the arguments are as they were; an error of the rest is none, but for
 *                                      the connection's, which is told instead
 * </pre>
 *
 * It is one of those calls alone that return a part for no other reason than a signal, or whose rest ends at once: the end of a file, a socket that
 * does not wait. So none that receives is among them: it may have come to a mark, or a message.
 */
final class Remainder {
    private static final long MOST = 0x7fff_f000; // linux/fs.h MAX_RW_COUNT
    private static final int SENDTO_FLAGS = 3;
    private static final int SENDTO_NAME = 4;
    /** MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE: of two such calls nothing else comes than of one. // linux/socket.h */
    private static final long PLAIN_FLAGS = 0x40 | 0x4000 | 0x8000;
    // asm-generic/signal.h: what is ignored where nothing else was asked for, signal(7)
    private static final int SIGCHLD = 17;
    private static final int SIGCONT = 18;
    private static final int SIGURG = 23;
    private static final int SIGWINCH = 28;
    private static final int SIGSYS = 31;
    private static final int NO_POINTER = -1;
    /** ENETUNREACH, ECONNABORTED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH. // asm-generic/errno.h */
    private static final int[] OF_CONNECTION = {101, 103, 104, 110, 113};

    /** What a task's call has done. */
    static final class Part {
        /** With the part as its result. */
        private final SyscallStop call = new SyscallStop();
        /** Which of its arguments is the pointer, if one is, and which counts. */
        private int pointer;
        private int count;
        /** Without a signal an error of the connection would be told by the next call: it is not to vanish with the rest. */
        private boolean keepsError;
    }

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Arch arch;
    private final SyscallStop registers = new SyscallStop();
    /** Which arguments of the call are the pointer and the count; the count's is 0 of a call that is none of these. */
    private int pointer;
    private int count;
    private boolean keepsError;

    Remainder(Ptrace ptrace, Tracees tracees, Arch arch) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.arch = arch;
    }

    /** At a signal-delivery-stop, before the signal is passed on. @param call as the registers show it @return whether it is to begin anew */
    boolean signal(Task task, int signal, SyscallStop call) {
        return isPart(call) && find(task.tid, call) && doesNothing(task.tid, signal) && begin(task, call);
    }

    /** At a PTRACE_EVENT_STOP that is neither a group-stop nor its first. @return likewise */
    boolean trapped(Task task) {
        return ptrace.registers(task.tid, registers) == 0 && isPart(registers) && find(task.tid, registers) && begin(task, registers);
    }

    /** At a group-stop: it cut the call short, and would have without a tracer. */
    void groupStop(Task task) {
        if (ptrace.registers(task.tid, registers) == 0 && isPart(registers) && find(task.tid, registers)) {
            ptrace.noteFinal(task.tid);
        }
    }

    /**
     * A result of the call's own number tells nothing: so a call looks that the kernel has set to be made again for the signal before this one, with
     * nothing done. // arch/x86/kernel/signal.c arch_do_signal_or_restart()
     */
    private static boolean isPart(SyscallStop call) {
        return call.result() > 0 && call.result() < MOST && call.number() >= 0 && call.result() != call.number() && !call.isFinal();
    }

    private boolean doesNothing(int tid, int signal) {
        boolean byDefault = signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
        return tracees.status().ignores(tid, signal) || byDefault && !tracees.status().catches(tid, signal);
    }

    /** Sets {@link #pointer}, {@link #count} and {@link #keepsError}. */
    private boolean find(int tid, SyscallStop call) {
        pointer = 1;
        count = 0;
        keepsError = false;
        int fd = (int) call.argument(0);
        switch (arch.syscalls().name((int) call.number()).orElse("")) {
            case "write" -> count = isFilled(tid, fd) ? 2 : 0;
            case "read" -> count = isEndless(tid, fd) ? 2 : 0;
            case "sendto" -> {
                boolean plain = call.argument(SENDTO_NAME) == 0 && (call.argument(SENDTO_FLAGS) & ~PLAIN_FLAGS) == 0;
                count = plain && isStream(tid, fd) ? 2 : 0;
            }
            case "getrandom" -> {
                pointer = 0;
                count = 1;
            }
            case "sendfile" -> {
                pointer = NO_POINTER; // the kernel has moved the offset on
                count = isStream(tid, fd) && isFile(tid, (int) call.argument(1)) ? 3 : 0; // a pipe takes, and a socket has, what it may
            }
            case "copy_file_range" -> {
                pointer = NO_POINTER;
                count = 4;
            }
            default -> { }
        }
        return count > 0 && call.result() < Math.min(call.argument(count), MOST) && call.argument(count) > 0;
    }

    /** What takes as much as there is room for, and waits for more. */
    private boolean isFilled(int tid, int fd) {
        String link = tracees.sockets().link(tid, fd);
        return link.startsWith("pipe:[") || link.startsWith("/dev/pts/") || link.startsWith("/dev/tty") || isStream(tid, fd);
    }

    private boolean isFile(int tid, int fd) {
        String link = tracees.sockets().link(tid, fd);
        return link.startsWith("/") && !link.startsWith("/dev/");
    }

    /** One that waits for any time: what is left would wait anew as long as its limit. */
    private boolean isStream(int tid, int fd) {
        Optional<SocketCopy> socket = tracees.sockets().isSocket(tid, fd) ? tracees.sockets().copy(tid, fd) : Optional.empty();
        if (socket.isEmpty()) {
            return false;
        }
        try (SocketCopy copy = socket.get()) {
            keepsError = copy.domain() != Family.UNIX.number(); // net/core/sock.c sock_alloc_send_pskb(), net/core/stream.c sk_stream_error()
            return copy.describe(fd).type() == SocketType.STREAM && copy.limitNanos(false) == 0;
        }
    }

    /** What gives as much as is asked for. */
    private boolean isEndless(int tid, int fd) {
        String link = tracees.sockets().link(tid, fd);
        return link.equals("/dev/urandom") || link.equals("/dev/random") || link.equals("/dev/zero");
    }

    private boolean begin(Task task, SyscallStop call) {
        Part part = task.part;
        part.call.copy(call);
        part.call.exit(call.result());
        part.pointer = pointer;
        part.count = count;
        part.keepsError = keepsError;
        return begin(task);
    }

    /** @return false if it died */
    private boolean begin(Task task) {
        Part part = task.part;
        registers.copy(part.call);
        if (part.pointer != NO_POINTER) {
            registers.setArgument(part.pointer, part.call.argument(part.pointer) + part.call.result());
        }
        registers.setArgument(part.count, rest(part.call, part.count));
        if (ptrace.rewind(task.tid, registers) < 0) {
            return false;
        }
        task.phase = Task.Phase.RESUMING;
        return true;
    }

    private static long rest(SyscallStop part, int count) {
        return Math.min(part.argument(count), MOST) - part.result();
    }

    /** At a signal-delivery-stop, when it was to begin, and has not. */
    void undo(Task task) {
        task.phase = Task.Phase.RUNNING;
        putBack(task, task.part.call.result());
        ptrace.setNumber(task.tid, task.part.call.number());
        ptrace.setInstructionPointer(task.tid, task.part.call.instructionPointer());
    }

    /** At its syscall-enter-stop. */
    void entered(Task task) {
        boolean same = ptrace.registers(task.tid, registers) == 0 && registers.number() == task.part.call.number()
                && registers.instructionPointer() == task.part.call.instructionPointer()
                && registers.argument(task.part.count) == rest(task.part.call, task.part.count);
        task.phase = same ? Task.Phase.RESUMED : Task.Phase.RUNNING; // or its code was changed under it
        if (same) {
            ptrace.resumeToExit(task.tid);
        } else {
            ptrace.resume(task.tid, 0);
        }
    }

    /** At its syscall-exit-stop. What cut it short may have been the signal of others of its process, and no stop of it is to come. */
    void ended(Task task) {
        task.phase = Task.Phase.RUNNING;
        Part part = task.part;
        if (ptrace.registers(task.tid, registers) == 0) {
            task.trapped = registers.result() == part.call.number() && tracees.status().isForced(task.tid, SIGSYS);
            long more = task.trapped ? 0 : registers.result(); // kernel/seccomp.c syscall_rollback()
            boolean isPart = more == Ptrace.ERESTARTSYS || more > 0 && more < rest(part.call, part.count);
            part.call.exit(part.call.result() + Math.max(more, 0));
            if (isPart && begin(task)) {
                ptrace.resumeToCall(task.tid, 0);
                return;
            }
            putBack(task, part.keepsError && isTakenAway(more) ? more : part.call.result());
            if (more <= 0) {
                ptrace.noteFinal(task.tid); // nothing is left, or it cannot be done; SIGPIPE comes of each try
            }
        }
        ptrace.resume(task.tid, 0);
    }

    /** At a seccomp-stop: a filter of the tracee's own has come meanwhile, and the rest does not run. */
    void refused(Task task) {
        task.phase = Task.Phase.RUNNING;
        putBack(task, task.part.call.result());
        ptrace.setNumber(task.tid, -1);
        ptrace.resume(task.tid, 0);
    }

    /** An error of the connection is told once, and the next call would find its end alone. */
    private static boolean isTakenAway(long result) {
        for (int error : OF_CONNECTION) {
            if (result == -error) {
                return true;
            }
        }
        return false;
    }

    private void putBack(Task task, long result) {
        for (int i = 0; i <= task.part.count; i++) {
            ptrace.setArgument(task.tid, i, task.part.call.argument(i));
        }
        ptrace.setResult(task.tid, result);
    }
}
