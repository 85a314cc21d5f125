package org.secfilt.tracer;

import java.util.List;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.WaitEvent;

/** Forgets tracees: those that have ended, and what was owed to a program that another one has taken the place of. */
final class Endings {
    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final Watch watch;
    private final Tasks tasks;
    private final ExitStop exits;
    private final KeeperStop keeper;
    private final AddressStop addresses;
    private final ReceiveStop receptions;
    private final int root;
    /**
     * A signal ended somebody, perhaps amid an execve(2): a thread's own number is gone by then, and whoever has the process's is ended in its
     * stead. // fs/exec.c de_thread()
     */
    private boolean mayHaveMissed;

    /** @param root the process that becomes the command */
    Endings(Ptrace ptrace, TraceeStatus status, Watch watch, Tasks tasks, ExitStop exits, KeeperStop keeper, AddressStop addresses,
            ReceiveStop receptions, int root) {
        this.ptrace = ptrace;
        this.status = status;
        this.watch = watch;
        this.tasks = tasks;
        this.exits = exits;
        this.keeper = keeper;
        this.addresses = addresses;
        this.receptions = receptions;
        this.root = root;
    }

    /** It is a zombie, and its parent's after this. */
    void ended(Task task, WaitEvent how) {
        if (task.tid == root && !exits.commandEnded()) {
            exits.endCommand();
            watch.commandEnded(how.killed(), how.killed() ? how.signal() : how.exitCode(), tasks.count() == 1);
        }
        exits.ended(task.tid);
        forget(task); // before somebody else can have its number
        ptrace.reap(task.tid);
        mayHaveMissed |= how.killed();
        if (mayHaveMissed) {
            forgetMissed();
        }
        keeper.endAfterAll();
    }

    /** Not before all are gone: what is known of a thread amid its execve is needed still. */
    private void forgetMissed() {
        for (Task one : tasks.all()) {
            if (status.isOurs(one.tid)) {
                return;
            }
        }
        for (Task one : List.copyOf(tasks.all())) {
            forget(one);
        }
    }

    void forget(Task task) {
        abandon(task);
        tasks.remove(task);
    }

    /** At PTRACE_EVENT_EXEC. A thread that is not the leader takes the leader's number; its former one ends without a word. */
    void replaced(Task task) {
        long former = ptrace.eventMessage(task.tid);
        if (former > 0 && former != task.tid) {
            tasks.restrictions().renumber((int) former, task.tid);
            Task gone = tasks.find((int) former);
            if (gone != null && !status.isOurs((int) former)) { // or else a new one has the number already
                forget(gone);
            }
        }
        abandon(task);
        task.renew();
    }

    private void abandon(Task task) {
        addresses.abandon(task);
        receptions.abandon(task);
    }
}
