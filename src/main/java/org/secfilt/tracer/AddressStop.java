package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Protocol;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/**
 * Answers the calls that name an address: reads it once, has it judged, and has what is allowed done with the very bytes that were judged,
 * here on a copy of the socket ({@link CopyRun}) or by the tracee on the vault ({@link VaultRun}).
 */
final class AddressStop {
    /** So many sockets are held while their connects wait, for each takes the supervisor a descriptor; of others the number is looked at. */
    private static final int MOST_HELD = 16;

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final Replies replies;
    private final AddressCall address;
    private final AddressJudge judge;
    private final CopyRun copyRun;
    private final VaultRun vaultRun;
    private final VaultMapping mapping;
    private final SyscallStop exit = new SyscallStop();
    private final boolean tellsAllowed;
    private int held;

    /** @param tracees the tracer's own: it knows which mounts are the command's */
    AddressStop(Ptrace ptrace, Tracees tracees, Vault vault, Plan plan, Watch watch, Replies replies) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.watch = watch;
        this.replies = replies;
        this.address = new AddressCall(tracees);
        this.judge = new AddressJudge(tracees, plan);
        this.copyRun = new CopyRun(tracees, address);
        this.vaultRun = new VaultRun(ptrace, tracees, new Slots(vault, plan.vault().address()), address, plan.arch());
        this.mapping = new VaultMapping(ptrace, tracees, vault, plan.vault(), plan.arch());
        this.tellsAllowed = watch.hearsOfAllowed();
    }

    AddressJudge judge() {
        return judge;
    }

    /** A tracee restricts itself, in ways that are not seen from here. */
    void leaveCallsToTracees() {
        copyRun.giveUp();
    }

    /** At the seccomp-stop; the call is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        if (call == TracedCall.SENDMMSG && (int) task.call.argument(2) == 0 || call == TracedCall.SENDTO && task.call.argument(4) == 0) {
            ptrace.resume(task.tid, 0); // no message, or no address, and that stands in a register
            return;
        }
        int error = address.read(task.tid, call, task.call);
        if (error == -Errno.EPERM.number()) {
            replies.deny(task, call, Optional.empty(), judge.denyUnreadable());
        } else if (error < 0) {
            replies.skip(task, error);
        } else if (address.refused) {
            if (vaultRun.beginOnNothing(task, call) == VaultRun.Begun.UNDER_WAY) {
                ptrace.resumeToExit(task.tid);
            } else {
                replies.skip(task, -Errno.ENOSYS.number());
            }
        } else {
            answer(task, call, judge.judge(task, call, address));
        }
    }

    private void answer(Task task, TracedCall call, Verdict verdict) {
        if (verdict instanceof Verdict.Allow allow) {
            int result = copyRun.run(task, call, allow, judge.destination());
            if (result == CopyRun.NOT_HERE) {
                leave(task, call, allow);
                return;
            }
            if (result == CopyRun.SWAPPED) {
                ptrace.kill(task.tid);
                replies.skip(task, -Errno.EPERM.number());
                return;
            }
            tellAllowed(task, call);
            replies.skip(task, call == TracedCall.SENDMMSG && result == 1 ? sendFurther(task) : result);
        } else if (verdict instanceof Verdict.Deny denial) {
            replies.deny(task, call, judge.destination(), denial);
        } else {
            replies.skip(task, -((Verdict.Answer) verdict).errno().number());
        }
    }

    /** The further messages of a sendmmsg(2), up to the first that cannot be sent here: as the kernel tells it, by a smaller count. */
    private long sendFurther(Task task) {
        long count = Math.min(task.call.argument(2) & 0xffff_ffffL, CopyRun.MOST_MESSAGES);
        for (int sent = 1; sent < count; sent++) {
            if (address.readMessage(task.tid, task.call.argument(1), sent) < 0
                    || address.refused
                    || !(judge.judge(task, TracedCall.SENDMMSG, address) instanceof Verdict.Allow allow)
                    || copyRun.run(task, sent, allow) != 1) {
                return sent;
            }
            tellAllowed(task, TracedCall.SENDMMSG);
        }
        return count;
    }

    /** The tracee makes the call itself. */
    private void leave(Task task, TracedCall call, Verdict.Allow allow) {
        switch (mapping.advance(task)) {
            case INJECTED -> ptrace.resumeToExit(task.tid);
            case FAILED -> {
                String why = task.vaultFailure;
                task.vaultFailure = "";
                replies.deny(task, call, judge.destination(), judge.deny(why));
            }
            case READY -> runOnVault(task, call, allow);
        }
    }

    private void runOnVault(Task task, TracedCall call, Verdict.Allow allow) {
        switch (vaultRun.begin(task, call, allow)) {
            case NO_SLOT -> replies.deny(task, call, judge.destination(), judge.deny("too many calls are under way at once"));
            case GONE -> replies.skip(task, -Errno.ENOSYS.number());
            case UNDER_WAY -> {
                if (task.followedPath && call == TracedCall.CONNECT && held < MOST_HELD) {
                    task.socket = tracees.socket(task.tid, (int) task.call.argument(0));
                    held += task.socket.isPresent() ? 1 : 0;
                }
                tellAllowed(task, call);
                ptrace.resumeToExit(task.tid);
            }
        }
    }

    private void tellAllowed(Task task, TracedCall call) {
        if (tellsAllowed && address.named) {
            watch.allowed(task.tid, call.syscall(), judge.destination(), replies.protocol(task));
        }
    }

    /** At the exit-stop of what was left to the tracee. */
    void exit(Task task, TracedCall call) {
        if (task.phase != Task.Phase.IN_CALL) {
            mapping.finish(task);
            return;
        }
        vaultRun.finish(task, call);
        // A socket or a directory may have been swapped under the call: what it reached may be what the policy denies. One that was closed, be
        // it by putting something else in its place (Java does that to who connects), tells nothing of that, nor does a thread that is dying.
        int now = task.protocol == Task.NONE ? Task.NONE : tracees.protocol(task.tid, (int) task.call.argument(0));
        boolean swapped = now != task.protocol && Protocol.of(now).isPresent();
        boolean connected = task.followedPath && call == TracedCall.CONNECT
                && ptrace.syscallInfo(task.tid, exit) == 0 && exit.result() == 0;
        if (swapped || connected && reachedElsewhere(task)) {
            ptrace.kill(task.tid);
        }
        letGo(task);
    }

    /** One that cannot be seen any more may be anything. */
    private boolean reachedElsewhere(Task task) {
        if (task.socket.isPresent()) {
            return judge.reachedElsewhere(task.socket.get());
        }
        Optional<Tracees.SocketCopy> socket = tracees.socket(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return true;
        }
        try (Tracees.SocketCopy copy = socket.get()) {
            return judge.reachedElsewhere(copy);
        }
    }

    private void letGo(Task task) {
        held -= task.socket.isPresent() && task.phase != Task.Phase.LISTENING ? 1 : 0;
        task.letGo();
    }

    /** The task died, or became another program. */
    void abandon(Task task) {
        vaultRun.giveBack(task);
        letGo(task);
        mapping.abandon(task);
    }

    boolean isIdle() {
        return vaultRun.isIdle();
    }
}
