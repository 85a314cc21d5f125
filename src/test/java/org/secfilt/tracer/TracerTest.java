package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.plan.Plan;

/** The supervisor's duties at each kind of stop. */
class TracerTest extends TracerRoom {
    @ParameterizedTest
    @CsvSource({
        "prlimit64, 4000, 7, false", "prlimit64, 4002, 7, false", "prlimit64, 8, 7, true", "prlimit64, -1, 7, true", "prlimit64, 0, 7, true",
        "sched_setaffinity, 4001, 8, false", "sched_setscheduler, 4000, 5, false", "sched_setparam, 4001, 9, false",
        "sched_setattr, 7, 9, true", "sched_setattr, 4000, 9, false",
        "setpriority, 0, 4001, false", "setpriority, 0, 7, true", "setpriority, 1, 4000, false", "setpriority, 1, 7, true",
        "setpriority, 1, 0, true", "setpriority, 1, -1, true",
        "setpriority, 2, 0, false", "setpriority, 2, 77, false", "setpriority, 3, 4000, true", "setpriority, -1, 4000, true",
        "ioprio_set, 1, 4001, false", "ioprio_set, 1, 8, true", "ioprio_set, 2, 4000, false", "ioprio_set, 2, 7, true",
        "ioprio_set, 3, 0, false", "ioprio_set, 0, 4000, true", "perf_event_open, 0, -1, false", "perf_event_open, 0, 4001, false",
        "perf_event_open, 0, 8, true", "ioprio_set, 4, 4000, true",
    })
    void a_call_that_would_change_processes_outside_does_not_run(String call, int first, int second, boolean runs) {
        runWith(Deed.call(call, first, second));
        assertEquals("7: " + call + (runs ? " 0" : " -1"), kernel.returned.get(1));
        assertEquals(!runs, reported.toString().contains(call), reported::toString);
    }

    @Test
    void what_holds_for_the_callers_own_group_holds_for_all_in_it() {
        kernel.ownGroup = TraceeNumbers.Whose.OTHERS;
        runWith(Deed.call("setpriority", 1, 0, 19));
        assertEquals("7: setpriority -1", kernel.returned.get(1));
    }

    /** Its parent could have it be in another by then. */
    @ParameterizedTest
    @CsvSource({"setpriority, 1", "ioprio_set, 2"})
    void the_callers_own_group_is_named_by_its_number(String call, int kind) {
        runWith(Deed.call(call, kind, 0, 19));
        assertEquals("7: " + call + " 0", kernel.returned.get(1));
        assertEquals(List.of("7: " + call + " of 70"), kernel.acted);
        assertArrayEquals(new long[] {kind, 0, 19, 0, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void a_group_from_outside_of_the_callers_namespace_has_no_number_there() {
        kernel.ownGroupNumber = 0;
        runWith(Deed.call("setpriority", 1, 0, 19));
        assertEquals("7: setpriority -1", kernel.returned.get(1));
    }

    /** Nor does it run: by then the number may be somebody's. */
    @Test
    void a_number_that_is_nobodys_is_answered_so_and_not_told() {
        runWith(Deed.call("prlimit64", FakeKernel.NUMBER_OF_NOBODY, 7));
        assertEquals("7: prlimit64 -3", kernel.returned.get(1));
        assertEquals(List.of(), named("prlimit64"));
        assertFalse(reported.toString().contains("prlimit64"), reported::toString);
    }

    @Test
    void one_that_stops_without_end_keeps_nobody_waiting() {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000));
        kernel.task(8, Collections.nCopies(1000, connect(0x1000)).toArray(new Deed[0]));
        run();
        int before = kernel.acted.indexOf("7: connect 10.0.0.1:80");
        assertTrue(before > 0 && before < 500, () -> before + " calls of the other were answered first");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "its packets cannot be judged"})
    void a_raw_socket_is_made_when_its_packets_are_judged(String wrong) {
        firewalled = true;
        rawSocketDenial = wrong.isEmpty() ? Optional.empty() : Optional.of(wrong);
        runWith(Deed.call("socket", 2, 3, 255));
        assertEquals(wrong.isEmpty(), kernel.acted.contains("7: socket"));
        assertEquals(wrong.isEmpty() ? "7: socket 0" : "7: socket -1", kernel.returned.get(1));
        assertEquals(wrong.isEmpty() ? List.of("ready", "command ended") : List.of("ready", "socket", "command ended"), reported);
    }

