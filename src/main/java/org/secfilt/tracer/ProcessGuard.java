package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * Judges the calls by which a process could take limits, processors or time from another one of its user, or sample it: they go on if they mean
 * processes of the run alone. Landlock has no say in them. Their arguments are registers. Signals are {@link SignalStop}'s where Landlock does not
 * scope them; ptrace(2) is refused to all.
 */
final class ProcessGuard {
    // linux/resource.h PRIO_PROCESS, PRIO_PGRP, PRIO_USER; linux/ioprio.h IOPRIO_WHO_PROCESS, and so on
    private static final int PRIO_PROCESS = 0;
    private static final int IOPRIO_WHO_PROCESS = 1;
    private static final int PERF_FLAG_PID_CGROUP = 4; // linux/perf_event.h
    private static final int NONE = 0;

    private static final Verdict.Deny OUTSIDE =
            new Verdict.Deny(Errno.EPERM, "it would change the limits or the scheduling of processes outside of the run", Origin.DEFAULT);

    private static final Verdict.Deny SAMPLED =
            new Verdict.Deny(Errno.EPERM, "it would sample processes outside of the run", Origin.DEFAULT);

    private static final Verdict.Deny NO_SECOND_TRACER =
            new Verdict.Deny(Errno.EPERM, "secfilt itself traces the command, and a process has one tracer", Origin.DEFAULT);

    private final Ptrace ptrace;
    private final TraceeNumbers numbers;
    private final Replies replies;
    private final Optional<SignalStop> signals;
    /** The group that the last judged call is about, where it left its number out. */
    private int named;

    ProcessGuard(Ptrace ptrace, TraceeNumbers numbers, Replies replies, Optional<SignalStop> signals) {
        this.ptrace = ptrace;
        this.numbers = numbers;
        this.replies = replies;
        this.signals = signals;
    }

    /** At the exit-stop of a call whose group was named. The register is to be as it was. */
    void exit(Task task, Task.Phase owed) {
        if (owed == Task.Phase.NAMING) {
            ptrace.setArgument(task.tid, 1, task.call.argument(1));
        } else {
            signals.orElseThrow().exit(task, owed);
        }
    }

    /** Of the group that was judged: the caller may be in another by then, setpgid(2) is its parent's too. */
    private void run(Task task) {
        if (named == NONE) {
            ptrace.resume(task.tid, 0);
        } else if (ptrace.setArgument(task.tid, 1, named) < 0) {
            replies.skip(task, -Errno.ESRCH.number()); // it died
        } else {
            task.phase = Task.Phase.NAMING;
            ptrace.resumeToExit(task.tid);
        }
    }

    /** The call is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        if (call.signals() || call.setsOwner()) {
            signals.orElseThrow().answer(task, call);
            return;
        }
        if (call == TracedCall.PTRACE) {
            replies.deny(task, call, Optional.empty(), NO_SECOND_TRACER);
            return;
        }
        switch (whose(task, call)) {
            case OURS -> run(task);
            case NOBODYS -> replies.skip(task, -Errno.ESRCH.number()); // not resumed: somebody may have the number by then
            case OTHERS -> replies.deny(task, call, Optional.empty(), call == TracedCall.PERF_EVENT_OPEN ? SAMPLED : OUTSIDE);
        }
    }

    private TraceeNumbers.Whose whose(Task task, TracedCall call) {
        named = NONE;
        int first = (int) task.call.argument(0);
        if (call == TracedCall.PERF_EVENT_OPEN) {
            int process = (int) task.call.argument(1);
            boolean many = process == -1 || (task.call.argument(4) & PERF_FLAG_PID_CGROUP) != 0;
            return many ? TraceeNumbers.Whose.OTHERS : process(task.tid, process);
        }
        if (call != TracedCall.SETPRIORITY && call != TracedCall.IOPRIO_SET) {
            return process(task.tid, first);
        }
        // Counted from 1 by the one, from 0 by the other.
        int kind = first - (call == TracedCall.IOPRIO_SET ? IOPRIO_WHO_PROCESS : PRIO_PROCESS);
        int who = (int) task.call.argument(1);
        return switch (kind) {
            case 0 -> process(task.tid, who);
            case 1 -> who < 0 ? TraceeNumbers.Whose.OURS : group(task.tid, who);
            case 2 -> TraceeNumbers.Whose.OTHERS; // all processes of a user, the supervisor too as a rule
            default -> TraceeNumbers.Whose.OURS; // the kernel knows no other
        };
    }

    private TraceeNumbers.Whose group(int tid, int number) {
        if (number != NONE) {
            return numbers.group(tid, number);
        }
        TraceeNumbers.OwnGroup own = numbers.ownGroup(tid);
        named = own.number();
        return named == NONE ? TraceeNumbers.Whose.OTHERS : own.whose();
    }

    /** Limits are the process's, the rest is each thread's: of a process either all threads are of the run or none. */
    private TraceeNumbers.Whose process(int tid, int number) {
        return number <= 0 ? TraceeNumbers.Whose.OURS : numbers.process(tid, number); // the caller itself, or what the kernel refuses
    }
}
