package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TurnsTest {
    /** Tracees | stops until it is others' turn, and once more. */
    @ParameterizedTest
    @CsvSource({"1, 32", "2, 64", "64, 2048", "65, 2048", "2048, 2048", "3000, 3000"})
    void each_tracee_has_some_stops(int tracees, int stops) {
        Turns turns = new Turns();
        for (int round = 0; round < 2; round++) {
            int count = 1;
            while (!turns.isOver(tracees, false)) {
                count++;
            }
            assertEquals(stops, count);
        }
    }

    @Test
    void an_answer_that_took_long_ends_the_turn() {
        Turns turns = new Turns();
        for (int i = 0; i < 31; i++) {
            turns.isOver(1, false);
        }
        assertTrue(turns.isOver(1, true));
        assertFalse(turns.isOver(1, false));
    }
}
