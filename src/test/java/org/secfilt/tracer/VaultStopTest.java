package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;

/** The vault comes to each process that needs it, and nothing takes it away. */
class VaultStopTest extends TracerRoom {
    @Test
    void judges_anew_what_changed_while_the_vault_was_mapped() {
        kernel.remember(0x1000, ALLOWED, FORBIDDEN);
        runWith(connect(0x1000));
        assertEquals(List.of(), kernel.acted);
        assertEquals("connect 10.9.9.9:80", reported.get(1));
    }

    @Test
    void maps_the_vault_once_and_closes_its_descriptor() {
        kernel.remember(0x1000, ALLOWED);
        runWith(connect(0x1000), connect(0x1000));
        assertEquals(List.of("7: close", "7: connect 10.0.0.1:80", "7: connect 10.0.0.1:80"), kernel.acted);
    }

    @Test
    void the_vault_cannot_be_unmapped() {
        runWith(Deed.call("munmap", V + 0x1000, 0x1000));
        assertEquals("7: munmap " + EPERM, kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @ParameterizedTest
    @CsvSource({
        "0x22, 0, 7f0000000000, mere hint",
        "0x40022, 0, 7f0000000000, and huge pages",
        "0x100022, 0, -17, MAP_FIXED_NOREPLACE: EEXIST",
        "0x100032, 0, -17, and MAP_FIXED",
        "0x32, 0, -1, MAP_FIXED: denied",
        "0x22, -4096, 7f0000000000, a hint from below",
        "0x100022, -4096, -17, MAP_FIXED_NOREPLACE from below",
        "0x22, 0x400000, 552a00400000, a hint behind it",
    })
    void mmap_at_the_vault_goes_elsewhere_where_that_is_asked_for(String flags, String from, String result, String subject) {
        long hint = V + Long.decode(from);
        FakeTask task = command(Deed.call("mmap", hint, 8192, 3, Long.decode(flags), -1));
        run();
        long expected = result.startsWith("-") ? Long.parseLong(result) : Long.parseLong(result, 16);
        assertEquals("7: mmap " + expected, kernel.returned.get(1), subject);
        assertEquals(hint, task.arguments[0], "its register is as it was");
        assertEquals(result.equals("-1"), reported.contains("mmap"), reported::toString);
    }

    @Test
    void a_segment_is_not_attached_where_the_vault_will_be() {
        runWith(Deed.call("shmat", 1, V + 0x1000, 0), Deed.call("shmat", 1, V + (4 << 20), 0));
        assertEquals("7: shmat " + EPERM, kernel.returned.get(1));
        assertEquals(List.of("7: shmat"), kernel.acted);
    }

    @Test
    void mappings_elsewhere_go_on() {
        runWith(Deed.call("munmap", 0x1000, 0x1000));
        assertEquals(List.of("7: munmap"), kernel.acted);
    }

    @Test
    void a_taken_place_is_a_denial_and_the_next_process_is_unharmed() {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000)).vaultPlaceTaken = true;
        kernel.task(8, connect(0x1000));
        run();
        assertEquals(List.of("8: close", "8: connect 10.0.0.1:80"), kernel.acted);
        assertTrue(kernel.returned.contains("7: connect " + EPERM), kernel.returned.toString());
    }

