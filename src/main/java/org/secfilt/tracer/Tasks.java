package org.secfilt.tracer;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The threads that are traced, and which of them are restricted. Tracer thread only, but for {@link #numbers}. */
final class Tasks {
    private final Map<Integer, Task> tasks = new HashMap<>();
    private final Set<Integer> numbers = ConcurrentHashMap.newKeySet();
    private final Restrictions restrictions;
    private Task last = new Task(Task.NONE);

    /** @param restrict whether it is told when they restrict themselves */
    Tasks(boolean restrict) {
        this.restrictions = new Restrictions(restrict);
    }

    /** Of whom something was heard, for the first time perhaps. */
    Task of(int tid) {
        if (last.tid != tid) {
            Task known = tasks.get(tid);
            if (known == null) {
                known = new Task(tid);
                tasks.put(tid, known);
                begin(tid);
            }
            last = known;
        }
        return last;
    }

    /** Null if it is not traced, or nothing was heard of it so far, and it was not let go unheard either. */
    Task find(int tid) {
        return numbers.contains(tid) ? of(tid) : null;
    }

    /** It is about to run for the first time, or has. */
    void begin(int tid) {
        if (!numbers.contains(tid)) {
            restrictions.begin(tid); // before that: the listener's thread asks for the number, and then for the mark
            numbers.add(tid);
        }
    }

    void remove(Task task) {
        tasks.remove(task.tid);
        numbers.remove(task.tid);
        restrictions.end(task.tid); // after that: it asks for the number once more when it has asked for the mark
        if (last == task) {
            last = new Task(Task.NONE);
        }
    }

    /** All of them, as they come and go: to be copied by who changes them on the way. */
    Collection<Task> all() {
        return tasks.values();
    }

    int count() {
        return tasks.size();
    }

    Restrictions restrictions() {
        return restrictions;
    }

    /** Their numbers, for any thread; and of those that were let go before anything was heard of them ({@link Newborns}). */
    Set<Integer> numbers() {
        return numbers;
    }
}
