package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.WaitEvent;

/** The tracer's side of ptrace(2) and waitid(2), for tracees that stop where {@link FakeStops} has them. */
abstract class FakePtrace extends FakeStops implements Ptrace {
    private static final int SIGSYS = 31; // asm-generic/signal.h
    private static final int GONE = -Errno.ESRCH.number();

    /** A filter that the tracee has itself answers all calls with EACCES, when they are made again. */
    boolean ownFilterRefuses;
    private boolean rung;
    /** In this order stops are told. The oldest comes first where the others were slower. // kernel/ptrace.c __ptrace_link() */
    boolean newestFirst = true;
    /** Each call was returned from, and its result looked at. */
    boolean comparesResults;
    /** Whether {@link #poll} is told of a stop, whatever the tasks do. */
    boolean stopsAtOnce;

    @Override
    public int await(WaitEvent event) {
        on(-1);
        boolean heard = rung;
        if (!heard && look(event)) {
            return 0;
        }
        heard |= rung;
        rung = false;
        if (heard) {
            return -Errno.EINTR.number();
        }
        for (FakeTask task : tasks.values()) {
            if (task.state != FakeTask.State.DEAD) {
                fail("the tracer waits for ever for " + task.tid + ", which is " + task.state + ": " + returned);
            }
        }
        return -Errno.ECHILD.number();
    }

    @Override
    public boolean poll(WaitEvent event) {
        return stopsAtOnce || look(event);
    }

    private boolean look(WaitEvent event) {
        List<Integer> order = new ArrayList<>(tasks.keySet());
        if (newestFirst) {
            Collections.reverse(order);
        }
        for (int tid : order) {
            if (awaitBriefly(tid, event)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean poll(int tid, WaitEvent event) {
        return awaitBriefly(tid, event);
    }

    @Override
    public boolean awaitBriefly(int tid, WaitEvent event) {
        FakeTask task = on(tid);
        if (notifies && notified == null && tid != tasks.keySet().iterator().next()) {
            return false; // the command is not there yet, that made it
        }
        if (task.state == FakeTask.State.RUNNING && notified != null && task.at == 0 && !task.untraced) {
            task.untraced = true; // its first stop is no deed of its own
            tellStop(task);
        }
        while (task.state == FakeTask.State.RUNNING) {
            advance(task);
        }
        if (stopped(task) && !task.held) {
            event.set(tid, false, status(task));
            return true;
        }
        return pollEnd(tid, event);
    }

    @Override
    public void hold(int tid) {
        on(tid).held = true;
    }

    @Override
    public boolean pollEnd(int tid, WaitEvent event) {
        if (on(tid).state != FakeTask.State.ZOMBIE) {
            return false;
        }
        event.set(tid, true, 0);
        return true;
    }

    @Override
    public void ring() {
        rung = true;
    }

    @Override
    public int interrupt(int tid) {
        FakeTask task = on(tid);
        if (task.state == FakeTask.State.ZOMBIE || task.state == FakeTask.State.DEAD) {
            return GONE;
        }
        task.interrupts = true;
        return 0;
    }

    @Override
    public int setExitCode(int tid, SyscallStop stop, int code) {
        assertEquals(on(tid).audit == I386, stop.audit() == I386, "whose registers?");
        return setArgument(tid, 0, code);
    }

    @Override
    public int setInstructionPointer(int tid, long address) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.instructionPointer = address;
        return 0;
    }

    @Override
    public int blockSignals(int tid, long[] former) {
        former[0] = 77;
        return setBlocked(tid, true);
    }

    @Override
    public int setSignalMask(int tid, long mask) {
        assertEquals(77, mask, "another mask than was taken");
        return setBlocked(tid, false);
    }

    private int setBlocked(int tid, boolean blocked) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.blocked = blocked;
        return 0;
    }

    @Override
    public void reap(int tid) {
        FakeTask task = on(tid);
        if (task.state != FakeTask.State.ZOMBIE) {
            fail("reaped " + tid + " in " + task.state);
        }
        task.state = FakeTask.State.DEAD;
        if (!task.successor.isEmpty()) {
            tasks.put(tid, new FakeTask(tid, task.successor));
        }
    }

    @Override
    public int seize(int pid, int options) {
        on(pid);
        return 0;
    }

    @Override
    public int setOptions(int tid, int options) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.tellsExec = (options & PTRACE_O_TRACEEXEC) != 0;
        return 0;
    }

