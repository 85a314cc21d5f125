package org.secfilt.tracer;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which threads have restricted themselves (landlock(7)), or were made by such: what we may do says nothing about what those may. One of whom that is
 * not known counts as restricted, and not surely. Tracer thread only, but for {@link #marked}: so a thread is marked before it can make a
 * call of which the listener is told.
 */
final class Restrictions {
    /** The weaker first. */
    private enum Mark {
        /** It is new, and may have been made by a restricted one: until it is told who made it. */
        NEW,
        /** It asked for a domain and may have got none, or had one put on it by another, or was made by one of whom it was not known. */
        PERHAPS,
        SURE
    }

    private final ConcurrentMap<Integer, Mark> marks = new ConcurrentHashMap<>();
    /** Of whom it was told who made them, before anything was heard of them. */
    private final Set<Integer> announced = new HashSet<>();
    private boolean any;

    /** Whether {@link #made} is to be told. */
    boolean areAny() {
        return any;
    }

    /** Something is heard of this one for the first time. */
    void begin(int tid) {
        if (any && !announced.remove(tid)) {
            strengthen(tid, Mark.NEW);
        }
    }

    /** A thread is about to restrict itself, and perhaps others; whether it will be is for the kernel to say. */
    void ask(Task task, Set<Integer> others) {
        any = true;
        strengthen(task.number, Mark.PERHAPS);
        if (!others.isEmpty()) {
            for (Integer other : others) {
                strengthen(other, Mark.PERHAPS);
            }
            for (Integer other : announced) {
                strengthen(other, Mark.PERHAPS);
            }
        }
    }

    /** The kernel has restricted it. */
    void restricted(Task task) {
        strengthen(task.number, Mark.SURE);
    }

    /**
     * A thread made another, which has its restrictions, and may have got its own meanwhile.
     *
     * @param heard whether {@link #begin} was told of it
     */
    void made(Task maker, int tid, boolean heard) {
        if (!heard) {
            announced.add(tid);
        }
        Mark makers = marks.get(maker.number);
        if (makers != null) {
            strengthen(tid, makers == Mark.NEW ? Mark.PERHAPS : makers);
        } else {
            marks.remove(tid, Mark.NEW);
        }
    }

    /** A thread has another number now, and what was known of the one that had it is void. */
    void renumber(int former, int tid) {
        Mark mark = marks.get(former);
        if (mark == null) {
            marks.remove(tid);
        } else {
            marks.put(tid, mark == Mark.NEW ? Mark.PERHAPS : mark); // who made the other says nothing about it
        }
    }

    void end(int tid) {
        marks.remove(tid);
    }

    private void strengthen(Integer tid, Mark mark) {
        Mark before = marks.get(tid);
        if (before == null || before.compareTo(mark) < 0) {
            marks.put(tid, mark);
        }
    }

    boolean isSure(Integer tid) {
        return marks.get(tid) == Mark.SURE;
    }

    /** Whether it is yet to be told who made it. */
    boolean isNew(Integer tid) {
        return marks.get(tid) == Mark.NEW;
    }

    /** Those that are restricted, or may be; for any thread, and as it will be. */
    Set<Integer> marked() {
        return marks.keySet();
    }
}
