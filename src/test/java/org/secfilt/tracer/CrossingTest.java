package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who waits for whom, and whose turn it is. */
class CrossingTest {
    private final FakeKernel kernel = new FakeKernel();
    private final Crossing crossing = new Crossing(kernel, kernel);
    private final Task call = new Task(7);
    private final Task reception = new Task(8);
    private final Task other = new Task(9);

    @BeforeEach
    void threads() {
        for (Task task : new Task[] {call, reception, other}) {
            kernel.task(task.tid);
        }
    }

    @Test
    void nobody_waits_where_there_is_one_kind_alone() {
        assertFalse(crossing.holdsCall(call));
        crossing.leaves(call);
        assertFalse(crossing.holdsCall(other));
        crossing.leaves(other);
        crossing.left(call);
        crossing.left(other);
        assertFalse(crossing.holdsReception(reception));
        crossing.receives(reception);
        assertFalse(crossing.holdsReception(other));
        assertFalse(crossing.isWaitedAt());
    }

    @Test
    void a_call_interrupts_those_who_receive_and_goes_when_the_last_has_ended() {
        crossing.receives(reception);
        crossing.receives(other);
        assertTrue(crossing.holdsCall(call));
        assertTrue(kernel.on(call.tid).held);
        assertNull(crossing.next());
        assertTrue(kernel.on(reception.tid).interrupts && kernel.on(other.tid).interrupts);
        crossing.received(other);
        assertNull(crossing.next());
        crossing.received(reception);
        assertSame(call, crossing.next());
        assertFalse(crossing.holdsCall(call));
        crossing.leaves(call);
        assertNull(crossing.next());
        assertTrue(crossing.holdsReception(reception));
        crossing.left(call);
        assertSame(reception, crossing.next());
        assertFalse(crossing.holdsReception(reception));
    }

    /** It may wait for ever where it is, and has its socket. */
    @Test
    void a_call_that_sleeps_keeps_nobody_waiting() {
        crossing.leaves(call);
        assertTrue(crossing.holdsReception(reception));
        assertNull(crossing.next());
        kernel.sleeps = true;
        assertSame(reception, crossing.next());
        crossing.receives(reception);
        kernel.sleeps = false;
        assertFalse(crossing.holdsReception(other));
    }

    @Test
    void who_comes_later_does_not_overtake_who_waits() {
        crossing.leaves(call);
        assertTrue(crossing.holdsReception(reception));
        assertTrue(crossing.holdsCall(other));
        crossing.left(call);
        assertSame(reception, crossing.next());
        crossing.receives(reception);
        assertFalse(kernel.on(reception.tid).interrupts);
        assertNull(crossing.next());
        assertTrue(kernel.on(reception.tid).interrupts);
        crossing.received(reception);
        assertTrue(crossing.holdsReception(reception));
        assertSame(other, crossing.next());
        crossing.leaves(other);
        assertNull(crossing.next());
    }

    @Test
    void one_that_dies_waits_no_more_and_keeps_nobody_waiting() {
        crossing.leaves(call);
        assertTrue(crossing.holdsReception(reception));
        crossing.received(reception);
        assertFalse(crossing.isWaitedAt());
        assertTrue(crossing.holdsReception(other));
        crossing.left(call);
        assertEquals(other, crossing.next());
    }
}
