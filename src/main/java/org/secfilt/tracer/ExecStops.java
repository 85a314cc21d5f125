package org.secfilt.tracer;

import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeStatus;

/**
 * Which execve(2) is to stop, and whose end. What is known of a task that a new program makes untrue is that it has the vault, or takes its process's
 * number, if it is another thread than the first; the execve of all others passes, and saves one of the five stops that it takes to start a
 * program. Tracees are made with the options of who made them, so each is given its own at its first stop.
 */
final class ExecStops {
    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final int options;
    private final int[] makers;
    private final SyscallStop registers = new SyscallStop();

    /** @param options of PTRACE_SETOPTIONS, for all */
    ExecStops(Ptrace ptrace, TraceeStatus status, SyscallTable syscalls, int options) {
        this.ptrace = ptrace;
        this.status = status;
        this.options = options;
        this.makers = new int[] {syscalls.nr("clone"), syscalls.nr("fork"), syscalls.nr("vfork"), syscalls.nr("clone3")};
    }

    /**
     * Whether this one looks as after its maker's call, and no call of its own: then whoever had the number is gone, and what was known of
     * it is of no more use. It may have gone unseen: a thread that nobody traces (CLONE_UNTRACED) executes a program in the place of all of
     * its process, or the kernel gives up in the middle of that. Who has just made another and enters a signal's handler looks the same;
     * nothing of importance is known of it then: it is in no judged call.
     */
    boolean isNew(int tid) {
        if (ptrace.registers(tid, registers) < 0 || registers.result() != 0) {
            return false;
        }
        int number = (int) registers.number(); // as the kernel takes it
        for (int maker : makers) {
            if (number == maker) {
                return true;
            }
        }
        return false;
    }

    /** At the first stop of a thread, of which nothing else is known. */
    void begin(int tid) {
        ptrace.setOptions(tid, status.isProcess(tid) ? options : options | Ptrace.PTRACE_O_TRACEEXEC);
    }

    /**
     * In a stop in a call: its end stops too, where its registers tell how its last call ended, and its descriptors are there.
     *
     * @return false if it died, or is at its end already, where this was asked for before: a call that was to run does not
     */
    boolean needEnd(int tid) {
        return ptrace.setOptions(tid, options | Ptrace.PTRACE_O_TRACEEXEC | Ptrace.PTRACE_O_TRACEEXIT) == 0
                && ptrace.syscallInfo(tid, registers) == 0;
    }

    /** From this stop on there is something to know. @return false if it died */
    boolean need(int tid) {
        return ptrace.setOptions(tid, options | Ptrace.PTRACE_O_TRACEEXEC) == 0;
    }
}
