package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/** How a stopped call ends that does not run. */
final class Replies {
    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final Remake remake;
    private volatile boolean denied;
    private boolean killedAll;

    Replies(Ptrace ptrace, Tracees tracees, Watch watch, Remake remake) {
        this.ptrace = ptrace;
        this.tracees = tracees;
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

    /** The call, saved in {@code task.call}, does not run, and that is told. */
    void deny(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        if (isThere(task.tid)) {
            tell(task, call, destination, why);
        }
        skip(task, -why.errno().number());
    }

    /** Likewise of a call by another entry of the machine, i386 or such. */
    void denyForeign(Task task, String entry, Verdict.Deny why) {
        if (isThere(task.tid)) {
            denied = true;
            watch.denied(task.tid, entry, Optional.empty(), Task.NONE, why);
        }
        skip(task, -why.errno().number());
    }

    /** Whether it still stands where it stopped. One that is dying may look as if it were what is denied, and will do nothing more. */
    boolean isThere(int tid) {
        return ptrace.setNumber(tid, -1) >= 0;
    }

    /**
     * What has run already is what is denied, or may be: that is told, and the run dies, for another of its processes may share the descriptors of
     * this one (clone(2) CLONE_FILES).
     */
    void kill(Task task, TracedCall call, Verdict.Deny why) {
        tell(task, call, why);
        killAll();
    }

    /** All of the run, the keeper too. */
    void killAll() {
        killedAll = true;
        ptrace.killAll();
    }

    boolean killedAll() {
        return killedAll;
    }

    /** A denial of what has run already. */
    void tell(Task task, TracedCall call, Verdict.Deny why) {
        tell(task, call, Optional.empty(), why);
    }

    private void tell(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        denied = true;
        boolean ofSocket = !call.guardsVault() && !call.changesProcesses() && call != TracedCall.PTRACE && call != TracedCall.SOCKET;
        watch.denied(task.tid, call.syscall(), destination, ofSocket ? protocol(task) : Task.NONE, why);
    }

    /** Of the socket that the call is about: IPPROTO_*, or -1. */
    int protocol(Task task) {
        return task.protocol == Task.NONE ? tracees.protocol(task.tid, (int) task.call.argument(0)) : task.protocol;
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
