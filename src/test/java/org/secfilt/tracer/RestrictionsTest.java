package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which threads are marked once a thread has restricted itself, and which of them surely. */
class RestrictionsTest {
    private final Set<Integer> traced = new HashSet<>();
    private List<Integer> unmarked = List.of();

    /**
     * What the tracer sees, one word each: {@code N:begin}, {@code N:ask}, {@code N:ask-others} (4 is meant), {@code N:fails} (then),
     * {@code N:restricted}, {@code N:made=M}, {@code N:gives-up}, {@code N:execs=M}, {@code N:end}; before it, 9 has restricted itself and ended.
     * Then who is marked, and with ! surely.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "5:begin, 5",
        "4:begin 4:ask 4:restricted, 4!",
        "4:begin 4:ask, 4",
        "4:ask 4:restricted 4:ask, 4!",
        // who made a new one
        "5:begin 4:made=5, ''",
        "4:ask 4:restricted 5:begin 4:made=5, 4! 5!",
        "4:ask 5:begin 4:made=5, 4 5",
        "4:made=5 5:begin, ''",
        "4:ask 4:restricted 4:made=5 5:begin, 4! 5!",
        // it is told late, and meanwhile the new one has restricted itself
        "5:begin 5:ask 5:restricted 4:made=5, 5!",
        "5:begin 5:ask 4:made=5 5:restricted, 5!",
        // or has made another
        "5:begin 6:begin 5:made=6, 5 6",
        "5:begin 6:begin 5:made=6 4:made=5, ''",
        "5:begin 5:made=6 6:begin 6:made=7 4:made=5 7:begin, ''",
        "4:ask 4:restricted 5:begin 6:begin 5:made=6 4:made=5, 4! 5! 6!",
        "4:ask 5:begin 6:begin 7:begin 6:made=7 5:made=6 4:made=5, 4 5 6 7",
        // before it restricted itself, or after that
        "5:begin 6:begin 5:made=6 5:ask 5:restricted 4:made=5, 5!",
        "5:begin 5:ask 5:restricted 6:begin 5:made=6 4:made=5, 5! 6!",
        "5:begin 6:begin 5:made=6 6:ask 6:restricted 4:made=5, 6!",
        // and has ended
        "5:begin 6:begin 5:made=6 5:end 4:made=5, ''",
        "4:ask 4:restricted 5:begin 6:begin 5:made=6 5:end 4:made=5, 4! 6!",
        "5:begin 6:begin 5:made=6 7:begin 6:made=7 6:end 4:made=5, ''",
        "4:ask 5:begin 6:begin 7:begin 6:made=7 6:end 5:made=6 4:made=5, 4 5 7",
        "5:begin 6:begin 5:made=6 5:end 5:begin 4:made=5, 6",
        "5:begin 6:begin 5:made=6 6:end 6:begin 4:made=5, 6",
        // it is never told
        "5:begin 6:begin 5:made=6 5:gives-up, 5 6",
        // others of its process too, perhaps, and those of whom nothing was heard yet
        "4:begin 5:begin 4:made=5 6:begin 5:ask-others 6:made=4, 4 5 6",
        "4:begin 3:made=4 5:begin 4:made=5 5:ask-others, 4 5",
        "4:begin 3:made=4 5:begin 4:made=5 5:ask-others 5:fails, 5",
        "4:begin 5:begin 4:made=5 5:ask-others 5:fails, 4 5",
        "4:ask 4:restricted 5:ask-others, 4! 5",
        // execve by a thread, which has the number of another by then
        "5:begin 5:ask 5:restricted 5:execs=4 5:end, 4!",
        "4:begin 4:ask 4:restricted 5:execs=4, ''",
        "4:begin 5:begin 5:execs=4 5:end 3:made=4, 4",
        // the next one with its number
        "5:ask 5:restricted 5:end 5:begin, 5",
        "5:begin 5:end 4:made=5 5:begin, 5",
        "5:begin 5:end 4:made=5 5:begin 4:made=5, ''",
        "5:ask 5:restricted 5:end 5:begin 4:made=5, ''",
    })
    void marks(String seen, String expected) {
        Restrictions restrictions = new Restrictions(true);
        restrictions.ask(new Task(9), Set.of());
        restrictions.restricted(9);
        restrictions.end(9);
        for (String word : seen.split(" ")) {
            see(restrictions, new Task(word.charAt(0) - '0'), word.substring(2));
        }
        assertEquals(expected, shown(restrictions));
    }

    private static String shown(Restrictions restrictions) {
        List<String> marked = new ArrayList<>();
        for (int tid : new TreeSet<>(restrictions.marked())) {
            marked.add(tid + (restrictions.isSure(tid) ? "!" : ""));
        }
        return String.join(" ", marked);
    }

    private void see(Restrictions restrictions, Task task, String what) {
        int other = what.charAt(what.length() - 1) - '0';
        switch (what.split("=")[0]) {
            case "begin" -> {
                traced.add(task.tid);
                restrictions.begin(task.tid);
            }
            case "ask" -> restrictions.ask(task, Set.of());
            case "ask-others" -> unmarked = restrictions.ask(task, Set.of(4));
            case "fails" -> restrictions.acquit(unmarked);
            case "restricted" -> restrictions.restricted(task.tid);
            case "made" -> restrictions.made(task, other, traced.contains(other));
            case "gives-up" -> restrictions.giveUp(task.tid);
            case "execs" -> restrictions.renumber(task.tid, other);
            case "end" -> {
                traced.remove(task.tid);
                restrictions.end(task.tid);
            }
            default -> throw new AssertionError(what);
        }
    }

    @Test
    void the_eldest_is_the_one_of_whom_nothing_is_told() {
        Restrictions restrictions = new Restrictions(true);
        for (String word : "9:ask 5:begin 6:begin 7:begin 6:made=7 5:made=6".split(" ")) {
            see(restrictions, new Task(word.charAt(0) - '0'), word.substring(2));
        }
        assertEquals(List.of(5, 5, 5), List.of(restrictions.eldest(7), restrictions.eldest(6), restrictions.eldest(5)));
        restrictions.end(6);
        assertEquals(5, restrictions.eldest(7));
        restrictions.end(5);
        assertEquals(Task.NONE, restrictions.eldest(7));
    }

    @Test
    void who_was_made_before_anybody_asked_is_known() {
        Restrictions restrictions = new Restrictions(true);
        restrictions.made(new Task(4), 5, false);
        restrictions.ask(new Task(9), Set.of());
        restrictions.begin(5);
        assertEquals("9", shown(restrictions));
    }
}
