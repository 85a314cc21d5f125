package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;

/**
 * Has notified calls made again that are to stop:
 *
 * <pre>
 *   the listener's thread hands it over, and rings    PTRACE_INTERRUPT, and the call ends with ERESTARTNOINTR
 *   PTRACE_EVENT_STOP                                 signals are blocked: no handler is to run before, or it would never be where they come fast
 *   syscall-enter-stop, before all filters            the instruction pointer becomes the mark
 *   seccomp-stop                                      by the mark: it is answered as any call that stopped
 *   when it runs, or is answered                      signals are as they were
 *   when it has been answered                         the instruction pointer is as it was
 * </pre>
 *
 * A filter of the tracee's own may end it before: then there is an exit-stop in place of the seccomp-stop. So it goes with a call that has
 * stopped, and is wound back while signals are blocked: another thread may put such a filter on all (SECCOMP_FILTER_FLAG_TSYNC) before it
 * has come to stop again.
 */
final class Remake {
    // asm-generic/signal.h
    private static final int SIGSTOP = 19;
    private static final int SIGSYS = 31;
    private static final int SENDTO_NAME = 4;

    private final Ptrace ptrace;
    private final VaultRange vault;
    private final Calls calls;
    private final IgnoredSignal ignored;
    private final Remainder remainder;
    private final SyscallStop registers = new SyscallStop();
    private final long[] mask = new long[1];

    Remake(Ptrace ptrace, VaultRange vault, Calls calls, IgnoredSignal ignored, Remainder remainder) {
        this.ptrace = ptrace;
        this.vault = vault;
        this.calls = calls;
        this.ignored = ignored;
        this.remainder = remainder;
    }

    Remainder remainder() {
        return remainder;
    }

    /** Of a task that waits for the answer to a call; null if it died. */
    void begin(Task task, Handover handover) {
        if (task == null || ptrace.interrupt(task.tid) < 0) {
            handover.call().refuse(-Errno.ENOSYS.number()); // it died
            return;
        }
        if (handover.call().restart()) {
            task.handedOver = true;
            task.begun = handover.begun();
        }
    }

    /** At a group-stop, which goes on. */
    void groupStop(Task task) {
        ignored.groupStop(task);
        if (task.phase == Task.Phase.RESUMING) {
            remainder.undo(task);
        }
        if (task.phase == Task.Phase.RUNNING) {
            remainder.groupStop(task);
        }
        ptrace.listen(task.tid);
    }

    /** At a PTRACE_EVENT_STOP that is no group-stop. @param known it is not the first @return whether it was answered */
    boolean stopped(Task task, boolean known) {
        if (task.handedOver) {
            task.handedOver = false;
            if (ptrace.registers(task.tid, registers) == 0 && registers.result() == Ptrace.ERESTARTNOINTR && calls.notified(registers) != null) {
                again(task);
                return true;
            }
            task.begun = Task.NONE;
        } else if (task.phase == Task.Phase.REMAKING || task.phase == Task.Phase.RESUMING) {
            task.interruptions = 0; // this stop ended the vault's call, and no filter
            ptrace.resumeToCall(task.tid, 0); // the end of a group-stop
            return true;
        }
        if (known && task.phase == Task.Phase.RUNNING && remainder.trapped(task)) {
            ptrace.resumeToCall(task.tid, 0);
            return true;
        }
        if (known) {
            ignored.trapped(task);
        }
        return false;
    }

    /** Out of this stop, at which the call is set to be made again. */
    void again(Task task) {
        hold(task);
        task.phase = Task.Phase.REMAKING;
        ptrace.resumeToCall(task.tid, 0);
    }

    /** No signal comes in between, or ends the vault's call: one would be enough to have all begin anew. */
    void hold(Task task) {
        if (!task.held && ptrace.blockSignals(task.tid, mask) == 0) {
            task.held = true;
            task.mask = mask[0];
        }
    }

