package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * Judges signals where Landlock does not: as there, processes of the run get them, and no others, and a signal to many goes to those of them who are
 * of the run. The call runs as it was made if all whom it means are; or else once for each of them, in the caller's name, the caller's own process
 * last:
 *
 * <pre>
 *   seccomp-stop of kill(-GROUP, n)       becomes kill(MEMBER, n); no signal is to come in between
 *   its exit-stop                         the result is noted, and the call wound back: it stops again, for the next (Remake)
 *   none is left, and the caller is one   becomes kill(CALLER, n), with signals as they were, and its registers are put back when it has run
 *   or is none                            the call is skipped, with the result that the kernel would give
 * </pre>
 *
 * <p>Numbers are registers, which do not change. A pidfd may be another by the time the call runs: so what it stood for is signalled by its number.
 * What is left is time: who is judged may end before the call runs, and its number be somebody's by then, after all others were given away.
 */
final class SignalStop {
    private static final int EVERYBODY = -1;
    /** Of a PID namespace. */
    private static final int INIT = 1;
    private static final int NSIG = 64; // asm-generic/signal.h
    // linux/pidfd.h
    private static final int PIDFD_SIGNAL_THREAD = 1;
    private static final int PIDFD_SIGNAL_THREAD_GROUP = 2;
    private static final int PIDFD_SIGNAL_PROCESS_GROUP = 4;

    private static final Verdict.Deny OUTSIDE =
            new Verdict.Deny(Errno.EPERM, "it would signal processes outside of the run", Origin.DEFAULT);

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final SignalTargets targets;
    private final Replies replies;
    private final Remake remake;
    private final Replacement replacement;
    private final OwnerStop owners;
    private final Optional<Keeper> keeper;
    private final SyscallTable syscalls;
    private final SyscallStop ended = new SyscallStop();
    /** si_signo. */
    private final byte[] number = new byte[Integer.BYTES];

