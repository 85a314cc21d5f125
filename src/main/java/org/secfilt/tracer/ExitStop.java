package org.secfilt.tracer;

import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/** Answers exit(2) and exit_group(2), and the calls by another entry of the machine, of which none runs but these. */
final class ExitStop {
    private static final String NO_OTHER_ENTRY = "32-bit programs cannot run under a policy, only %s calls are judged; build it for %s";

    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final Replies replies;
    private final Watch watch;
    private final Calls calls;
    private final Tasks tasks;
    private final Plan plan;
    private final int root;
    /** Its number may be another's from then on, of what it has left behind. */
    private boolean commandEnded;

    /** @param root the process whose exit code may have to be the policy's */
    ExitStop(Ptrace ptrace, TraceeStatus status, Replies replies, Watch watch, Calls calls, Tasks tasks, Plan plan, int root) {
        this.ptrace = ptrace;
        this.status = status;
        this.replies = replies;
        this.watch = watch;
        this.calls = calls;
        this.tasks = tasks;
        this.plan = plan;
        this.root = root;
    }

    /**
     * The exit code of a process is that of its exit_group(2), or of its last thread's exit(2) where none made one; so every such call of
     * the first process is given the policy's code once something was denied; or is held back, for of threads that leave at the same time anyone may
     * be the last. Death by a signal is left as it is.
     */
    void answer(Task task, SyscallStop stop) {
        if (plan.policy().violationExit().isPresent() && !commandEnded && status.tgid(task.tid) == root) {
            task.exiting = true;
            if (calls.traced(stop) != TracedCall.EXIT || isLast()) {
                ended(root);
            }
            if (replies.denied() || watch.waitsForProcesses()) {
                ptrace.setExitCode(task.tid, stop, plan.policy().violationExit().get());
            }
        }
        ptrace.resume(task.tid, 0);
    }

    /** Those that have made their exit(2) may be listed still: the first thread stays a zombie until the last has gone. */
    private boolean isLast() {
        for (int thread : status.threads(root)) {
            Task other = tasks.find(thread);
            if (other == null || !other.exiting) {
                return false;
            }
        }
        return true;
    }

    void endCommand() {
        commandEnded = true;
    }

    boolean commandEnded() {
        return commandEnded;
    }

    /** The process of this number has ended, or makes its last call. */
    void ended(int process) {
        if (watch.waitsForProcesses() && watch.ending(process)) {
            replies.tellDenied();
        }
    }

    /** Nothing of it is known but how it ends: so a program can say what it has to say by its exit code. */
    void answerForeign(Task task, SyscallStop stop, String entry) {
        if (calls.isForeignExit(stop)) {
            answer(task, stop);
        } else {
            replies.denyForeign(task, entry,
                    new Verdict.Deny(Errno.ENOSYS, NO_OTHER_ENTRY.formatted(plan.arch(), plan.arch()), Origin.DEFAULT));
        }
    }
}
