package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeStatus;

/** Answers landlock_restrict_self(2), and is told of those that are made: they have the restrictions of who made them. The calls all run. */
final class RestrictStop {
    // linux/landlock.h: further ones say whom it restricts besides the caller
    private static final int LOG_FLAGS = 7;
    /** All threads of the caller's process, or none. */
    private static final int LANDLOCK_RESTRICT_SELF_TSYNC = 8;

    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final Set<Integer> traced;
    private final Restrictions restrictions;
    private final SyscallStop exit = new SyscallStop();
    /** Whom calls that restrict others, and are under way, may restrict; by their callers. A caller that dies stays here. */
    private final Map<Integer, List<Integer>> doubted = new HashMap<>();

    RestrictStop(Ptrace ptrace, TraceeStatus status, Tasks tasks) {
        this.ptrace = ptrace;
        this.status = status;
        this.traced = tasks.numbers();
        this.restrictions = tasks.restrictions();
    }

    /** At the seccomp-stop; the call is saved in {@code task.call}. */
    void answer(Task task) {
        Collection<Integer> others = others(task);
        List<Integer> unmarked = restrictions.ask(task, others);
        if (!others.isEmpty()) {
            doubted.put(task.number, unmarked);
        }
        task.phase = Task.Phase.RESTRICTING;
        ptrace.resumeToExit(task.tid);
    }

    /** Whom the call restricts besides its caller. */
    private Collection<Integer> others(Task task) {
        int flags = (int) task.call.argument(1) & ~LOG_FLAGS;
        if (flags == 0) {
            return List.of();
        }
        if (flags == LANDLOCK_RESTRICT_SELF_TSYNC) {
            return status.threads(status.tgid(task.tid));
        }
        List<Integer> all = new ArrayList<>(traced);
        all.addAll(restrictions.announced());
        return all;
    }

    /** At the exit-stop. Without a ruleset the call is about the log alone. */
    void exit(Task task) {
        List<Integer> unmarked = doubted.remove(task.number);
        if (ptrace.syscallInfo(task.tid, exit) < 0) {
            return; // it died
        }
        if (exit.result() == 0 && (int) task.call.argument(0) >= 0) {
            restrictions.restricted(task.number);
            if (((int) task.call.argument(1) & ~LOG_FLAGS) == LANDLOCK_RESTRICT_SELF_TSYNC) {
                for (Integer thread : others(task)) { // by now; whom they made meanwhile, too
                    restrictions.restricted(thread);
                }
            }
        } else if (unmarked != null && doubted.isEmpty() && exit.result() == -Errno.EINVAL.number()) {
            restrictions.acquit(unmarked); // the kernel does not know the flag, and looks at it first
        }
    }

    /** At the stop of who made another, of whose end the tracer may have heard already: then the next one with its number is somebody else's. */
    void made(Task maker, int child) {
        if (restrictions.mayBeAny()) {
            restrictions.made(maker, child, traced.contains(child));
        }
    }
}