    @Override
    public int resume(int tid, int signal) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.held = false;
        if (signal != 0) {
            delivered.add(tid + ": signal " + signal);
            assertFalse(task.blocked, "signals are blocked in its handler");
        }
        if (trap(task)) {
            return 0;
        }
        if (task.state == FakeTask.State.SECCOMP_STOP) {
            execute(task);
            returns(task);
        } else if (task.state == FakeTask.State.EXIT_STOP && task.rewound && task.stopsWithDescriptor) {
            task.rewound = false;
            task.stopsWithDescriptor = false;
            tellStop(task);
        } else if (task.state == FakeTask.State.EXIT_STOP && task.rewound) {
            task.rewound = false;
            task.number = task.result;
            task.state = FakeTask.State.SECCOMP_STOP;
        } else if (task.state == FakeTask.State.EXIT_STOP) {
            returns(task);
        } else {
            goOn(task, signal, false);
        }
        return 0;
    }

    /** Out of a call that a filter trapped. @return whether the signal is on its way */
    private boolean trap(FakeTask task) {
        if (task.state != FakeTask.State.EXIT_STOP || !task.trapped) {
            return false;
        }
        task.trapped = false;
        if (!task.rewound) {
            returns(task);
        }
        task.status = SIGSYS;
        task.state = FakeTask.State.SIGNAL_STOP;
        return true;
    }

    @Override
    public int resumeToCall(int tid, int signal) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.held = false;
        if (trap(task)) {
            return 0;
        }
        if (task.state == FakeTask.State.EXIT_STOP && task.rewound && task.signals.contains(SIGSYS)) {
            nextSignal(task); // blocked or not
            return 0;
        }
        if (task.state == FakeTask.State.EXIT_STOP && task.rewound) {
            if (task.continued && task.vaultFd == Task.NONE) {
                tellStop(task);
            } else {
                task.rewound = false;
                task.number = task.result;
                task.state = FakeTask.State.ENTER_STOP;
            }
            return 0;
        }
        if (task.state == FakeTask.State.ENTER_STOP) {
            if (ownFilterRefuses) {
                task.result = -13;
                task.state = FakeTask.State.EXIT_STOP;
            } else {
                make(task);
            }
            return 0;
        }
        if (task.state != FakeTask.State.SECCOMP_STOP) {
            goOn(task, signal, true);
            return 0;
        }
        if (asks(task)) {
            fail("the filter, asked once more, notifies of " + task.made);
        }
        execute(task);
        task.state = FakeTask.State.EXIT_STOP;
        return 0;
    }

    @Override
    public int listen(int tid) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        delivered.add(tid + ": group-stop");
        task.state = FakeTask.State.RUNNING;
        return 0;
    }

    @Override
    public long eventMessage(int tid) {
        FakeTask task = on(tid);
        return !stopped(task) ? GONE : task.child != 0 ? task.child : thread != 0 ? thread : tid;
    }

    @Override
    public int syscallInfo(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        show(task, stop);
        return 0;
    }

    @Override
    public int noteFinal(int tid) {
        on(tid).isFinal = true;
        return 0;
    }

    @Override
    public int noteRestart(int tid) {
        on(tid).noted = true;
        return 0;
    }

    @Override
    public boolean isRestart(int tid) {
        return on(tid).noted && !comparesResults;
    }

    @Override
    public int registers(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        show(task, stop);
        stop.setFinal(task.isFinal);
        return 0;
    }

    @Override
    public int setArgument(int tid, int index, long value) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.arguments[index] = value;
        return 0;
    }

    @Override
    public int setNumber(int tid, long number) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.number = number;
        return 0;
    }

    @Override
    public int setResult(int tid, long result) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.result = result;
        return 0;
    }

    @Override
    public int rewind(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        for (int i = 0; i < 6; i++) {
            task.arguments[i] = stop.argument(i);
        }
        task.result = stop.number();
        task.rewound = true;
        task.instructionPointer = stop.instructionPointer();
        assertEquals(FakeTask.INSTRUCTION_POINTER, task.instructionPointer);
        return 0;
    }

    @Override
    public void kill(int tid) {
        on(tid);
        delivered.add(tid + ": killed");
        tasks.get(tid).state = FakeTask.State.ZOMBIE;
    }

    @Override
    public void killInStop(int tid, WaitEvent stop) {
        resume(tid, 9);
    }

    @Override
    public void killAll() {
        for (FakeTask task : tasks.values()) {
            if (task.state != FakeTask.State.ZOMBIE && task.state != FakeTask.State.DEAD && !task.untraced) {
                kill(task.tid);
            }
        }
    }
}
