package org.secfilt.tracer;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The threads that are traced, and which of them have restricted themselves (landlock(7)), or were made by such: what we may do says nothing about
 * what those may. Tracer thread only, but for {@link #numbers} and {@link #restricted}.
 */
final class Tasks {
    private final Map<Integer, Task> tasks = new HashMap<>();
    private final Set<Integer> numbers = ConcurrentHashMap.newKeySet();
    private final Set<Integer> restricted = ConcurrentHashMap.newKeySet();
    /** Of whom it was told who made them, before anything was heard of them. */
    private final Set<Integer> announced = new HashSet<>();
    private boolean restrict;
    private Task last = new Task(Task.NONE);

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
        if (numbers.add(tid) && restrict && !announced.remove(tid)) {
            restricted.add(tid); // until it is told who made it
        }
    }

    /** A thread restricts itself. @param others perhaps others too: then it counts for all that are there */
    void restrict(Task task, boolean others) {
        restrict = true;
        restricted.add(task.tid);
        if (others) {
            restricted.addAll(numbers);
        }
    }

    /** Whether {@link #made} is to be told. */
    boolean asksWhoMade() {
        return restrict;
    }

    /** A thread made another, which has its restrictions. */
    void made(Task maker, int tid) {
        if (!numbers.contains(tid)) {
            announced.add(tid);
        }
        if (restricted.contains(maker.tid)) {
            restricted.add(tid);
        } else {
            restricted.remove(tid);
        }
    }

    /** A thread has another number now: that of the thread group's leader, which is gone. */
    void renumber(int former, Task task) {
        if (restricted.contains(former)) {
            restricted.add(task.tid);
        } else {
            restricted.remove(task.tid);
        }
    }

    void remove(Task task) {
        tasks.remove(task.tid);
        numbers.remove(task.tid);
        restricted.remove(task.tid);
        if (last == task) {
            last = new Task(Task.NONE);
        }
    }

    /** All of them, whatever comes and goes later. */
    Collection<Task> all() {
        return tasks.values();
    }

    int count() {
        return tasks.size();
    }

    /** For any thread. */
    Set<Integer> restricted() {
        return restricted;
    }

    /** Their numbers, for any thread; and of those that were let go before anything was heard of them ({@link Newborns}). */
    Set<Integer> numbers() {
        return numbers;
    }
}
