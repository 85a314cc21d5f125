package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
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

    /** Nothing was heard of it at that time, and nobody has its number. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void who_made_one_that_has_ended_says_nothing_about_the_next_with_its_number(boolean ours) {
        kernel.domain = 2;
        kernel.ours = ours;
        kernel.newestFirst = false;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        kernel.task(6, Deed.call("landlock_restrict_self", 3, 0));
        command(Deed.stop(FORKED));
        kernel.task(8, connect(0x1000));
        run();
        assertEquals(ours ? List.of("8: copy: connect 10.0.0.1:80") : List.of(), named("copy"));
    }
}
