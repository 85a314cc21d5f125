package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;

/** How scripted tracees come to their stops, as their deeds, the filter and signals have it, and out of them. Each makes its calls in order. */
abstract class FakeStops extends FakeCalls {
    /** Those of the tracee's own. */
    boolean marksStay;
    /** Who answers notified calls; null where none are notified of. */
    NotifiedCalls notified;
    /** Whether there will be somebody, from the first stop on. */
    boolean notifies;

    static boolean stopped(FakeTask task) {
        return task.state == FakeTask.State.SECCOMP_STOP
                || task.state == FakeTask.State.ENTER_STOP
                || task.state == FakeTask.State.EXIT_STOP
                || task.state == FakeTask.State.SIGNAL_STOP
                || task.state == FakeTask.State.EVENT_STOP;
    }

    static int status(FakeTask task) {
        return switch (task.state) {
            case SECCOMP_STOP -> Ptrace.PTRACE_EVENT_SECCOMP << 8 | 5;
            case EXIT_STOP, ENTER_STOP -> 0x85;
            default -> task.status;
        };
    }

    void advance(FakeTask task) {
        if (task.at == task.deeds.size()) {
            task.state = FakeTask.State.ZOMBIE;
            return;
        }
        Deed deed = task.deeds.get(task.at++);
        if (deed.stopStatus() != 0) {
            if (!deed.call().isEmpty()) {
                task.number = ARCH.syscalls().nr(deed.call());
                task.arguments = deed.arguments().clone();
                task.result = deed.result();
            }
            task.status = deed.stopStatus();
            task.mapped &= !task.forgetsVaultAtExec;
            if (deed.stopStatus() >> 8 == Ptrace.PTRACE_EVENT_EXEC) {
                if (!task.tellsExec) {
                    return;
                }
                task.execsTold++;
            }
            task.state = deed.stopStatus() >> 8 == 0 ? FakeTask.State.SIGNAL_STOP : FakeTask.State.EVENT_STOP;
            return;
        }
        task.made = deed.call();
        int entry = deed.call().indexOf(':');
        int number = entry < 0 ? ARCH.syscalls().nr(deed.call()) : Integer.parseInt(deed.call().substring(entry + 1));
        task.number = deed.call().startsWith("x32") ? number | Arch.X32_SYSCALL_BIT : number;
        task.audit = deed.call().startsWith("i386") ? I386 : ARCH.audit();
        task.arguments = deed.arguments().clone();
        make(task);
    }

    /** As the filter has it. */
    void make(FakeTask task) {
        task.restarts = false;
        task.left = false;
        boolean asks = asks(task);
        task.state = asks ? FakeTask.State.NOTIFIED : FakeTask.State.SECCOMP_STOP;
        if (asks) {
            FakeNotification notification = new FakeNotification(this, task);
            assertTrue(notified.answer(notification), task.made);
            assertTrue(task.left || task.state != FakeTask.State.NOTIFIED, "no answer to " + task.made);
        }
    }

    boolean asks(FakeTask task) {
        String name = task.audit == I386 ? "" : ARCH.syscalls().name((int) task.number).orElse("");
        int length = (int) task.arguments[name.equals("sendto") ? 5 : 2];
        return notified != null && List.of("connect", "bind", "sendto").contains(name) && task.instructionPointer >>> 32 != RANGE.highWord()
                && (length == Sockaddr.INET_LENGTH || length == Sockaddr.INET6_LENGTH);
    }

    /** PTRACE_EVENT_STOP, of no signal. */
    static void tellStop(FakeTask task) {
        task.status = Ptrace.PTRACE_EVENT_STOP << 8 | 5;
        task.state = FakeTask.State.EVENT_STOP;
    }

    static void nextSignal(FakeTask task) {
        task.status = task.signals.remove(0);
        task.state = FakeTask.State.SIGNAL_STOP;
    }

    /** Out of a stop that is of no call's: with a signal that has a handler, or with none. */
    void goOn(FakeTask task, int signal, boolean toCall) {
        if (!task.signals.isEmpty() && !task.blocked) {
            nextSignal(task);
        } else if (task.rewound) {
            task.rewound = false;
            task.number = task.result;
            task.state = toCall ? FakeTask.State.ENTER_STOP : FakeTask.State.SECCOMP_STOP;
        } else if (task.restarts) {
            task.restarts = false;
            if (!task.becomes.isEmpty()) {
                task.made = task.becomes;
                task.number = ARCH.syscalls().nr(task.becomes);
            }
            if (toCall) {
                task.state = FakeTask.State.ENTER_STOP;
            } else {
                make(task);
            }
        } else {
            task.state = FakeTask.State.RUNNING;
        }
    }

    void returns(FakeTask task) {
        returned.add(task.tid + ": " + task.made + " " + task.result);
        assertFalse(task.blocked, "signals stay blocked");
        assertTrue(marksStay || task.instructionPointer == FakeTask.INSTRUCTION_POINTER, "the mark stays");
        task.left = false;
        task.interrupts = false;
        if (task.signals.isEmpty()) {
            task.state = FakeTask.State.RUNNING;
        } else {
            task.number = -1;
            nextSignal(task);
        }
    }

    static void show(FakeTask task, SyscallStop stop) {
        stop.enter(task.audit == 0 ? ARCH.audit() : task.audit, task.instructionPointer, 0x7fff0000, task.number);
        for (int i = 0; i < 6; i++) {
            stop.setArgument(i, task.arguments[i]);
        }
        stop.exit(task.result);
    }
}
