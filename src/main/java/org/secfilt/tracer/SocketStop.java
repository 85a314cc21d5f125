package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Ptrace;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.SocketJudge;
import org.secfilt.verdict.Verdict;

/**
 * Answers the socket(2) and setsockopt(2) that the filter would refuse, so that it is told what and why; and that of a raw socket, before the
 * first of which the firewall is to have its rules for packets made by hand. Their arguments are registers.
 */
final class SocketStop {
    private final SocketJudge judge;
    private final Ptrace ptrace;
    private final Replies replies;
    private final Watch watch;

    SocketStop(SocketJudge judge, Ptrace ptrace, Replies replies, Watch watch) {
        this.judge = judge;
        this.ptrace = ptrace;
        this.replies = replies;
        this.watch = watch;
    }

    /** At the seccomp-stop of one of the two, saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        if (call == TracedCall.SOCKET) {
            answerSocket(task);
        } else {
            answerOption(task);
        }
    }

    private void answerSocket(Task task) {
        int type = (int) task.call.argument(1) & SocketType.MASK;
        SocketKind kind = new SocketKind((int) task.call.argument(0), type, (int) task.call.argument(2));
        Optional<Verdict.Deny> denial = judge.denial(kind);
        if (denial.isEmpty() && kind.type() == SocketType.RAW && kind.word().isPresent()) {
            Optional<String> wrong = watch.rawSocket();
            denial = wrong.isEmpty() ? denial : Optional.of(new Verdict.Deny(Errno.EPERM, wrong.get(), Origin.DEFAULT));
        }
        if (denial.isPresent()) {
            replies.denyKind(task, kind, denial.get());
        } else {
            ptrace.resume(task.tid, 0);
        }
    }

    private void answerOption(Task task) {
        Optional<Verdict.Deny> denial = judge.denial((int) task.call.argument(1), (int) task.call.argument(2));
        if (denial.isPresent()) {
            replies.denyOfSocket(task, TracedCall.SETSOCKOPT, Optional.empty(), denial.get());
        } else {
            ptrace.resume(task.tid, 0);
        }
    }
}
