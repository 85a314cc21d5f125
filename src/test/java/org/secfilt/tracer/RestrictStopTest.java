package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.kernel.Ptrace;

/** Who calls for itself since it has restricted itself, in whatever order the tracer hears of it. */
class RestrictStopTest extends TracerRoom {
    private static final int FORKED = Ptrace.PTRACE_EVENT_FORK << 8 | 5;

    /** Behind so many stops of one all others have been served. */
    private static List<Deed> many() {
        return Collections.nCopies(150, Deed.call("getpid"));
    }

    private static Deed[] deeds(Deed first, Deed last) {
        List<Deed> deeds = new ArrayList<>(List.of(first));
        deeds.addAll(many());
        deeds.add(last);
        return deeds.toArray(new Deed[0]);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_new_one_that_restricted_itself_stays_so_when_it_is_told_who_made_it(boolean notifies) {
        this.notifies = notifies;
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        command(Deed.stop(FORKED));
        kernel.task(8, deeds(Deed.call("landlock_restrict_self", 3, 0), connect(0x1000)));
        run();
        assertEquals(List.of(), named("copy"));
        assertEquals(List.of("8: connect 10.0.0.1:80"), named("connect"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_a_new_one_calls_is_made_in_its_place_when_it_is_told_that_an_unrestricted_one_made_it(boolean notifies) {
        this.notifies = notifies;
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        command(Deed.stop(FORKED));
        kernel.task(8, deeds(Deed.call("getpid"), connect(0x1000)));
        kernel.task(9, Deed.call("landlock_restrict_self", 3, 0));
        run();
        assertEquals(List.of("8: copy: connect 10.0.0.1:80"), named("copy"));
    }

    /** Nothing was heard of it at that time. */
    @Test
    void who_was_made_by_an_unrestricted_one_has_its_calls_made_in_its_place_from_the_first_on() {
        kernel.domain = 2;
        kernel.newestFirst = false;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        kernel.task(6, Deed.call("landlock_restrict_self", 3, 0));
        command(Deed.stop(FORKED));
        kernel.task(8, connect(0x1000));
        run();
        assertEquals(List.of("8: copy: connect 10.0.0.1:80"), named("copy"));
    }

    /** Its maker's maker comes to its stop last. It is their parent; or their parent waits meanwhile, and they are of a sibling (CLONE_PARENT). */
    @ParameterizedTest
    @CsvSource({"true, true, true", "true, false, true", "false, true, true", "false, false, true", "true, true, false", "true, false, false",
        "false, true, false", "false, false, false"})
    void a_grandchild_that_calls_at_once_is_what_the_first_of_them_was(boolean notifies, boolean restricted, boolean ofParent) {
        this.notifies = notifies;
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.threads = ofParent ? List.of(TID) : List.of();
        List<Deed> first = new ArrayList<>(many());
        first.add(0, restricted ? Deed.call("landlock_restrict_self", 3, 0) : Deed.call("getpid"));
        first.add(Deed.stop(FORKED));
        command(first.toArray(new Deed[0])).child = 8;
        if (!notifies) {
            kernel.task(9, connect(0x1000)); // nothing is heard of it before its maker
        }
        kernel.task(8, Deed.stop(FORKED), connect(0x1000)).child = 9;
        if (notifies) {
            kernel.task(9, connect(0x1000));
        }
        kernel.task(6, Deed.call("landlock_restrict_self", 3, 0));
        run();
        String how = restricted ? "" : "copy: ";
        assertEquals(List.of("8: " + how + "connect 10.0.0.1:80", "9: " + how + "connect 10.0.0.1:80"), sorted(named("connect")));
    }

    private static List<String> sorted(List<String> acts) {
        Collections.sort(acts);
        return acts;
    }

    /** The kernel has the whole process restricted, or knows no such flag. */
    @ParameterizedTest
    @CsvSource({"0, 7! 8!", "-22, 7", "-1, 7 8", "-38, 7 8"})
    void all_threads_of_a_process_are_restricted_at_once(long result, String expected) {
        kernel.threads = List.of(7, 8);
        Tasks tasks = new Tasks(true);
        RestrictStop restricts = new RestrictStop(kernel, kernel, tasks);
        Task task = tasks.of(7);
        tasks.begin(8);
        tasks.begin(9);
        FakeTask fake = command(Deed.call("landlock_restrict_self", 3, 8));
        task.call.setArgument(0, 3);
        task.call.setArgument(1, 8);
        restricts.answer(task);
        fake.state = FakeTask.State.EXIT_STOP;
        fake.result = result;
        restricts.exit(task);
        List<String> marked = new ArrayList<>();
        for (int tid : new TreeSet<>(tasks.restrictions().marked())) {
            marked.add(tid + (tasks.restrictions().isSure(tid) ? "!" : ""));
        }
        assertEquals(expected, String.join(" ", marked));
    }
}
