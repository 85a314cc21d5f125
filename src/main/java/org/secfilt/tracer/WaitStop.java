package org.secfilt.tracer;

import java.util.List;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.plan.TracedCall;

/**
 * Answers a parent that asks whether a child has ended, perhaps since a pidfd said so: if it has and is still ours it is to be the parent's.
 *
 * <p>And process 1, which asks after any child: we are a child of it, as it adopts orphans, and do not end before it. So where it has no other it
 * hears that it has none.
 */
final class WaitStop {
    // linux/wait.h
    private static final int P_ALL = 0;
    private static final int P_PIDFD = 3;
    private static final int ANY = -1;
    private static final int WHICH = 2 | 4 | 8; // WSTOPPED, WEXITED, WCONTINUED
    private static final int OPTIONS = 1 | WHICH | 0x6000_0000; // WNOHANG, and __WALL, __WNOTHREAD; not __WCLONE
    private static final int WNOWAIT = 0x0100_0000;

    private final Ptrace ptrace;
    private final TraceeNumbers numbers;
    private final TraceeStatus status;
    private final Replies replies;
    private final KeeperStop keeper;
    private final Tasks tasks;
    private final Endings endings;
    private final WaitEvent event = new WaitEvent();

    WaitStop(Ptrace ptrace, Tracees tracees, Replies replies, KeeperStop keeper, Tasks tasks, Endings endings) {
        this.ptrace = ptrace;
        this.numbers = tracees.numbers();
        this.status = tracees.status();
        this.replies = replies;
        this.keeper = keeper;
        this.tasks = tasks;
        this.endings = endings;
    }

    /**
     * At the seccomp-stop of wait4(2) or waitid(2). (In another PID namespace a number may be that of another process, whose end then is
     * seen a moment early.)
     */
    void answer(Task task, TracedCall call, SyscallStop stop) {
        if (asksAfterAny(call, stop)) {
            if (isChildless(task)) {
                replies.skip(task, -Errno.ECHILD.number());
            } else {
                ptrace.resume(task.tid, 0);
            }
            return;
        }
        boolean byPidfd = call == TracedCall.WAITID && (int) stop.argument(0) == P_PIDFD;
        int named = (int) stop.argument(call == TracedCall.WAITID ? 1 : 0);
        int child = byPidfd ? numbers.pidfdTarget(task.tid, named) : named;
        if (child > 0 && !keeper.is(child) && ptrace.pollEnd(child, event)) {
            endings.ended(tasks.of(child), event);
        }
        ptrace.resume(task.tid, 0);
    }

    /** And by no option that the kernel refuses, or that is about other children than we are. */
    private static boolean asksAfterAny(TracedCall call, SyscallStop stop) {
        boolean byId = call == TracedCall.WAITID;
        int options = (int) stop.argument(byId ? 3 : 2);
        boolean odd = (options & ~(byId ? OPTIONS | WNOWAIT : OPTIONS)) != 0 || byId && (options & WHICH) == 0;
        return !odd && (int) stop.argument(0) == (byId ? P_ALL : ANY);
    }

    /** Only process 1 adopts us. */
    private boolean isChildless(Task task) {
        if (status.tgid(task.tid) != Tracer.INIT) {
            return false;
        }
        int us = (int) ProcessHandle.current().pid(); // here, as its first use makes a thread pool
        List<Integer> children = status.children(Tracer.INIT);
        for (int child : children) {
            if (child != us && !keeper.is(child)) {
                return false;
            }
        }
        return !children.isEmpty();
    }
}
