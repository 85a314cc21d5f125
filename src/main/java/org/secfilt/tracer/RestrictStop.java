package org.secfilt.tracer;

import java.util.Set;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;

/** Answers landlock_restrict_self(2), and is told of those that are made: they have the restrictions of who made them. The calls all run. */
final class RestrictStop {
    /** Others say whom it restricts besides the caller. // linux/landlock.h */
    private static final int LOG_FLAGS = 7;

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Set<Integer> traced;
    private final Restrictions restrictions;
    private final SyscallStop exit = new SyscallStop();

    RestrictStop(Ptrace ptrace, Tracees tracees, Tasks tasks) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.traced = tasks.numbers();
        this.restrictions = tasks.restrictions();
    }

    /** At the seccomp-stop; the call is saved in {@code task.call}. */
    void answer(Task task) {
        boolean others = ((int) task.call.argument(1) & ~LOG_FLAGS) != 0;
        restrictions.ask(task, others ? traced : Set.of());
        task.phase = Task.Phase.RESTRICTING;
        ptrace.resumeToExit(task.tid);
    }

    /** At the exit-stop. Without a ruleset the call is about the log alone. */
    void exit(Task task) {
        if (ptrace.syscallInfo(task.tid, exit) == 0 && exit.result() == 0 && (int) task.call.argument(0) >= 0) {
            restrictions.restricted(task);
        }
    }

    /** At the stop of who made another, of whose end the tracer may have heard already: then the next one with its number is somebody else's. */
    void made(Task maker, int child) {
        boolean heard = traced.contains(child);
        if (restrictions.areAny() && (heard || tracees.isOurs(child))) {
            restrictions.made(maker, child, heard);
        }
    }
}
