package org.secfilt.tracer;

import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Notification;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Verdict;

/**
 * Answers calls that the filter's listener is told of, on the listener's thread: those about internet addresses, as far as what is allowed can be
 * made on a copy of the socket ({@link CopyRun}). It takes half as long as a stop. All others are handed over to the tracer, for which they stop.
 *
 * <p>Nothing here is the tracer's but what is said to be both's.
 */
final class NotifiedRun implements NotifiedCalls {
    /** A power of two. */
    private static final int LATELY = 128;

    private final Kernel kernel;
    private final Ptrace ptrace;
    private final Plan plan;
    private final Calls calls;
    private final Set<Integer> traced;
    private final Set<Integer> restricted;
    private final FormerPeers former;
    private final Handover.Desk desk;
    private final Replies replies;
    private final Watch watch;
    private final Presence presence = new Presence();
    /** By the last bits of their numbers. */
    private final Task[] lately = new Task[LATELY];
    private Task caller;
    private Hands hands;

    /**
     * @param ptrace the tracer's, to be rung
     * @param traced the threads that are, both's: others, made by CLONE_UNTRACED, are answered as by a filter without a tracer
     * @param restricted as in {@link CopyRun}, both's
     * @param former both's
     * @param desk both's
     * @param replies both's, as far as it is told of denials
     */
    NotifiedRun(Kernel kernel, Ptrace ptrace, Plan plan, Calls calls, Set<Integer> traced, Set<Integer> restricted, FormerPeers former,
            Handover.Desk desk, Replies replies, Watch watch) {
        this.kernel = kernel;
        this.ptrace = ptrace;
        this.plan = plan;
        this.calls = calls;
        this.traced = traced;
        this.restricted = restricted;
        this.former = former;
        this.desk = desk;
        this.replies = replies;
        this.watch = watch;
    }

    @Override
    public boolean answer(Notification notification) {
        SyscallStop stop = notification.call();
        TracedCall call = calls.notified(stop);
        if (call == null) {
            return false;
        }
        Task task = task(notification.tid());
        if (!traced.contains(task.number)) {
            notification.answer(-Errno.ENOSYS.number());
            return true;
        }
        task.call.copy(stop);
        int result = judge(task, call, notification);
        if (result == CopyRun.NOT_HERE || result == CopyRun.SWAPPED || result == CopyRun.MIXED) {
            handOver(task, notification);
        } else {
            notification.answer(result);
        }
        return true;
    }

    /** Mostly one that has called lately. */
    private Task task(int tid) {
        int at = tid & lately.length - 1;
        if (lately[at] == null || lately[at].tid != tid) {
            lately[at] = new Task(tid);
        }
        caller = lately[at];
        caller.begun = Task.NONE;
        return caller;
    }

    /** @return what the call answers, {@link CopyRun#NOT_HERE}, {@link CopyRun#SWAPPED} or {@link CopyRun#MIXED} */
    private int judge(Task task, TracedCall call, Notification notification) {
        AddressCall address = hands.address;
        if (address.read(task.tid, call, task.call) < 0 || address.refused || !address.named || !address.isInternet()) {
            return CopyRun.NOT_HERE;
        }
        Verdict verdict = hands.judge.judge(task, call, address);
        if (verdict instanceof Verdict.Allow allow) {
            boolean told = AddressStop.tellConnecting(watch, hands.tracees.sockets(), task, call, hands.judge.destination());
            int result = hands.copyRun.run(task, call, allow, hands.judge.destination(), presence);
            if (!told) {
                AddressStop.tellConnected(watch, hands.tracees.sockets(), task, call, hands.judge.destination(), hands.copyRun.transport());
            }
            return result;
        }
        if (verdict instanceof Verdict.Deny denial) {
            int error = hands.tracees.sockets().noSocket(task.tid, (int) task.call.argument(0));
            if (error < 0) {
                return error;
            }
            if (notification.waits()) {
                tell(task, call, denial);
            }
            return -denial.errno().number();
        }
        return -((Verdict.Answer) verdict).errno().number();
    }

    private void tell(Task task, TracedCall call, Verdict.Deny why) {
        if (watch.denied(task.tid, call.syscall(), hands.judge.destination(), Replies.socket(hands.tracees.sockets(), task), why)) {
            replies.tellDenied();
        }
    }

    @Override
    public void fail(KernelException why) {
        throw why;
    }

    @Override
    public void prepare() {
        hands = new Hands(kernel.notifiedTracees(), plan, restricted, former);
    }

    private void handOver(Task task, Notification notification) {
        desk.give(new Handover(task.tid, notification.leave(), task.begun));
        ptrace.ring();
    }

    /**
     * Who was traced when its memory was read, and is yet, had its number all the while: the tracer forgets it before anybody else can have
     * it. (But for one that ended unseen, {@link ExecStops#isNew}: the next one with its number is under the same filter, and what is made
     * is what was judged.) (SECCOMP_IOCTL_NOTIF_ID_VALID would tell the same, and costs; but for a leader whose number another thread of
     * its process has by now, for that one's execve: then the call is judged and made with what that one has, as it might have made it
     * itself.)
     */
    private final class Presence extends CopyRun.Presence {
        @Override
        boolean isThere() {
            return traced.contains(caller.number);
        }
    }

    /** What a thread needs that judges calls, made on that thread. */
    private static final class Hands {
        final Tracees tracees;
        final AddressCall address;
        final AddressJudge judge;
        final CopyRun copyRun;

        Hands(Tracees tracees, Plan plan, Set<Integer> restricted, FormerPeers former) {
            this.tracees = tracees;
            address = new AddressCall(tracees.memory());
            judge = new AddressJudge(tracees, plan, former);
            copyRun = new CopyRun(tracees, address, restricted, former);
        }
    }
}
