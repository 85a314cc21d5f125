package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SlowCallsTest {
    private final SlowCalls calls = new SlowCalls();

    @Test
    void quickCallsAreAllMade() {
        quick(100_000);
        assertEquals(0, spared());
    }

    @Test
    void eachThatTakesLongSparesTwiceAsManyUpToALimit() {
        for (int expected = SlowCalls.FEWEST_SPARED; expected < SlowCalls.MOST_SPARED; expected *= 2) {
            slow();
            assertEquals(expected, spared());
        }
        for (int again = 0; again < 3; again++) {
            slow();
            assertEquals(SlowCalls.MOST_SPARED, spared());
        }
    }

    /** A busy machine now and then takes the processor from the tracer in the middle of a call: that is not to become the rule. */
    @Test
    void thoseFarApartSpareNoMore() {
        for (int i = 0; i < 1000; i++) {
            slow();
            assertEquals(SlowCalls.FEWEST_SPARED, spared());
            quick(SlowCalls.QUICK);
        }
    }

    @Test
    void quickOnesCountOnlyInARow() {
        slow();
        spared();
        quick(SlowCalls.QUICK - 1);
        slow();
        assertEquals(2 * SlowCalls.FEWEST_SPARED, spared());
        quick(SlowCalls.QUICK - 1);
        slow();
        assertEquals(4 * SlowCalls.FEWEST_SPARED, spared());
    }

    private void slow() {
        calls.took(SlowCalls.NANOS + 1);
    }

    private void quick(int count) {
        for (int i = 0; i < count; i++) {
            calls.took(SlowCalls.NANOS);
        }
    }

    private int spared() {
        int spared = 0;
        while (calls.isSpared()) {
            spared++;
        }
        return spared;
    }
}
