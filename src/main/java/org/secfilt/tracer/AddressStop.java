package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.TraceeSockets;
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
    private static final String SWAPPED = "another socket was put in the place of the one that was judged";
    private static final int MOST_AGAIN = 3;
    private static final SocketKind NOT_OF_UDP = new SocketKind(Family.INET.number(), SocketType.STREAM, Protocol.TCP.number());
    private static final String TOO_MANY = "too many calls are under way at once";

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final Replies replies;
    private final Remake remake;
    private final AddressCall address;
    private final AddressJudge judge;
    private final CopyRun copyRun;
    private final VaultRun vaultRun;
    private final VaultMapping mapping;
    private final Aftermath aftermath;
    private final Repeats repeats;
    private final Crossing crossing;
    private final Swaps swaps;
    private final boolean tellsAllowed;

    /** @param tracees the tracer's own: it knows which mounts are the command's */
    AddressStop(
            Ptrace ptrace, Tracees tracees, ExecStops execs, Vault vault, Optional<Keeper> keeper, Plan plan, Watch watch, Replies replies,
            Remake remake, Restrictions restrictions, Crossing crossing, FormerPeers former, boolean outsiders) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.watch = watch;
        this.replies = replies;
        this.remake = remake;
        this.address = new AddressCall(tracees.memory());
        this.judge = new AddressJudge(tracees, plan, former);
        if (outsiders) {
            judge.outsiderCame();
        }
        this.copyRun = new CopyRun(tracees, address, restrictions.marked(), former);
        Keeping keeping = new Keeping(keeper, tracees, restrictions);
        this.vaultRun = new VaultRun(ptrace, tracees, new Slots(vault, plan.vault().address()), address, keeping, plan.arch(), remake);
        this.mapping = new VaultMapping(ptrace, tracees.memory(), execs, vault, plan.vault(), plan.arch());
        this.aftermath = new Aftermath(ptrace, tracees.sockets(), judge, execs);
        this.repeats = new Repeats(ptrace);
        this.crossing = crossing;
        this.swaps = new Swaps(tracees, address, judge, copyRun, former);
        this.tellsAllowed = watch.hearsOfAllowed();
    }

    AddressJudge judge() {
        return judge;
    }

    /** At the seccomp-stop; the call is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        task.further = call == TracedCall.SENDMMSG && task.call.argument(1) == task.further ? task.further : 0;
        if (call == TracedCall.SENDMMSG && (int) task.call.argument(2) == 0 || call == TracedCall.SENDTO && task.call.argument(4) == 0) {
            remake.release(task);
            ptrace.resume(task.tid, 0); // no message, or no address, and that stands in a register
            return;
        }
        int error = address.read(task.tid, call, task.call);
        if (error == -Errno.EPERM.number()) {
            replies.deny(task, call, Optional.empty(), judge.denyUnreadable(task.tid));
        } else if (error < 0) {
            replies.skip(task, error);
        } else if (address.refused) {
            if (vaultRun.beginOnNothing(task, call) == VaultRun.Begun.UNDER_WAY) {
                ptrace.resumeToExit(task.tid);
            } else {
                replies.skip(task, -Errno.ENOSYS.number());
            }
        } else {
            answer(task, call, judge.judge(task, call, address), MOST_AGAIN);
            task.closeFile();
        }
    }

    /** @param again so often another socket is judged that has the number by now */
    private void answer(Task task, TracedCall call, Verdict verdict, int again) {
        if (verdict instanceof Verdict.Allow allow) {
            boolean told = tellConnecting(watch, tracees.sockets(), task, call, judge.destination());
            if (task.forFirewall && crossing.holdsCall(task)) {
                return;
            }
            int result = copyRun.run(task, call, allow, judge.destination());
            if (result == CopyRun.SWAPPED && again > 0) {
                answer(task, call, judge.judge(task, call, address), again - 1); // a program may close one socket and open another
                return;
            }
            if (!told) {
                tellConnected(watch, tracees.sockets(), task, call, judge.destination(), copyRun.transport());
            }
            if (result == CopyRun.NOT_HERE) {
                leave(task, call, allow);
                return;
            }
            if (result == CopyRun.SWAPPED || result == CopyRun.MIXED) {
                replies.deny(task, call, judge.destination(), judge.deny(result == CopyRun.MIXED ? Swaps.MIXED : SWAPPED));
                return;
            }
            tellAllowed(task, call, address.named);
            replies.skip(task, call == TracedCall.SENDMMSG && result == 1 ? sendFurther(task) : result);
        } else if (verdict instanceof Verdict.Deny denial && call == TracedCall.SENDMMSG && task.call.argument(1) == task.further
                && judge.destination().equals(task.furtherTo)) {
            task.further = 0; // told when it was a further one: its caller goes on where it was interrupted
            replies.skip(task, -denial.errno().number());
        } else {
            answerInItsPlace(task, call, verdict);
        }
    }

    /** The further messages of a sendmmsg(2), up to the first that cannot be sent here: as the kernel tells it, by a smaller count. */
    private long sendFurther(Task task) {
        long count = Math.min(task.call.argument(2) & 0xffff_ffffL, CopyRun.MOST_MESSAGES);
        for (int sent = 1; sent < count; sent++) {
            if (address.readMessage(task.tid, task.call.argument(1), sent) < 0 || address.refused) {
                return sent;
            }
            Verdict verdict = judge.judge(task, TracedCall.SENDMMSG, address);
            if (verdict instanceof Verdict.Deny denial) {
                task.further = AddressCall.message(task.call.argument(1), sent);
                task.furtherTo = judge.destination();
                watch.deniedAfterwards(task.tid, TracedCall.SENDMMSG.syscall(), judge.destination(), Replies.socket(tracees.sockets(), task), denial);
                replies.tellDenied();
            }
            if (!(verdict instanceof Verdict.Allow allow) || copyRun.run(task, sent, allow) != 1) {
                return sent;
            }
            tellAllowed(task, TracedCall.SENDMMSG, address.named);
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
        boolean left = swaps.isLeftToFirewall(task, call);
        if (left && crossing.holdsCall(task)) {
            return;
        }
        boolean named = address.named;
        Optional<Verdict> against = swaps.against(task, call, allow, left);
        if (against.isPresent()) {
            answerInItsPlace(task, call, against.get());
            return;
        }
        if (task.connected.isPresent() && !aftermath.hasRoom()) {
            task.letGo();
            replies.deny(task, call, judge.destination(), judge.deny(TOO_MANY));
            return;
        }
        VaultRun.Begun begun = vaultRun.begin(task, call, allow, aftermath.hasRoom());
        if (begun != VaultRun.Begun.UNDER_WAY) {
            task.letGo();
        }
        switch (begun) {
            case NO_SLOT -> replies.deny(task, call, judge.destination(), judge.deny(TOO_MANY));
            case NOT_KEPT -> replies.deny(task, call, judge.destination(), judge.deny(vaultRun.why()));
            case GONE -> replies.skip(task, -Errno.ENOSYS.number());
            case UNDER_WAY -> {
                aftermath.hold(task, call);
                if (left) {
                    crossing.leaves(task);
                }
                tellAllowed(task, call, named);
                if (ptrace.resumeToExit(task.tid) < 0 && task.isSeenToItsEnd()) {
                    aftermath.letGo(task); // killed in its stop: the call does not run
                }
            }
        }
    }

    private void answerInItsPlace(Task task, TracedCall call, Verdict verdict) {
        if (verdict instanceof Verdict.Deny denial) {
            replies.denyOfSocket(task, call, judge.destination(), denial);
        } else {
            replies.skip(task, -((Verdict.Answer) verdict).errno().number());
        }
    }

    private void tellAllowed(Task task, TracedCall call, boolean named) {
        if (tellsAllowed && named && !repeats.isOne(task, judge.destination())) {
            Task.Untold told = new Task.Untold(call, judge.destination(), Replies.socket(tracees.sockets(), task));
            if (task.kept.isPresent()) {
                task.untold = Optional.of(told);
            } else {
                tell(task, told);
            }
        }
    }

    /** Before the call is made, as what its process does next may hang on it. @return whether it was told */
    static boolean tellConnecting(Watch watch, TraceeSockets sockets, Task task, TracedCall call, Optional<Sockaddr> destination) {
        boolean tells = call == TracedCall.CONNECT && destination.isPresent() && watch.looksAtSockets();
        if (tells) {
            watch.connecting(task.tid, destination.get(), Replies.socket(sockets, task));
        }
        return tells;
    }

    /** Of a call of which nothing was told before it was made. @param transport {@link CopyRun#transport} */
    static void tellConnected(
            Watch watch, TraceeSockets sockets, Task task, TracedCall call, Optional<Sockaddr> destination, int transport) {
        if (call == TracedCall.CONNECT && destination.isPresent()) {
            Sockaddr to = destination.get();
            boolean ofUdp = to instanceof Sockaddr.Inet || to instanceof Sockaddr.Inet6 || to instanceof Sockaddr.Unspec;
            boolean unseen = ofUdp && transport == SocketCopy.NO_TRANSPORT; // as of one that has restricted itself
            SocketKind seen = transport == Protocol.UDP.number() ? SocketKind.UNKNOWN : NOT_OF_UDP;
            watch.connecting(task.tid, to, unseen ? Replies.socket(sockets, task) : seen);
        }
    }

    private void tell(Task task, Task.Untold told) {
        watch.allowed(task.tid, told.call().syscall(), told.destination(), told.socket());
    }

    /** Of a call that is over, one way or the other. */
    private void tellAtEnd(Task task, boolean allowed) {
        if (allowed && task.untold.isPresent()) {
            tell(task, task.untold.get());
        }
        task.untold = Optional.empty();
    }

    /** At the exit-stop of what was left to the tracee. @return whether the call is made again, with signals blocked or the mark */
    boolean exit(Task task, TracedCall call) {
        if (task.phase != Task.Phase.IN_CALL) {
            boolean marked = task.marked;
            task.marked = false; // by winding back
            mapping.finish(task);
            if (task.interruptions > 0) {
                remake.hold(task); // where signals come fast it would never be
            }
            return marked || task.held;
        }
        crossing.left(task);
        String wrong = aftermath.look(task, call);
        if (wrong.isEmpty() && vaultRun.beginAnew(task)) {
            aftermath.letGo(task);
            tellAtEnd(task, false);
            task.marked = false; // by winding back; it is a new call to all
            return false;
        }
        String refused = vaultRun.refused(task, call);
        tellAtEnd(task, wrong.isEmpty() && refused.isEmpty());
        vaultRun.finish(task, call);
        remake.unmark(task);
        if (!wrong.isEmpty()) {
            kill(task, call, wrong);
        } else if (!refused.isEmpty()) {
            Verdict.Deny denial = judge.deny(refused);
            replies.tell(task, call, denial);
            ptrace.setResult(task.tid, -denial.errno().number());
        } else if (tellsAllowed) {
            repeats.ended(task);
        }
        aftermath.letGo(task);
        return false;
    }

    private void kill(Task task, TracedCall call, String wrong) {
        replies.kill(task, call, judge.deny(wrong + ": all processes killed"));
    }

    /** At the stop at its end of one that was killed in its call. */
    void atEnd(Task task) {
        String wrong = aftermath.lookAtEnd(task);
        if (!wrong.isEmpty()) {
            kill(task, TracedCall.CONNECT, wrong);
        }
        aftermath.letGo(task);
    }

    /** The task died, or became another program. */
    void abandon(Task task) {
        crossing.left(task);
        String wrong = aftermath.lookAfterDeath(task);
        tellAtEnd(task, wrong.isEmpty());
        if (!wrong.isEmpty() && !replies.killedAll()) {
            kill(task, TracedCall.CONNECT, wrong);
        }
        vaultRun.giveBack(task);
        aftermath.letGo(task);
        mapping.abandon(task);
    }

    boolean isIdle() {
        return vaultRun.isIdle();
    }
}
