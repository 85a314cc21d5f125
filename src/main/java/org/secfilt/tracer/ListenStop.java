package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/**
 * Answers listen(2): it may bind the socket, so it is judged, and done here, on the very socket that was judged. Of other families the
 * call goes on: a unix socket's listener is known to its clients by the process that called.
 */
final class ListenStop {
    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Replies replies;
    private final ListenJudge judge;

    ListenStop(Ptrace ptrace, Tracees tracees, Replies replies, AddressJudge judge) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.replies = replies;
        this.judge = new ListenJudge(judge);
    }

    /** The call is saved in {@code task.call}. */
    void answer(Task task) {
        Optional<Tracees.SocketCopy> socket = tracees.socket(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            replies.skip(task, -Errno.ENOTSOCK.number()); // not resumed: the descriptor may be a socket by now
            return;
        }
        try (Tracees.SocketCopy copy = socket.get()) {
            Optional<Sockaddr> local = copy.localAddress();
            if (local.isEmpty() || !isInternet(local.get())) {
                ptrace.resume(task.tid, 0);
            } else if (judge.allowsAnywhere(copy, local.get())) {
                replies.skip(task, copy.listen(backlog(task)));
            } else {
                listen(task, copy, local.get());
            }
        }
    }

    private void listen(Task task, Tracees.SocketCopy socket, Sockaddr name) {
        Verdict verdict = judge.judge(socket, name);
        if (verdict instanceof Verdict.Deny denial) {
            replies.deny(task, TracedCall.LISTEN, Optional.of(name), denial);
        } else if (verdict instanceof Verdict.Answer answer) {
            replies.skip(task, -answer.errno().number());
        } else {
            int rc = socket.listen(backlog(task));
            if (rc == 0 && !judge.holds(socket)) {
                socket.stopListening();
                ptrace.kill(task.tid);
            }
            replies.skip(task, rc);
        }
    }

    private static int backlog(Task task) {
        return (int) task.call.argument(1);
    }

    private static boolean isInternet(Sockaddr address) {
        return address instanceof Sockaddr.Inet || address instanceof Sockaddr.Inet6;
    }
}