    SignalStop(
            Ptrace ptrace, Tracees tracees, SignalTargets targets, Replies replies, Remake remake, Optional<Keeper> keeper, SyscallTable syscalls) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.targets = targets;
        this.replies = replies;
        this.remake = remake;
        this.keeper = keeper;
        this.syscalls = syscalls;
        this.replacement = new Replacement(ptrace, replies);
        this.owners = new OwnerStop(ptrace, tracees, targets, replies, replacement, syscalls);
    }

    /** The call is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        if (task.signalling.isPresent() && task.signalling.get().isOf(task.call)) {
            remake.hold(task); // behind a handler, of SIGSYS, it is not
            next(task);
            return;
        }
        task.signalling = Optional.empty();
        remake.release(task);
        int first = (int) task.call.argument(0);
        switch (call) {
            case KILL -> kill(task, first);
            case TGKILL, RT_TGSIGQUEUEINFO -> one(task, call, first <= 0 ? first : (int) task.call.argument(1));
            case PIDFD_SEND_SIGNAL -> pidfd(task, first, (int) task.call.argument(3));
            case FCNTL, IOCTL -> owners.answer(task, call, keeper());
            default -> one(task, call, first); // TKILL, RT_SIGQUEUEINFO
        }
    }

    private void kill(Task task, int number) {
        if (number > 0 || number == Integer.MIN_VALUE) { // ESRCH, whoever there is
            one(task, TracedCall.KILL, number);
        } else if (number == EVERYBODY) {
            everybody(task, kill(number, task.call.argument(1)));
        } else {
            group(task, TracedCall.KILL, -number, kill(number, task.call.argument(1)));
        }
    }

    private void one(Task task, TracedCall call, int number) {
        if (number <= 0) {
            ptrace.resume(task.tid, 0); // it is refused
            return;
        }
        switch (targets.one(task.tid, number, keeper())) {
            case OURS -> ptrace.resume(task.tid, 0);
            case NOBODYS -> replies.skip(task, -Errno.ESRCH.number()); // not resumed: somebody may have the number by then
            case OTHERS -> refuse(task, call);
        }
    }

    /** Of what is no signal the kernel says that, whoever there is. */
    private void refuse(Task task, TracedCall call) {
        if (isSignal(task, call)) {
            replies.deny(task, call, Optional.empty(), OUTSIDE);
        } else {
            replies.skip(task, -Errno.EINVAL.number());
        }
    }

    private static boolean isSignal(Task task, TracedCall call) {
        boolean third = call == TracedCall.TGKILL || call == TracedCall.RT_TGSIGQUEUEINFO;
        int signal = (int) task.call.argument(third ? 2 : 1);
        return signal >= 0 && signal <= NSIG;
    }

    private void everybody(Task task, SignalCall deed) {
        SignalTargets.Group all = targets.all(task.tid, keeper());
        if (all.empty()) {
            replies.skip(task, -Errno.ESRCH.number());
        } else if (!isSignal(task, TracedCall.KILL)) {
            replies.skip(task, -Errno.EINVAL.number());
        } else {
            begin(task, new Signalling(task.call, deed, true, all));
        }
    }

    /** @param number {@link SignalTargets#NONE} for the caller's own */
    private void group(Task task, TracedCall call, int number, SignalCall deed) {
        SignalTargets.Group group = targets.group(task.tid, number, keeper());
        if (group.empty()) {
            replies.skip(task, -Errno.ESRCH.number());
        } else if (!group.outside() && group.number() > INIT && deed.nr() == nr(TracedCall.KILL)) { // by -1 it means everybody
            replacement.run(task, deed.to(-group.number())); // the caller may be in another by then, setpgid(2) is its parent's too
        } else if (group.inside().isEmpty() && group.self() == SignalTargets.NONE) {
            refuse(task, call);
        } else {
            begin(task, new Signalling(task.call, deed, false, group));
        }
    }

    private void pidfd(Task task, int fd, int flags) {
        boolean known = flags == 0 || flags == PIDFD_SIGNAL_THREAD || flags == PIDFD_SIGNAL_THREAD_GROUP || flags == PIDFD_SIGNAL_PROCESS_GROUP;
        if (fd < 0 && known && flags != PIDFD_SIGNAL_PROCESS_GROUP) {
            ptrace.resume(task.tid, 0); // PIDFD_SELF_*: the caller itself; of others it is refused
            return;
        }
        Optional<SignalTargets.OfPidfd> held = known && fd >= 0 ? targets.pidfd(task.tid, fd) : Optional.empty();
        if (held.isEmpty()) {
            replies.skip(task, -(known ? Errno.EBADF : Errno.EINVAL).number()); // what is open of /proc/PID stands for it too, and is not looked at
            return;
        }
        int number = held.get().number();
        long signal = task.call.argument(1);
        long info = task.call.argument(2);
        SignalCall deed = info == 0 ? kill(number, signal) : new SignalCall(nr(TracedCall.RT_SIGQUEUEINFO), number, signal, info, 0);
        int error = info == 0 ? 0 : refusal(task.tid, info, (int) signal);
        if (error != 0) {
            replies.skip(task, error);
        } else if (number <= 0) {
            replies.skip(task, -(number == SignalTargets.GONE ? Errno.ESRCH : Errno.EINVAL).number());
        } else if (flags == PIDFD_SIGNAL_PROCESS_GROUP) {
            group(task, TracedCall.PIDFD_SEND_SIGNAL, number, deed);
        } else {
            boolean thread = flags == PIDFD_SIGNAL_THREAD || flags == 0 && held.get().thread();
            int process = held.get().process();
            judge(task, number, !thread ? deed : info == 0 ? new SignalCall(nr(TracedCall.TGKILL), process, number, signal, 0)
                    : new SignalCall(nr(TracedCall.RT_TGSIGQUEUEINFO), process, number, signal, info));
        }
    }

    /** What the kernel answers to information that is not there, or of another signal: the call that takes this one's place would not ask. */
    private int refusal(int tid, long info, int signal) {
        if (tracees.memory().read(tid, info, number, Integer.BYTES) != Integer.BYTES) {
            return -Errno.EFAULT.number();
        }
        return ControlMessages.intAt(number, 0) == signal ? 0 : -Errno.EINVAL.number();
    }

    private void judge(Task task, int number, SignalCall deed) {
        switch (targets.one(task.tid, number, keeper())) {
            case OURS -> replacement.run(task, deed);
            case NOBODYS -> replies.skip(task, -Errno.ESRCH.number());
            case OTHERS -> refuse(task, TracedCall.PIDFD_SEND_SIGNAL);
        }
    }

    private void begin(Task task, Signalling signalling) {
        remake.hold(task);
        task.signalling = Optional.of(signalling);
        next(task);
    }

    private void next(Task task) {
        Signalling signalling = task.signalling.get();
        if (signalling.isDone() && signalling.looksAgain()) {
            signalling.add(signalling.everybody() ? targets.all(task.tid, keeper())
                    : targets.group(task.tid, signalling.group(), keeper()));
        }
        if (!signalling.isDone()) {
            replacement.put(task, signalling.take());
            task.phase = Task.Phase.SIGNALLING;
            ptrace.resumeToExit(task.tid);
            return;
        }
        task.signalling = Optional.empty();
        if (signalling.self() == SignalTargets.NONE) {
            replies.skip(task, signalling.result());
        } else {
            remake.release(task);
            replacement.run(task, signalling.toSelf());
        }
    }

    /** At the exit-stop of a call that was put in the place of another. */
    void exit(Task task, Task.Phase owed) {
        if (owed == Task.Phase.REPLACED) {
            replacement.exit(task);
        } else if (task.signalling.isPresent() && ptrace.syscallInfo(task.tid, ended) == 0) {
            Signalling signalling = task.signalling.get();
            signalling.ended(ended.result());
            task.trapped = ended.result() == signalling.nr(); // a filter of its own // kernel/seccomp.c syscall_rollback()
            ptrace.rewind(task.tid, task.call);
        }
    }

    private SignalCall kill(int number, long signal) {
        return new SignalCall(nr(TracedCall.KILL), number, signal, 0, 0);
    }

    private int nr(TracedCall call) {
        return syscalls.nr(call.syscall());
    }

    private int keeper() {
        return keeper.isPresent() ? keeper.get().pid() : SignalTargets.NONE;
    }
}
