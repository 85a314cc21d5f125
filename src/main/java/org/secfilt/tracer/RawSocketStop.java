package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/** Answers the socket(2) of a raw socket, before the first of which the firewall is to have its rules for packets made by hand. */
final class RawSocketStop {
    private final Ptrace ptrace;
    private final Replies replies;
    private final Watch watch;

    RawSocketStop(Ptrace ptrace, Replies replies, Watch watch) {
        this.ptrace = ptrace;
        this.replies = replies;
        this.watch = watch;
    }

    /** At the seccomp-stop. */
    void answer(Task task) {
        Optional<String> wrong = watch.rawSocket();
        if (wrong.isPresent()) {
            replies.deny(task, TracedCall.SOCKET, Optional.empty(), new Verdict.Deny(Errno.EPERM, wrong.get(), Origin.DEFAULT));
        } else {
            ptrace.resume(task.tid, 0);
        }
    }
}
