package org.secfilt.tracer;

import java.util.List;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.WaitEvent;

/**
 * The end of process 1, which takes the supervisor along: so all that comes at the end is done while it is held at its own. ptrace(2)
 * "PTRACE_EVENT_EXIT"
 */
final class InitExit {
    /** How long those are waited for that it takes along, in milliseconds; they have a SIGKILL. */
    private static final int LOOKS = 2000;

    private final Ptrace ptrace;
    private final TraceeStatus status;
    private final Watch watch;
    private final Tasks tasks;
    private final KeeperStop keeper;
    private final Endings endings;
    private final WaitEvent event = new WaitEvent();

    InitExit(Ptrace ptrace, TraceeStatus status, Watch watch, Tasks tasks, KeeperStop keeper, Endings endings) {
        this.ptrace = ptrace;
        this.status = status;
        this.watch = watch;
        this.tasks = tasks;
        this.keeper = keeper;
        this.endings = endings;
    }

    /** At the exit stop of a thread of process 1. */
    void answer(int init, Task thread) {
        if (isLast(init)) {
            long ending = ptrace.eventMessage(thread.tid); // as of wait(2)
            watch.initEnding();
            ptrace.killAll(); // of other users too
            awaitOthers(init);
            int signal = (int) ending & 0x7f;
            watch.commandEnded(signal != 0, signal != 0 ? signal : (int) ending >>> 8 & 0xff, true);
        }
    }

    private boolean isLast(int init) {
        for (int thread : status.threads(init)) {
            Task task = tasks.find(thread);
            if (task == null || !task.leaving) {
                return false;
            }
        }
        return true;
    }

    private void awaitOthers(int init) {
        boolean any = true;
        for (int look = 0; any && look < LOOKS; look++) {
            any = false;
            hearOfUnheard(init);
            for (Task other : List.copyOf(tasks.all())) {
                if (status.tgid(other.tid) == init) {
                    continue;
                }
                boolean seen = ptrace.poll(other.tid, event);
                if (seen && event.ended()) {
                    endings.ended(other, event);
                    continue;
                }
                any = true;
                if (seen && event.event() == Ptrace.PTRACE_EVENT_EXIT) {
                    ptrace.resume(other.tid, 0);
                } else if (seen) {
                    ptrace.killInStop(other.tid, event);
                }
            }
            if (any) {
                pause();
            }
        }
    }

    /** Whoever was just born, and killed before anything came of him; his parent may have ended before him. */
    private void hearOfUnheard(int init) {
        for (int child : status.children(init)) {
            if (tasks.find(child) == null && !keeper.is(child) && status.isOurs(child)) {
                tasks.of(child);
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
