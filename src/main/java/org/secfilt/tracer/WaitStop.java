package org.secfilt.tracer;

import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.plan.TracedCall;

/** Answers a parent that asks whether a child has ended, perhaps since a pidfd said so: if it has and is still ours it is to be the parent's. */
final class WaitStop {
    private static final int P_PIDFD = 3; // linux/wait.h

    private final Ptrace ptrace;
    private final TraceeNumbers numbers;
    private final KeeperStop keeper;
    private final Tasks tasks;
    private final Endings endings;
    private final WaitEvent event = new WaitEvent();

    WaitStop(Ptrace ptrace, TraceeNumbers numbers, KeeperStop keeper, Tasks tasks, Endings endings) {
        this.ptrace = ptrace;
        this.numbers = numbers;
        this.keeper = keeper;
        this.tasks = tasks;
        this.endings = endings;
    }

    /**
     * At the seccomp-stop of wait4(2) or waitid(2). (In another PID namespace a number may be that of another process, whose end then is
     * seen a moment early.)
     */
    void answer(Task task, TracedCall call, SyscallStop stop) {
        boolean byPidfd = call == TracedCall.WAITID && (int) stop.argument(0) == P_PIDFD;
        int named = (int) stop.argument(call == TracedCall.WAITID ? 1 : 0);
        int child = byPidfd ? numbers.pidfdTarget(task.tid, named) : named;
        if (child > 0 && !keeper.is(child) && ptrace.pollEnd(child, event)) {
            endings.ended(tasks.of(child), event);
        }
        ptrace.resume(task.tid, 0);
    }
}
