package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.secfilt.kernel.Notification;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;

/** What the listener is told of a call of a {@link FakeTask}. */
final class FakeNotification implements Notification {

    private final FakeStops kernel;
    private final FakeTask task;
    private final SyscallStop call = new SyscallStop();

    FakeNotification(FakeStops kernel, FakeTask task) {
        this.kernel = kernel;
        this.task = task;
        FakeStops.show(task, call);
    }

    @Override
    public int tid() {
        return task.tid;
    }

    @Override
    public SyscallStop call() {
        return call;
    }

    @Override
    public boolean waits() {
        return kernel.on(task.tid).state == FakeTask.State.NOTIFIED;
    }

    @Override
    public boolean answer(long result) {
        if (!waits()) {
            return false;
        }
        task.result = result;
        kernel.returns(task);
        return true;
    }

    @Override
    public Unanswered leave() {
        task.left = true;
        return new Unanswered() {
            @Override
            public boolean restart() {
                if (!waits()) {
                    return false;
                }
                assertTrue(task.interrupts, "it would be made again without a stop");
                task.result = Ptrace.ERESTARTNOINTR;
                task.restarts = true;
                FakeStops.tellStop(task);
                return true;
            }

            @Override
            public void refuse(int error) {
                answer(error);
            }
        };
    }
}
