package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.plan.TracedCall;

/**
 * Whether a connect by a path that a tracee made itself reached another socket than was judged: a directory may have been swapped under it, or the
 * socket that connects.
 *
 * <p>Where the call was given a path that the kernel cannot be led away from, there is nothing to look at: {@link Keeping}. Where it was not,
 * the socket is held while the call runs, and looked at even if the caller dies: another process may share its descriptors.
 *
 * <p>So is an internet socket, whose place no other must have taken that was connected elsewhere before ({@link FormerPeers}): the very copy of it
 * that was looked at ({@link Swaps}).
 *
 * <p>Nor is there where a rule is for one protocol, and a socket of another may take the place: such calls name nobody, or packets are judged
 * ({@link AddressStop}).
 */
final class Aftermath {
    /** So many sockets are held while their connects wait, for each takes the supervisor a descriptor. */
    private static final int MOST_HELD = 128;

    private static final String ELSEWHERE = "it may have reached another socket than the one that was judged";

    private final Ptrace ptrace;
    private final TraceeSockets sockets;
    private final AddressJudge judge;
    private final ExecStops stops;
    private final SyscallStop exit = new SyscallStop();
    private int held;

    Aftermath(Ptrace ptrace, TraceeSockets sockets, AddressJudge judge, ExecStops stops) {
        this.ptrace = ptrace;
        this.sockets = sockets;
        this.judge = judge;
        this.stops = stops;
    }

    /** Whether one more socket can be held. */
    boolean hasRoom() {
        return held < MOST_HELD;
    }

    /** Before the call runs: what {@link Swaps} has left in the task, for which there must be room, or the socket of a path. */
    void hold(Task task, TracedCall call) {
        if (task.connected.isEmpty() && hasRoom() && mayLeadElsewhere(task, call)) {
            task.socket = sockets.copy(task.tid, (int) task.call.argument(0));
        }
        if (task.connected.isPresent() && !stops.needEnd(task.tid)) {
            task.letGo(); // killed in its stop: the call does not run
        }
        held += task.socket.isPresent() ? 1 : 0;
    }

    void letGo(Task task) {
        held -= task.socket.isPresent() && task.phase != Task.Phase.LISTENING ? 1 : 0;
        task.letGo();
    }

    /** Whether the path that it was given may lead it to another socket. */
    static boolean mayLeadElsewhere(Task task, TracedCall call) {
        return task.followedPath && call == TracedCall.CONNECT && (task.kept.isEmpty() || !task.kept.get().isSure());
    }

    /** At the exit-stop, while the result is the call's own. @return what went wrong, in words; empty if nothing did */
    String look(Task task, TracedCall call) {
        if (task.connected.isEmpty() && !mayLeadElsewhere(task, call)) {
            return "";
        }
        if (task.connected.isPresent()) {
            return lookAtEnd(task);
        }
        if (ptrace.syscallInfo(task.tid, exit) != 0) {
            return lookAfterDeath(task);
        }
        return exit.result() == 0 && reachedElsewhere(task) ? ELSEWHERE : "";
    }

    /** Whether the call has begun to connect: a signal may have ended the wait, or a fast open have found no data, as it had before it ran. */
    private static boolean connects(long result) {
        return result >= 0 || result == -Errno.EINPROGRESS.number() || result == Ptrace.ERESTARTSYS || result == -Errno.EINTR.number()
                || result == -Errno.EFAULT.number();
    }

    /** Whether the other side has refused: a socket that was never connected before shows that it was this one. Others fail before they begin. */
    private static boolean isRefused(long result) {
        return result == -Errno.ECONNREFUSED.number() || result == -Errno.ETIMEDOUT.number() || result == -Errno.ECONNRESET.number();
    }

    /** Whether the socket that was judged is what the call connected. One of UDP may have had another peer before. */
    private static boolean isConnected(Task task) {
        if (task.socket.isEmpty()) {
            return false;
        }
        SocketCopy socket = task.socket.get();
        return socket.transport() == Protocol.TCP.number()
                ? socket.connecting() || socket.peer().isPresent()
                : FormerPeers.isPeer(socket.peer(), task.connected.get());
    }

    /** Likewise at the stop at its end of one that was killed in its call, or before that ran: then it has no such result. */
    String lookAtEnd(Task task) {
        boolean elsewhere = connects(task.result) ? !isConnected(task)
                : isRefused(task.result) && task.fresh && task.socket.isPresent() && !task.socket.get().wasConnected();
        return elsewhere ? ELSEWHERE : "";
    }

    /** Likewise of a task that died in its call, or while it was another program's. */
    String lookAfterDeath(Task task) {
        boolean path = task.phase == Task.Phase.IN_CALL && task.socket.isPresent() && task.connected.isEmpty();
        return path && judge.reachedDenied(task.socket.get()) ? ELSEWHERE : "";
    }

    /**
     * One that cannot be seen any more may be anything. Nor is one without another side the one that connected: but a datagram socket, where it took
     * root to lead the call away, may have been disconnected since.
     */
    private boolean reachedElsewhere(Task task) {
        if (task.kept.isPresent() && task.socket.isPresent() && task.socket.get().describe(0).type() == SocketType.DGRAM) {
            return judge.reachedDenied(task.socket.get());
        }
        if (task.socket.isPresent()) {
            return judge.reachedElsewhere(task.socket.get());
        }
        Optional<SocketCopy> socket = sockets.copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return task.kept.isEmpty(); // of root's hundreds not all can be held
        }
        try (SocketCopy copy = socket.get()) {
            return judge.reachedElsewhere(copy);
        }
    }
}