    /** The call is about to run, or to end: from here on it is as signals have it. */
    void release(Task task) {
        if (task.held) {
            task.held = false;
            ptrace.setSignalMask(task.tid, task.mask);
        }
    }

    /** At the syscall-enter-stop. */
    void entered(Task task) {
        boolean there = ptrace.syscallInfo(task.tid, registers) == 0;
        if (there && calls.notified(registers) != null) {
            task.call.copy(registers);
            mark(task);
        } else if (!there || calls.traced(registers) == null || !registers.isSameCall(task.call)) {
            giveUp(task); // it died, or its code was changed under it: this is another call
            ptrace.resume(task.tid, 0);
            return;
        }
        task.phase = Task.Phase.ASKED;
        ptrace.resumeToCall(task.tid, 0);
    }

    /** At the exit-stop of a call that never came to its seccomp-stop. */
    void ended(Task task) {
        giveUp(task);
        unmark(task);
        ptrace.resume(task.tid, 0);
    }

    private void giveUp(Task task) {
        task.phase = Task.Phase.RUNNING;
        task.begun = Task.NONE;
        task.signalling = Optional.empty();
        release(task);
    }

    /** The call in {@code task.call}, which stands still, gets the mark: the filter has it stop, or pass if it has stopped already. */
    int mark(Task task) {
        if (!task.marked) {
            task.marked = true;
            task.instructionPointer = task.call.instructionPointer();
        }
        return ptrace.setInstructionPointer(task.tid, vault.mark());
    }

    /** At the seccomp-stop: what is shown is the call as the tracee made it. */
    void show(Task task, SyscallStop stop) {
        if (task.phase == Task.Phase.ASKED) {
            task.phase = Task.Phase.RUNNING;
        }
        if (task.marked) {
            stop.enter(stop.audit(), task.instructionPointer, stop.stackPointer(), stop.number());
        }
    }

    /** It has been answered. */
    void unmark(Task task) {
        if (task.marked) {
            task.marked = false;
            ptrace.setInstructionPointer(task.tid, task.instructionPointer);
        }
    }

    /**
     * A signal is on its way. A notified call that nobody had received when it came the kernel ends as if it had waited (ERESTARTSYS), and
     * a handler would make EINTR of that: it did not wait, and is made again.
     */
    void signal(Task task, int signal) {
        if (task.trapped && signal == SIGSYS) { // the first to come, before the program goes on // kernel/signal.c dequeue_synchronous_signal()
            task.trapped = false;
            if (task.phase == Task.Phase.REMAKING) {
                ptrace.resumeToCall(task.tid, 0);
            } else {
                ptrace.resume(task.tid, 0);
            }
            return;
        }
        if (task.phase == Task.Phase.REMAKING) {
            if (signal == SIGSTOP) { // nobody blocks it, and it has no handler
                ptrace.resumeToCall(task.tid, signal);
                return;
            }
            task.phase = Task.Phase.RUNNING; // SIGSYS: all begins anew
            task.begun = Task.NONE;
            release(task);
        }
        if (task.phase == Task.Phase.RESUMING) {
            remainder.undo(task);
        }
        if (ptrace.registers(task.tid, registers) == 0) {
            if (task.phase == Task.Phase.RUNNING && remainder.signal(task, signal, registers)) {
                ptrace.resumeToCall(task.tid, 0); // another thread could make a handler for it
                return;
            }
            if (registers.result() == Ptrace.ERESTARTSYS && !registers.isFinal() && isNotified()) {
                ptrace.setResult(task.tid, Ptrace.ERESTARTNOINTR);
            }
            ignored.signal(task, signal, registers);
        }
        ptrace.resume(task.tid, signal);
    }

    /** A sendto(2) without an address is the tracee's own, and may have waited. */
    private boolean isNotified() {
        TracedCall call = calls.notified(registers);
        return call != null && (call != TracedCall.SENDTO || registers.argument(SENDTO_NAME) != 0);
    }
}
