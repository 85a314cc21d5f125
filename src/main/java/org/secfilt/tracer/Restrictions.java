package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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
        /** It is new, and may have been made by a restricted one: until it is told who made it, and who that one. */
        NEW,
        /** It asked for a domain and may have got none, or had one put on it by another, or was made by one of whom it was not known. */
        PERHAPS,
        SURE
    }

    /** So many new ones may have made others. */
    private static final int MOST_MAKERS = 4096;

    private final ConcurrentMap<Integer, Mark> marks = new ConcurrentHashMap<>();
    /** Whom those made, one by one, of whom it was yet to be told who had made them: as those came into the world, so did these. */
    private final Map<Integer, List<Integer>> heirs = new HashMap<>();
    /** Of whom it was told who made them, before anything was heard of them. */
    private final Set<Integer> announced = new HashSet<>();
    /** The other way round; they may have ended since. */
    private final Set<Integer> untold = new HashSet<>();
    private final boolean told;
    private boolean any;

    /** @param told whether it will be told who restricts himself */
    Restrictions(boolean told) {
        this.told = told;
    }

    /** Whether {@link #made} is to be told. */
    boolean mayBeAny() {
        return told;
    }

    /** Something is heard of this one for the first time. */
    void begin(int tid) {
        if (!told) {
            return;
        }
        settleHeirs(tid, Mark.PERHAPS); // of another that had the number
        if (!announced.remove(tid)) {
            untold.add(tid);
            if (any) {
                strengthen(tid, Mark.NEW);
            }
        }
    }

    /**
     * A thread is about to restrict itself, and perhaps others; whether it will be is for the kernel to say.
     *
     * @return the others that nothing was known against
     */
    List<Integer> ask(Task task, Collection<Integer> others) {
        any = true;
        strengthen(task.number, Mark.PERHAPS);
        List<Integer> unmarked = new ArrayList<>();
        for (Integer other : others) {
            if (!marks.containsKey(other)) {
                unmarked.add(other);
            }
            strengthen(other, Mark.PERHAPS);
        }
        return unmarked;
    }

    /** Those that it was told of, and nothing was heard of yet. */
    Set<Integer> announced() {
        return announced;
    }

    /** The kernel has restricted it. */
    void restricted(Integer tid) {
        strengthen(tid, Mark.SURE);
    }

    /** The kernel has not, and nobody else may have meanwhile. */
    void acquit(Collection<Integer> tids) {
        for (Integer tid : tids) {
            marks.remove(tid, Mark.PERHAPS);
        }
    }

    /**
     * A thread made another, which has its restrictions, and may have got its own meanwhile.
     *
     * @param traced whether {@link #begin} was told of it, and {@link #end} was not
     */
    void made(Task maker, int tid, boolean traced) {
        boolean heard = untold.remove(tid);
        boolean there = traced || !heard;
        if (!heard && !traced) {
            announced.add(tid);
        }
        Mark makers = marks.get(maker.number);
        if (makers != Mark.NEW) {
            settle(tid, makers, there);
        } else if (heirs.size() >= MOST_MAKERS) {
            settle(tid, Mark.PERHAPS, there);
        } else {
            inherit(maker.tid, tid, there);
        }
    }

    /** It is known by now, with this mark or none, who made this one. */
    private void settle(int tid, Mark mark, boolean there) {
        if (there && mark != null) {
            strengthen(tid, mark);
        } else if (there) {
            marks.remove(tid, Mark.NEW);
        }
        settleHeirs(tid, mark);
    }

    private void settleHeirs(int tid, Mark mark) {
        List<Integer> known = heirs.remove(tid);
        if (known != null) {
            for (int heir : known) {
                settle(heir, mark, true);
            }
        }
    }

    private void inherit(int maker, int tid, boolean there) {
        List<Integer> all = heirs.get(maker);
        if (all == null) {
            all = new ArrayList<>();
            heirs.put(maker, all);
        }
        if (there) {
            strengthen(tid, Mark.NEW);
            all.add(tid);
        } else {
            all.addAll(heirsOf(tid));
        }
    }

    private List<Integer> heirsOf(int tid) {
        List<Integer> its = heirs.remove(tid);
        return its == null ? List.of() : its;
    }

    /** The one in the line of this new one of whom it is not told who made it; {@link Task#NONE} if it has ended. */
    int eldest(int tid) {
        for (Map.Entry<Integer, List<Integer>> line : heirs.entrySet()) {
            if (line.getValue().contains(tid)) {
                return eldest(line.getKey());
            }
        }
        return marks.containsKey(tid) ? tid : Task.NONE;
    }

    /** It is not told who made this one: most likely that one was killed before it could be. */
    void giveUp(int tid) {
        settle(tid, Mark.PERHAPS, true);
    }

    /** A thread has another number now, and what was known of the one that had it is void. */
    void renumber(int former, int tid) {
        leave(tid);
        Mark mark = marks.get(former);
        if (mark == null) {
            marks.remove(tid);
        } else {
            marks.put(tid, mark == Mark.NEW ? Mark.PERHAPS : mark); // who made the other says nothing about it
        }
    }

    void end(int tid) {
        marks.remove(tid);
        leave(tid);
    }

    /** Somebody else may have the number next. If it is yet to be told who made it, that will be told of it. */
    private void leave(int tid) {
        for (List<Integer> all : heirs.values()) {
            if (all.remove((Integer) tid)) {
                all.addAll(heirsOf(tid));
                return;
            }
        }
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
