package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.WaitEvent;

class WaitingTest {
    private static final int TID = 7;
    private static final int FAST_MICROS = 12;

    private final FakeKernel kernel = new FakeKernel();
    private final Scheduler scheduler = new Scheduler();
    private final Waiting waiting = new Waiting(kernel, scheduler, kernel, () -> scheduler.nowNanos);

    /** Writes down what it is asked for. */
    private static final class Scheduler implements Affinity {
        final List<String> asked = new ArrayList<>();
        Yielding yielding = Yielding.AT_WILL;
        boolean idle;
        boolean pinned;
        long nowNanos = 1_000_000_000_000L;

        @Override
        public void pin(int processor) {
            asked.add("pin " + processor);
            pinned = true;
        }

        @Override
        public void release() {
            asked.add("release");
            pinned = false;
        }

        @Override
        public Yielding yielding() {
            return yielding;
        }

        @Override
        public boolean idleProcessor() {
            return idle;
        }

        @Override
        public void giveWay(boolean toAnyone) {
            asked.add(toAnyone ? "give way" : "insist");
        }
    }

    private void calls(int count, long microsApart) {
        for (int i = 0; i < count; i++) {
            scheduler.nowNanos += microsApart * 1000;
            waiting.judging(TID);
        }
    }

    @Test
    void stays_where_it_is_while_calls_are_rare() {
        calls(1000, 20_000);
        assertEquals(List.of(), scheduler.asked);
    }

    @Test
    void follows_a_tracee_whose_calls_come_thick_and_fast() {
        kernel.processor = 3;
        calls(100, FAST_MICROS);
        assertEquals(List.of("pin 3"), scheduler.asked);
    }

    @Test
    void looks_after_the_tracee_at_the_first_slow_call() {
        calls(20, FAST_MICROS);
        kernel.processor = 1;
        calls(1, 100);
        assertEquals(List.of("pin 0", "pin 1"), scheduler.asked);
    }

    /** While it gives way, a tracee that is not there when the tracer goes on is elsewhere; unless it never is. */
    @Test
    void looks_after_a_tracee_that_is_missed() {
        scheduler.idle = true;
        kernel.stopsAtOnce = true;
        calls(20, FAST_MICROS);
        stops(1, 30);
        kernel.stopsAtOnce = false;
        kernel.processor = 1;
        stops(1, 30);
        assertEquals(List.of("pin 0", "give way", "pin 1"), scheduler.asked);
        stops(8, 30);
        kernel.processor = 0;
        stops(1, 30);
        assertEquals(3, scheduler.asked.size(), "it looks each time, though it was missed eight times for nothing");
        stops(2, 30);
        assertEquals("pin 0", scheduler.asked.get(3));
    }

    private void stops(int count, long microsApart) {
        for (int i = 0; i < count; i++) {
            waiting.await(new WaitEvent());
            calls(1, microsApart);
        }
    }

    @Test
    void goes_away_when_calls_get_rare() {
        scheduler.idle = true;
        calls(20, FAST_MICROS);
        calls(1, 20_000);
        assertEquals(List.of("pin 0", "give way", "release", "insist"), scheduler.asked);
    }

    @Test
    void a_pause_is_not_the_end() {
        calls(20, FAST_MICROS);
        for (int i = 0; i < 100; i++) {
            calls(1, 1000);
            calls(10, FAST_MICROS);
        }
        assertEquals(List.of("pin 0"), scheduler.asked);
    }

    @Test
    void goes_away_when_stops_are_no_calls() {
        calls(20, FAST_MICROS);
        for (int i = 0; i < 20; i++) {
            waiting.await(new WaitEvent());
        }
        assertEquals(List.of("pin 0", "release"), scheduler.asked);
    }

    @Test
    void gives_way_only_while_a_processor_is_idle() {
        calls(200, FAST_MICROS);
        scheduler.idle = true;
        calls(200, FAST_MICROS);
        scheduler.idle = false;
        calls(300, FAST_MICROS);
        assertEquals(List.of("pin 0", "give way", "insist"), scheduler.asked);
    }

    @Test
    void what_cannot_be_undone_is_done_in_long_bursts_only() {
        scheduler.yielding = Affinity.Yielding.FOR_GOOD;
        scheduler.idle = true;
        calls(500, FAST_MICROS);
        assertEquals(List.of("pin 0"), scheduler.asked);
        calls(1000, FAST_MICROS);
        assertEquals(List.of("pin 0", "give way"), scheduler.asked);
    }

    /** Where it cannot give way both other ways are tried. Watching must pay: it takes a processor. */
    @ParameterizedTest
    @CsvSource({"90, 30, false", "12, 30, true", "30, 28, true"})
    void keeps_the_way_that_was_faster(long followingMicros, long watchingMicros, boolean follows) {
        scheduler.yielding = Affinity.Yielding.NEVER;
        for (int i = 0; i < 200; i++) {
            calls(1, scheduler.pinned ? followingMicros : watchingMicros);
        }
        assertEquals(follows, scheduler.pinned);
    }
}