    @Test
    void a_vault_call_interrupted_by_a_signal_is_made_again() {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000)).vaultAnswers.addAll(List.of(-512L, -4L));
        run();
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    /** Its threads, or others', may do so without a pause: no filter of its own says that. */
    @Test
    void a_vault_call_may_be_interrupted_by_SIGCONT_however_often() {
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(connect(0x1000));
        task.vaultAnswers.addAll(Collections.nCopies(1000, -512L));
        task.continued = true;
        run();
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    /** Signals are blocked by then: as its own call would be, another is found with them as they were. */
    @Test
    void a_filter_that_comes_meanwhile_leaves_signals_as_they_were() {
        kernel.remember(0x1000, ALLOWED);
        kernel.ownFilterRefuses = true;
        command(connect(0x1000), Deed.call("getpid")).vaultAnswers.add(-512L);
        run();
        assertEquals(List.of("7: connect -13", "7: getpid -38"), kernel.returned.subList(1, 3));
        assertEquals(List.of(), named("connect"));
    }

    /** By a thread that closes all descriptors it does not know. What has the number by then is the program's. */
    @ParameterizedTest
    @CsvSource({"1, true", "4096, true", "4097, false"})
    void a_vault_whose_descriptor_is_closed_before_it_is_mapped_is_handed_over_anew(int times, boolean made) {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000)).losses = times;
        run();
        assertEquals(made ? List.of("7: connect 10.0.0.1:80") : List.of(), named("connect"));
        assertEquals(made ? 1 : 0, named("close").size());
    }

    /** By a thread that puts its own there, by dup2(2) for one. Before which call | how many are closed. */
    @ParameterizedTest
    @CsvSource({"1, mmap, 1", "2, close, 0"})
    void what_has_the_number_of_its_descriptor_by_then_is_neither_mapped_nor_closed(int look, String before, int closed) {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000));
        kernel.vault.foreignAt = look;
        run();
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"), before);
        assertEquals(closed, named("close").size(), before);
    }

    /** A filter of the tracee's own answers the vault call before it comes to the listener. How often | with what. */
    @ParameterizedTest
    @CsvSource({"1, 0", "1, 11", "1, -38", "1000, -4", "1000, -512", "1000, -513", "1000, -4095"})
    void a_vault_call_that_somebody_else_answers_is_a_denial_and_closes_nothing(int times, long answer) {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000)).forgeries.addAll(Collections.nCopies(times, answer));
        run();
        assertTrue(kernel.returned.contains("7: connect " + EPERM), kernel.returned.toString());
        assertEquals(List.of(), kernel.acted);
    }

    /** A filter of the tracee's own. What is trapped | what becomes of the call | what runs. */
    @ParameterizedTest
    @CsvSource({
        "munmap, -1, ''", "mmap, -1, close", "close, 0, connect 10.0.0.1:80", "mmap close, -1, ''",
    })
    void a_trapped_call_of_the_supervisors_own_gives_the_tracee_no_signal(String traps, long result, String ran) {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000)).traps = Set.of(traps.split(" "));
        run();
        assertEquals(List.of(), kernel.delivered);
        assertEquals("7: connect " + result, kernel.returned.get(1));
        assertEquals(ran.isEmpty() ? List.of() : List.of("7: " + ran), kernel.acted);
    }

    /** The number of the call that is trapped is as good a descriptor as any. */
    @ParameterizedTest
    @ValueSource(strings = {"munmap", "close"})
    void a_descriptor_that_is_the_number_of_a_call_is_no_trap(String call) {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000), Deed.stop(31)).vaultAnswers.add((long) FakeTracees.ARCH.syscalls().nr(call));
        run();
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
        assertEquals(List.of("7: signal 31"), kernel.delivered);
    }

    @Test
    void a_vault_that_cannot_be_handed_over_is_a_denial_and_is_tried_again_next_time() {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000), connect(0x1000)).vaultAnswers.add((long) -Errno.EMFILE.number());
        run();
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    @Test
    void after_an_execve_the_vault_is_mapped_anew() {
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(
                connect(0x1000), Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5), connect(0x1000));
        task.forgetsVaultAtExec = true;
        run();
        assertEquals(2, named("close").size());
        assertEquals(2, named("connect").size());
    }

    @Test
    void a_full_vault_is_a_denial() {
        Slots slots = new Slots(kernel.vault(V, 4 << 20), V);
        int count = 0;
        while (slots.take() != Task.NONE) {
            count++;
        }
        assertEquals((4 << 20) / Slots.SLOT_BYTES, count);
        slots.give(5);
        assertEquals(5, slots.take());
    }
}
