package org.secfilt.tracer;

import java.util.concurrent.locks.LockSupport;
import org.secfilt.kernel.TraceeStatus;

/**
 * Those that call before it was told who made them, and so whether they are restricted ({@link Restrictions}). Their makers are on the way to the
 * stop that tells it, with nothing to wait for but a processor: so they are heard first. Until then such a call stays unanswered, and shows again.
 */
final class Unheard {
    private static final int LOOKS_AT_ONCE = 64;
    private static final long PAUSE_NANOS = 200_000;
    /** A tenth of a second: it is not to be seen who may yet tell. */
    private static final int MOST_LOOKS_IN_THE_DARK = LOOKS_AT_ONCE + 500;
    /** A second. */
    private static final int MOST_LOOKS = LOOKS_AT_ONCE + 5000;

    private final TraceeStatus status;
    private final Restrictions restrictions;
    /** Or null. */
    private Task first;
    private boolean hope;

    Unheard(TraceeStatus status, Restrictions restrictions) {
        this.status = status;
        this.restrictions = restrictions;
    }

    /** At the stop of a call. @return whether it is not to be answered yet */
    boolean holds(Task task) {
        boolean isNew = restrictions.isNew(task.number);
        if (isNew && first == null) {
            first = task;
        }
        return isNew;
    }

    boolean any() {
        return first != null;
    }

    /** Whom others are about to be served for. */
    Task first() {
        hope = mayBeTold(first);
        return first;
    }

    /** All others that had stopped have been answered. @return whether it is the first one's turn */
    boolean settle() {
        Task task = first;
        first = null;
        if (restrictions.isNew(task.number) && hope) {
            if (++task.looks > LOOKS_AT_ONCE) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return false;
        }
        if (restrictions.isNew(task.number)) {
            restrictions.giveUp(task.tid);
        }
        task.looks = 0;
        return true;
    }

    /**
     * A maker that was killed on the way to its stop never tells. One that was not runs until then; or stands there by now, and is heard when others
     * are served. Of a process that is most likely its parent; a sibling that made it (clone(2) CLONE_PARENT) is not to be found.
     */
    private boolean mayBeTold(Task task) {
        if (task.looks < LOOKS_AT_ONCE) {
            return true;
        }
        int eldest = restrictions.eldest(task.tid);
        if (eldest == Task.NONE) {
            return task.looks < MOST_LOOKS_IN_THE_DARK;
        }
        int process = status.tgid(eldest);
        for (int maker : status.threads(process == eldest ? status.parent(eldest) : process)) {
            if (maker != eldest && status.isRunning(maker)) {
                return task.looks < MOST_LOOKS;
            }
        }
        return process == eldest && task.looks < MOST_LOOKS_IN_THE_DARK;
    }
}
