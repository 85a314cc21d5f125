package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left of calls that a signal cut short; {@code e2e.CutShortIT} has it done. */
class RemainderTest extends TracerRoom {
    private static final int SIGCHLD = 17;

    /** The number of getrandom is 318: so a call looks that the kernel has set to be made again. */
    @ParameterizedTest
    @CsvSource({"317, true", "318, false", "1000, false", "0, false", "-512, false"})
    void a_part_is_no_number_of_the_call_and_not_all(long result, boolean goesOn) {
        FakeTask task = command(Deed.signalIn(SIGCHLD, "getrandom", result, 0x2000, 1000, 0));
        run();
        assertEquals(goesOn, task.number == -1, "the rest has come to a filter, and did not run");
        assertEquals(List.of(0x2000L, 1000L, 0L), List.of(task.arguments[0], task.arguments[1], task.arguments[2]));
        assertEquals(result, task.result);
    }
}
