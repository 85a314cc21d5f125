package org.secfilt.tracer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.WaitEvent;

/**
 * Keeps apart, under the firewall, two kinds of calls that must not be under way at once while all sockets are the run's own: those that are left
 * to the firewall, whose socket another may take the place of, and those that may bring one from outside ({@link ReceiveStop}), which can be used
 * before their end is seen.
 *
 * <pre>
 *   a call that is left to the firewall   is under way until its thread sleeps or has left it: before the kernel has the socket it sleeps nowhere
 *   a call that receives                  is under way until its end was seen, and may wait for ever: who waits for it interrupts it, and the
 *                                         kernel makes it again
 * </pre>
 *
 * Who has to wait stands in its seccomp-stop until it is its turn: who came first is first, so that each kind comes to run.
 */
final class Crossing {
    private static final long PAUSE_NANOS = 50_000;

    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final List<Task> leaving = new ArrayList<>();
    private final List<Task> receiving = new ArrayList<>();
    private final Deque<Turn> turns = new ArrayDeque<>();
    /** Whose turn it is now, or null. */
    private Task admitted;

    /** One that waits. */
    private static final class Turn {
        final Task task;
        final boolean receives;

        Turn(Task task, boolean receives) {
            this.task = task;
            this.receives = receives;
        }
    }

    Crossing(Ptrace ptrace, TraceeStatus status) {
        this.ptrace = ptrace;
        this.status = status;
    }

    /** At the seccomp-stop of a call that would be left to the firewall. @return whether it has to wait, and is answered in its turn */
    boolean holdsCall(Task task) {
        return task != admitted && (!turns.isEmpty() || !receiving.isEmpty()) && hold(task, false);
    }

    /** Likewise of one that may bring sockets. */
    boolean holdsReception(Task task) {
        return task != admitted && (!turns.isEmpty() || anyLeaving()) && hold(task, true);
    }

    private boolean hold(Task task, boolean receives) {
        ptrace.hold(task.tid);
        turns.add(new Turn(task, receives));
        return true;
    }

    private void interruptReceptions() {
        for (Task task : receiving) {
            if (!task.turnedOut) {
                task.turnedOut = true;
                ptrace.interrupt(task.tid);
            }
        }
    }

    private boolean anyLeaving() {
        for (int i = leaving.size() - 1; i >= 0; i--) {
            if (!status.isRunning(leaving.get(i).tid)) {
                leaving.remove(i);
            }
        }
        return !leaving.isEmpty();
    }

    /** The call is about to run. */
    void leaves(Task task) {
        leaving.add(task);
    }

    /** Likewise. */
    void receives(Task task) {
        task.turnedOut = false;
        receiving.add(task);
    }

    /** It is over, or the task is. */
    void left(Task task) {
        if (!leaving.isEmpty()) {
            leaving.remove(task);
        }
        stopWaiting(task);
    }

    /** Likewise. */
    void received(Task task) {
        if (!receiving.isEmpty()) {
            receiving.remove(task);
        }
        stopWaiting(task);
    }

    private void stopWaiting(Task task) {
        Turn gone = null;
        for (Turn turn : turns) {
            gone = turn.task == task ? turn : gone;
        }
        if (gone != null) {
            turns.remove(gone);
        }
    }

    boolean isWaitedAt() {
        return !turns.isEmpty();
    }

    /** As {@link Ptrace#await} while somebody waits: nothing tells when a call is past the look, so it is looked at again soon. */
    int poll(WaitEvent event) {
        if (ptrace.poll(event)) {
            return 0;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
        return -Errno.EINTR.number();
    }

    /** @return whose turn it is to be answered; null if that is nobody's */
    Task next() {
        admitted = null;
        Turn first = turns.peek();
        if (first == null) {
            return null;
        }
        if (!first.receives) {
            interruptReceptions();
        }
        if (first.receives ? anyLeaving() : !receiving.isEmpty()) {
            return null;
        }
        turns.remove();
        admitted = first.task;
        return admitted;
    }
}
