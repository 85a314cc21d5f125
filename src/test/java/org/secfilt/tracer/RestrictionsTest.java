package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which threads are marked once a thread has restricted itself, and which of them surely. */
class RestrictionsTest {
    /**
     * What the tracer sees, one word each: {@code N:begin}, {@code N:ask}, {@code N:ask-others}, {@code N:restricted}, {@code N:made=M},
     * {@code N:made-unheard=M}, {@code N:execs=M}, {@code N:end}; before it, 9 has restricted itself and ended. Then who is marked, and with ! surely.
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
        "4:made-unheard=5 5:begin, ''",
        "4:ask 4:restricted 4:made-unheard=5 5:begin, 4! 5!",
        // it is told late, and meanwhile the new one has restricted itself
        "5:begin 5:ask 5:restricted 4:made=5, 5!",
        "5:begin 5:ask 4:made=5 5:restricted, 5!",
        // or has made another
        "5:begin 6:begin 5:made=6 4:made=5, 6",
        "4:ask 4:restricted 5:begin 6:begin 5:made=6 4:made=5, 4! 5! 6",
        // others of its process too, perhaps, and those of whom nothing was heard yet
        "4:begin 5:begin 4:made=5 6:begin 5:ask-others 6:made=4, 4 5 6",
        "4:made-unheard=5 4:ask-others 5:begin, 4 5",
        "4:ask 4:restricted 5:ask-others, 4! 5",
        // execve by a thread, which has the number of another by then
        "5:begin 5:ask 5:restricted 5:execs=4 5:end, 4!",
        "4:begin 4:ask 4:restricted 5:execs=4, ''",
        "4:begin 5:begin 5:execs=4 5:end 3:made=4, 4",
        // the next one with its number
        "5:ask 5:restricted 5:end 5:begin, 5",
        "5:ask 5:restricted 5:end 5:begin 4:made=5, ''",
    })
    void marks(String seen, String expected) {
        Restrictions restrictions = new Restrictions();
        restrictions.ask(new Task(9), Set.of());
        restrictions.restricted(new Task(9));
        restrictions.end(9);
        for (String word : seen.split(" ")) {
            see(restrictions, new Task(word.charAt(0) - '0'), word.substring(2));
        }
        List<String> marked = new ArrayList<>();
        for (int tid : new TreeSet<>(restrictions.marked())) {
            marked.add(tid + (restrictions.isSure(tid) ? "!" : ""));
        }
        assertEquals(expected, String.join(" ", marked));
    }

    private static void see(Restrictions restrictions, Task task, String what) {
        int other = what.charAt(what.length() - 1) - '0';
        switch (what.split("=")[0]) {
            case "begin" -> restrictions.begin(task.tid);
            case "ask" -> restrictions.ask(task, Set.of());
            case "ask-others" -> restrictions.ask(task, Set.of(4));
            case "restricted" -> restrictions.restricted(task);
            case "made" -> restrictions.made(task, other, true);
            case "made-unheard" -> restrictions.made(task, other, false);
            case "execs" -> restrictions.renumber(task.tid, other);
            case "end" -> restrictions.end(task.tid);
            default -> throw new AssertionError(what);
        }
    }
}
