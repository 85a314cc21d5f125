package org.secfilt.tracer;

import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;

/** Another call in the place of the one that stopped, all of registers. At its exit-stop they are as they were. */
final class Replacement {
    private final Ptrace ptrace;
    private final Replies replies;

    Replacement(Ptrace ptrace, Replies replies) {
        this.ptrace = ptrace;
        this.replies = replies;
    }

    /** It runs, once. */
    void run(Task task, SignalCall deed) {
        if (put(task, deed) < 0) {
            replies.skip(task, -Errno.ESRCH.number()); // it died
            return;
        }
        task.phase = Task.Phase.REPLACED;
        ptrace.resumeToExit(task.tid);
    }

    /** It stands there, and is not resumed. @return 0 or a negative error number */
    int put(Task task, SignalCall deed) {
        int rc = ptrace.setNumber(task.tid, deed.nr());
        for (int i = 0; i < SignalCall.ARGUMENTS && rc >= 0; i++) {
            rc = ptrace.setArgument(task.tid, i, deed.argument(i));
        }
        return rc;
    }

    /** At its exit-stop. */
    void exit(Task task) {
        for (int i = 0; i < SignalCall.ARGUMENTS; i++) {
            ptrace.setArgument(task.tid, i, task.call.argument(i));
        }
    }
}
