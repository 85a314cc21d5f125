package org.secfilt.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Notification;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.report.Reports;
import org.secfilt.report.Volume;

class DeadlyFaultsTest {
    private final List<String> told = new ArrayList<>();

    private NotifiedCalls guarded(NotifiedCalls calls) {
        Reports reports = new Reports((line, from, patienceMillis) -> {
            told.add(new String(line, from, line.length - from, StandardCharsets.UTF_8));
            return line.length - from;
        }, Volume.QUIET, false);
        return new DeadlyFaults(calls, reports, () -> told.add("end"));
    }

    /** @param answers by which it answers; fails if there are none left */
    private static NotifiedCalls calls(Boolean... answers) {
        Iterator<Boolean> left = List.of(answers).iterator();
        return new NotifiedCalls() {
            @Override
            public void prepare() { }

            @Override
            public boolean answer(Notification notification) {
                if (!left.hasNext()) {
                    throw new IllegalStateException("odd");
                }
                return left.next();
            }

            @Override
            public void fail(KernelException why) {
                throw why;
            }
        };
    }

    @Test
    void an_answer_is_passed_on() {
        NotifiedCalls calls = guarded(calls(true, false));
        assertTrue(calls.answer(null));
        assertFalse(calls.answer(null));
        assertEquals(List.of(), told);
    }

    @Test
    void who_can_be_told_of_no_call_any_more_ends_the_run() {
        guarded(calls()).fail(new KernelException("ioctl(SECCOMP_IOCTL_NOTIF_RECV)", 1));
        assertEquals(List.of("secfilt: killed: ioctl(SECCOMP_IOCTL_NOTIF_RECV): EPERM (Operation not permitted)\n", "end"), told);
    }

    @Test
    void a_fault_is_told_and_then_nobody_waits_for_an_answer() {
        NotifiedCalls calls = guarded(calls());
        assertThrows(IllegalStateException.class, () -> calls.answer(null));
        assertTrue(told.get(0).startsWith("secfilt: a fault of secfilt itself: java.lang.IllegalStateException: odd at "), told::toString);
        assertEquals(List.of("end"), told.subList(1, told.size()));
    }
}