    @ParameterizedTest
    @CsvSource({"socket, 17, 3, 768", "socket, 2, 3, 1", "socket, 2, 2, 1", "socket, 0x1100000002, 1, 132", "setsockopt, 5, 0, 4", "setsockopt, 5, 1, 25"})
    void what_a_socket_may_not_be_is_told(String call, String a, int b, int c) {
        runWith(Deed.call(call, Long.decode(a), b, c));
        assertFalse(kernel.acted.contains("7: " + call));
        assertEquals("7: " + call + " -1", kernel.returned.get(1));
        assertEquals(List.of("ready", call, "command ended"), reported);
    }

    /** A filter of the command's own may have any call stop. */
    @ParameterizedTest
    @CsvSource({"socket, 2, 1, 6", "socket, 1, 1, 0", "setsockopt, 5, 1, 2", "setsockopt, 5, 6, 1"})
    void what_a_socket_may_be_goes_on_where_it_stops(String call, int a, int b, int c) {
        runWith(Deed.call(call, a, b, c));
        assertTrue(kernel.acted.contains("7: " + call), kernel.acted::toString);
        assertEquals(List.of("ready", "command ended"), reported);
    }

    @Test
    void tells_that_filter_and_tracer_work_together_at_the_first_stop() {
        runWith();
        assertEquals(List.of("ready", "command ended"), reported);
        assertEquals(List.of("7: munmap 0"), kernel.returned);
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void acts_on_what_was_judged_though_memory_changes_afterwards() {
        kernel.remember(0x3000, ALLOWED);
        kernel.remember(0x1000, ALLOWED, FORBIDDEN);
        runWith(connect(0x3000), connect(0x1000));
        assertEquals(List.of("7: connect 10.0.0.1:80", "7: connect 10.0.0.1:80"), named("connect"));
        assertArrayEquals(new long[] {3, 0x1000, 16, 0, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void denies_without_running_the_call() {
        kernel.remember(0x1000, FORBIDDEN);
        runWith(connect(0x1000));
        assertEquals(List.of(), kernel.acted);
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals("connect 10.9.9.9:80", reported.get(1));
    }

    @Test
    void answers_an_unreadable_pointer_as_the_kernel_would() {
        runWith(connect(0x5000));
        assertEquals("7: connect " + -Errno.EFAULT.number(), kernel.returned.get(1));
        assertEquals(List.of("ready", "command ended"), reported);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1, 15, 129, 0x1_0000_0001L, 0x8000_0000L})
    void answers_an_impossible_length_with_EINVAL(long length) {
        kernel.remember(0x1000, ALLOWED);
        runWith(Deed.call("connect", 3, 0x1000, length));
        assertEquals("7: connect " + -Errno.EINVAL.number(), kernel.returned.get(kernel.returned.size() - 1));
        assertEquals(List.of(), named("connect"));
        assertArrayEquals(new long[] {3, 0x1000, length, 0, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void an_address_that_ends_with_its_memory_is_EFAULT() {
        kernel.remember(0x1000, new byte[] {2, 0, 0, 80, 10, 0});
        runWith(connect(0x1000));
        assertEquals("7: connect " + -Errno.EFAULT.number(), kernel.returned.get(1));
    }

    @Test
    void a_call_stopped_by_the_tracees_own_filter_is_answered_as_without_a_tracer() {
        runWith(Deed.call("getppid"));
        assertEquals("7: getppid " + -Errno.ENOSYS.number(), kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void that_the_command_is_there_is_told_once_and_before_all_that_it_does() {
        kernel.remember(0x1000, FORBIDDEN);
        Deed exec = Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5);
        command(exec, connect(0x1000), exec, connect(0x1000));
        run();
        assertEquals(List.of("ready", "executed", "connect 10.9.9.9:80", "connect 10.9.9.9:80", "command ended"), reported);
    }

    @Test
    void signals_are_delivered_and_group_stops_listened_to() {
        runWith(
                Deed.stop(2),
                Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 20),
                Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 5),
                Deed.stop(Ptrace.PTRACE_EVENT_FORK << 8 | 5));
        assertEquals(List.of("7: signal 2", "7: group-stop"), kernel.delivered);
    }

    @Test
    void a_thread_that_was_made_goes_before_memory_is_read_that_may_wait_for_it() {
        kernel.newestFirst = false;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        command(Deed.stop(Ptrace.PTRACE_EVENT_CLONE << 8 | 5), connect(0x1000));
        kernel.task(8, Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 5), connect(0x1000));
        run();
        assertEquals(List.of("7: connect 10.0.0.1:80", "8: connect 10.0.0.1:80"), named("connect"));
    }

    @Test
    void a_thread_that_was_made_in_a_group_stop_stays_in_it() {
        kernel.thread = 8;
        command(Deed.stop(Ptrace.PTRACE_EVENT_CLONE << 8 | 5), Deed.call("getpid"));
        kernel.task(8, Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 20));
        run();
        assertEquals(List.of("8: group-stop"), kernel.delivered);
    }

    @Test
    void a_supervisor_that_can_go_on_no_more_leaves_nobody_alive() {
        kernel.remember(0x1000, ALLOWED);
        command(connect(0x1000), connect(0x1000));
        kernel.task(8, Deed.call("getpid"), connect(0x1000));
        Plan plan = plan();
        Tracer tracer = new Tracer(kernel, kernel.vault(plan.vault().address(), plan.vault().lengthBytes()), Optional.empty(), plan, watch(), TID, false, false, writable);
        tracer.seize();
        tracer.killAll();
        assertEquals(List.of("7: killed", "8: killed"), kernel.delivered.stream().sorted().toList());
        assertEquals(List.of(), named("connect"));
    }

    @Test
    void death_at_any_step_loses_nothing_and_lets_nothing_through() {
        int steps = stepsOfALife(Integer.MAX_VALUE);
        for (int step = 1; step <= steps; step++) {
            stepsOfALife(step);
        }
        assertTrue(steps > 60, "the life has " + steps + " steps");
    }

    /** One tracee of two dies at the given step; the other's calls come out as ever. */
    private int stepsOfALife(int deathAt) {
        TracerTest life = new TracerTest();
        life.notifies = notifies;
        FakeKernel kernel = life.kernel;
        kernel.remember(0x1000, ALLOWED);
        kernel.remember(0x2000, message(0x1000, 16));
        kernel.remember(0x4000, FORBIDDEN);
        life.command(connect(0x1000), connect(0x4000), Deed.call("sendmmsg", 3, 0x2000, 2, 0));
        kernel.task(8, connect(0x1000), Deed.call("sendmsg", 3, 0x2000, 0), connect(0x4000), Deed.call("mmap", V, 4096, 3, 0x22, -1), connect(0x1000));
        kernel.killBefore(deathAt, 8);
        life.run();
        for (String act : kernel.acted) {
            assertTrue(!act.contains("10.9.9.9"), "death at " + deathAt + ": " + kernel.acted);
        }
        assertTrue(kernel.returned.contains("7: sendmmsg 1"), "death at " + deathAt + ": " + kernel.returned);
        return kernel.steps;
    }

    /** i386: socketcall, connect, sendto, mmap, wait4, munmap; numbers that are here connect, exit_group, mmap, ptrace, sendto. */
    @ParameterizedTest
    @CsvSource({
        "i386, 102", "i386, 362", "i386, 369", "i386, 90", "i386, 114", "i386, 91", "i386, 42", "i386, 231", "i386, 60", "i386, 9", "i386, 101",
        "i386, 44", "i386, 0x766c74", "x32, 42", "x32, 44", "x32, 9", "x32, 518", "x32, 1", "x32, 252",
    })
    void a_call_by_another_entry_does_not_run_whatever_its_number(String entry, String number) {
        kernel.remember(0x1000, ALLOWED);
        runWith(Deed.foreign(entry, Integer.decode(number), 3, 0x1000, 16));
        assertEquals(-Errno.ENOSYS.number(), Integer.parseInt(kernel.returned.get(1).split(" ")[2]));
        assertEquals(List.of(), kernel.acted);
        assertEquals(List.of("ready", entry, "command ended"), reported);
    }

    @ParameterizedTest
    @CsvSource({"i386, 1", "i386, 252", "x32, 60", "x32, 231"})
    void a_program_by_another_entry_ends_as_it_says_or_as_the_policy_does(String entry, int number) {
        runWith(Deed.foreign(entry, number, 3));
        assertEquals(List.of("7: " + entry + ":" + number + " 3"), kernel.acted);
        assertEquals(List.of("ready", "command ended"), reported);
        TracerTest second = new TracerTest();
        second.violationExit = Optional.of(77);
        second.runWith(Deed.foreign(entry, 20), Deed.foreign(entry, number, 3));
        assertEquals(List.of("7: " + entry + ":" + number + " 77"), second.kernel.acted);
        assertEquals(List.of("ready", entry, "command ended"), second.reported);
    }

    @ParameterizedTest
    @CsvSource({"exit_group, true, 77", "exit, true, 77", "exit_group, false, 3", "exit, false, 3"})
    void a_denial_decides_the_exit_code_of_the_command(String call, boolean denied, long code) {
        violationExit = Optional.of(77);
        kernel.remember(0x1000, denied ? FORBIDDEN : ALLOWED);
        runWith(connect(0x1000), Deed.call(call, 3));
        assertEquals(code, kernel.arguments(TID)[0]);
        assertTrue(kernel.acted.contains("7: " + call));
    }

    @Test
    void a_denial_leaves_other_processes_their_exit_code() {
        violationExit = Optional.of(77);
        kernel.remember(0x1000, FORBIDDEN);
        command();
        kernel.task(8, connect(0x1000), Deed.call("exit_group", 3));
        run();
        assertEquals(3, kernel.arguments(8)[0]);
    }

    /** When all other numbers were given away, to a process that the command has left behind. */
    @ParameterizedTest
    @ValueSource(strings = {"exit", "exit_group"})
    void who_has_the_commands_number_after_it_is_not_the_command(String call) {
        violationExit = Optional.of(77);
        kernel.remember(0x1000, FORBIDDEN);
        command(connect(0x1000), Deed.call("exit_group", 5)).successor = List.of(Deed.call(call, 3));
        run();
        assertEquals(List.of("7: exit_group", "7: " + call), kernel.acted);
        assertEquals(3, kernel.arguments(TID)[0]);
        assertEquals(List.of("ready", "connect 10.9.9.9:80", "command ended"), reported);
    }

    /** The kernel makes the first again; or it was EINTR, and the program does. */
    @ParameterizedTest
    @CsvSource({"false, 1", "true, 2"})
    void a_call_that_is_made_again_behind_a_signal_is_told_once(boolean byTheProgram, int times) {
        hearsOfAllowed = true;
        kernel.comparesResults = byTheProgram;
        kernel.onCopies = Optional.of(SocketCopy.WOULD_WAIT);
        kernel.connected = (int) Ptrace.ERESTARTSYS;
        kernel.remember(0x1000, ALLOWED);
        runWith(connect(0x1000), connect(0x1000));
        assertEquals(times, Collections.frequency(reported, "allowed connect 10.0.0.1:80"), reported::toString);
    }

    @Test
    void tells_what_is_allowed_to_those_who_ask() {
        hearsOfAllowed = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.remember(0x3000, message(0, 0));
        runWith(connect(0x1000), Deed.call("sendmsg", 3, 0x3000, 0));
        assertEquals(List.of("ready", "allowed connect 10.0.0.1:80", "command ended"), reported);
    }
}
