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

    WaitStop(Ptrace ptrace, TraceeNumbers numbers, KeeperStop keeper) {
        this.ptrace = ptrace;
        this.numbers = numbers;
        this.keeper = keeper;
    }

    /**
     * At the seccomp-stop of wait4(2) or waitid(2). (In another PID namespace a number may be that of another process, whose end then is
     * seen a moment early.)
     *
     * @param event of the child's end
     * @return the child that has ended, 0 if none has
     */
    int ended(Task task, TracedCall call, SyscallStop stop, WaitEvent event) {
        boolean byPidfd = call == TracedCall.WAITID && (int) stop.argument(0) == P_PIDFD;
        int named = (int) stop.argument(call == TracedCall.WAITID ? 1 : 0);
        int child = byPidfd ? numbers.pidfdTarget(task.tid, named) : named;
        return child > 0 && !keeper.is(child) && ptrace.pollEnd(child, event) ? child : 0;
    }
}
