package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/**
 * Answers listen(2): it may bind the socket, so it is judged, and done here, on the very socket that was judged. Of other families the
 * call goes on: a unix socket's listener is known to its clients by the process that called. What was put under its number meanwhile may
 * listen then, and nobody can tell who has it: that is seen by the socket that was judged, which does not listen then, and costs all of the run
 * their lives. So no socket is told to listen by two calls at a time: the one's end would hide where the other's went.
 */
final class ListenStop {
    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Replies replies;
    private final AddressJudge addresses;
    private final ExecStops stops;
    private final ListenJudge judge;
    private final HeldSockets held = new HeldSockets();

    ListenStop(Ptrace ptrace, Tracees tracees, Replies replies, AddressJudge addresses, ExecStops stops) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.replies = replies;
        this.addresses = addresses;
        this.stops = stops;
        this.judge = new ListenJudge(addresses);
    }

    /** The call is saved in {@code task.call}. */
    void answer(Task task) {
        int fd = (int) task.call.argument(0);
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, fd);
        if (socket.isEmpty()) {
            refuse(task, tracees.sockets().error(task.tid, fd)); // not resumed: the descriptor may be a socket by now
            return;
        }
        SocketCopy copy = socket.get();
        Optional<Sockaddr> local = copy.localAddress();
        if (local.isPresent() && local.get() instanceof Sockaddr.Malformed) {
            copy.close();
            replies.deny(task, TracedCall.LISTEN, Optional.empty(), addresses.deny("its own name cannot be read"));
            return;
        }
        if (local.isEmpty() || !isInternet(local.get())) {
            leave(task, copy);
            return;
        }
        boolean anywhere = judge.allowsAnywhere(copy, local.get());
        Verdict verdict = anywhere ? ListenJudge.ALLOW : judge.judge(copy, local.get());
        if (verdict instanceof Verdict.Allow && !tracees.rights().hasOurLabel(task.tid)) {
            leave(task, copy); // its label is to be asked, not ours
            return;
        }
        try (copy) {
            if (anywhere) {
                replies.skip(task, copy.listen(backlog(task)));
            } else {
                answer(task, copy, local.get(), verdict);
            }
        }
    }

    private void refuse(Task task, int error) {
        if (error == -Errno.EPERM.number()) {
            replies.deny(task, TracedCall.LISTEN, Optional.empty(), addresses.denyUnreadable(task.tid));
        } else {
            replies.skip(task, error);
        }
    }

    /** One that listens already, or is about to, is left as it is, its backlog too: that it listens afterwards would tell nothing. */
    private void leave(Task task, SocketCopy copy) {
        task.socket = Optional.of(copy);
        if (copy.listening() || !held.hold(task)) {
            task.letGo();
            replies.skip(task, 0);
            return;
        }
        task.phase = Task.Phase.LISTENING;
        if (!stops.needEnd(task.tid) || ptrace.resumeToExit(task.tid) < 0) {
            task.letGo(); // killed in its stop: the call does not run
            task.phase = Task.Phase.RUNNING;
        }
    }

    /** At the exit-stop of a call that went on, or at the stop at its end of one that was killed in it. */
    void exit(Task task) {
        SocketCopy socket = task.socket.orElseThrow();
        boolean listens = socket.listening();
        Optional<Sockaddr> local = socket.localAddress();
        boolean strays = listens && local.isPresent() && isInternet(local.get()) && !judge.holds(socket);
        if (strays) {
            socket.stopListening();
        }
        task.letGo();
        if (strays) {
            kill(task);
        } else if (task.result == 0 && !listens) {
            replies.kill(task, TracedCall.LISTEN,
                    addresses.deny("another socket was put in the place of the one that was to listen: all processes killed"));
        }
    }

    private void answer(Task task, SocketCopy socket, Sockaddr name, Verdict verdict) {
        if (verdict instanceof Verdict.Deny denial) {
            replies.deny(task, TracedCall.LISTEN, Optional.of(name), denial);
        } else if (verdict instanceof Verdict.Answer answer) {
            replies.skip(task, -answer.errno().number());
        } else {
            int rc = socket.listen(backlog(task));
            if (rc == 0 && !judge.holds(socket)) {
                socket.stopListening();
                kill(task);
            }
            replies.skip(task, rc);
        }
    }

    private void kill(Task task) {
        replies.kill(task, TracedCall.LISTEN, addresses.deny("it was bound elsewhere when it was to listen: all processes killed"));
    }

    private static int backlog(Task task) {
        return (int) task.call.argument(1);
    }

    private static boolean isInternet(Sockaddr address) {
        return address instanceof Sockaddr.Inet || address instanceof Sockaddr.Inet6;
    }
}
