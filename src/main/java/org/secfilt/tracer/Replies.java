package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Family;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/** How a stopped call ends that does not run. */
final class Replies {
    private final Ptrace ptrace;
    private final TraceeSockets sockets;
    private final Watch watch;
    private final Remake remake;
    private volatile boolean denied;
    private boolean killedAll;

    Replies(Ptrace ptrace, TraceeSockets sockets, Watch watch, Remake remake) {
        this.ptrace = ptrace;
        this.sockets = sockets;
        this.watch = watch;
        this.remake = remake;
    }

    /** The call does not run; the tracee sees this result. */
    void skip(Task task, long result) {
        task.begun = Task.NONE;
        ptrace.setNumber(task.tid, -1);
        ptrace.setResult(task.tid, result);
        remake.release(task);
        remake.unmark(task);
        ptrace.resume(task.tid, 0);
    }

    /** As {@link #deny}; but where the call is about no socket it is answered as the kernel would, before it looked at any address. */
    void denyOfSocket(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        int error = sockets.noSocket(task.tid, (int) task.call.argument(0));
        if (error < 0) {
            skip(task, error);
        } else {
            deny(task, call, destination, why);
        }
    }

    /** The call, saved in {@code task.call}, does not run, and that is told. */
    void deny(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        if (cancel(task.tid)) {
            tell(task, call, destination, why);
        }
        skip(task, -why.errno().number());
    }

    /** Likewise of a call by another entry of the machine, i386 or such. */
    void denyForeign(Task task, String entry, Verdict.Deny why) {
        if (cancel(task.tid)) {
            denied = true;
            watch.denied(task.tid, entry, Optional.empty(), SocketKind.UNKNOWN, why);
        }
        skip(task, -why.errno().number());
    }

    /**
     * Its call will not run.
     *
     * @return whether it still stands where it stopped. One that is dying may look as if it were what is denied, and will do nothing more
     */
    boolean cancel(int tid) {
        return ptrace.setNumber(tid, -1) >= 0;
    }

    /**
     * What has run already is what is denied, or may be: that is told, and the run dies, for another of its processes may share the descriptors of
     * this one (clone(2) CLONE_FILES).
     */
    void kill(Task task, TracedCall call, Verdict.Deny why) {
        denied = true;
        watch.deniedAfterwards(task.tid, call.syscall(), Optional.empty(), socket(task, call), why);
        killAll();
    }

    /** All of the run, the keeper too. */
    void killAll() {
        if (!killedAll) {
            watch.killing();
        }
        killedAll = true;
        ptrace.killAll();
    }

    boolean killedAll() {
        return killedAll;
    }

    /** A denial of a call that has run already, and is given the verdict's error by its caller. */
    void tell(Task task, TracedCall call, Verdict.Deny why) {
        tell(task, call, Optional.empty(), why);
    }

    /** The socket(2) of such a one, saved in {@code task.call}, makes none, and that is told. */
    void denyKind(Task task, SocketKind kind, Verdict.Deny why) {
        if (cancel(task.tid)) {
            denied = true;
            watch.denied(task.tid, TracedCall.SOCKET.syscall(), Optional.empty(), kind, why);
        }
        skip(task, -why.errno().number());
    }

    private void tell(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        if (watch.denied(task.tid, call.syscall(), destination, socket(task, call), why)) {
            denied = true;
        }
    }

    private SocketKind socket(Task task, TracedCall call) {
        boolean ofSocket = !call.guardsVault() && !call.changesProcesses() && call != TracedCall.PTRACE;
        return ofSocket ? socket(sockets, task) : SocketKind.UNKNOWN;
    }

    /** What the call is about. Of the socket that was judged no more may be known than its protocol, if another one is in its place by now. */
    static SocketKind socket(TraceeSockets sockets, Task task) {
        SocketKind now = sockets.kind(task.tid, (int) task.call.argument(0));
        boolean judged = task.protocol == Task.NONE || task.protocol == now.ruledNumber();
        return judged ? now : new SocketKind(Family.INET.number(), Task.NONE, task.protocol);
    }

    /** A denial was told by somebody else. By any thread. */
    void tellDenied() {
        denied = true;
    }

    /** Whether anything was denied so far. */
    boolean denied() {
        return denied;
    }
}
