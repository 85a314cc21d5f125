package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * What the tracer hears of the keeper, which is traced and no tracee of the run. It does nothing by itself but end, and that is somebody's doing. Its
 * number is free when it is reaped, and a call that waits may follow a path through it then: so nobody may be left by that time.
 */
final class KeeperStop {
    private static final Verdict.Deny ENDED = new Verdict.Deny(Errno.EPERM,
            "the process that keeps the files of sockets for secfilt was killed: all processes killed", Origin.DEFAULT);

    private final Ptrace ptrace;
    private final Optional<Keeper> keeper;
    private final Tasks tasks;
    private final Replies replies;
    private final Watch watch;

    KeeperStop(Ptrace ptrace, Optional<Keeper> keeper, Tasks tasks, Replies replies, Watch watch) {
        this.ptrace = ptrace;
        this.keeper = keeper;
        this.tasks = tasks;
        this.replies = replies;
        this.watch = watch;
    }

    boolean is(int tid) {
        return keeper.isPresent() && tid == keeper.get().pid();
    }

    /** @return 0, or a negative error number */
    int seize() {
        return keeper.isPresent() ? keeper.get().seize() : 0;
    }

    void answer(WaitEvent event) {
        if (!event.ended()) {
            ptrace.resume(event.tid(), 0); // no signal is for it
            return;
        }
        int keeperTid = event.tid();
        if (!replies.killedAll() && tasks.count() > 0) {
            replies.tellDenied();
            watch.deniedAfterwards(tasks.all().iterator().next().tid, "kill", Optional.empty(), SocketKind.UNKNOWN, ENDED);
        }
        replies.killAll();
        ptrace.reap(keeperTid);
    }

    /** Nobody is left whom it could keep something for. */
    void endAfterAll() {
        if (tasks.count() == 0 && keeper.isPresent()) {
            keeper.get().end();
        }
    }
}
