package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;

/** All that holds for calls that stop holds for those that are notified of; and this besides. */
class NotifiedTracerTest extends TracerTest {
    private static final int SIGUSR1 = 10;
    private static final int SIGSTOP = 19;
    private static final long ODD = 0x1234_5678_9abc_def0L;

    @BeforeEach
    void notify_of_calls() {
        notifies = true;
    }

    /** What is handed over is looked at again, and it is the last look that counts. */
    @Override
    @Test
    void acts_on_what_was_judged_though_memory_changes_afterwards() {
        kernel.remember(0x1000, FORBIDDEN, ALLOWED);
        kernel.remember(0x2000, ALLOWED, FORBIDDEN);
        runWith(connect(0x1000), connect(0x2000));
        assertEquals(List.of(), named("connect"));
        assertEquals(List.of("ready", "connect 10.9.9.9:80", "connect 10.9.9.9:80", "command ended"), reported);
    }

    /** It is another thread than the tracer's that waits, so the one that is waited for goes on. */
    @Override
    @Test
    void a_thread_that_was_made_goes_before_memory_is_read_that_may_wait_for_it() {
        notifies = false;
        super.a_thread_that_was_made_goes_before_memory_is_read_that_may_wait_for_it();
    }

    private static Deed connectWith(long spare) {
        return Deed.call("connect", 3, 0x1000, 16, 0, 0, spare);
    }

    @Test
    void what_is_allowed_does_not_stop() {
        kernel.remember(0x1000, ALLOWED, FORBIDDEN);
        kernel.domain = 2;
        runWith(connectWith(ODD));
        assertEquals(List.of("7: copy: connect 10.0.0.1:80"), kernel.acted);
        assertEquals("7: connect 0", kernel.returned.get(1));
        assertEquals(List.of(), kernel.delivered);
        assertEquals(ODD, kernel.arguments(TID)[5]);
    }

    @Test
    void what_is_denied_does_not_stop_either_and_is_told() {
        kernel.remember(0x1000, FORBIDDEN);
        runWith(connectWith(ODD));
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals(List.of("ready", "connect 10.9.9.9:80", "command ended"), reported);
        assertEquals(List.of(), kernel.delivered);
        assertEquals(ODD, kernel.arguments(TID)[5]);
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 0xffff_ffff_0000_0010L})
    void what_waits_runs_on_the_vault_and_finds_its_registers_as_they_were(long length) {
        kernel.onCopies = Optional.of(SocketCopy.WOULD_WAIT);
        kernel.protocol = 17;
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.remember(0x4000, new byte[5]);
        runWith(Deed.call("sendto", 3, 0x4000, 5, 0, 0x1000, length));
        assertEquals(List.of("7: sendto 10.0.0.1:80"), named("sendto"));
        assertEquals(length, kernel.arguments(TID)[5]);
    }

    @Test
    void a_path_is_followed_at_a_stop() {
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/s")).encode());
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/tmp/s")));
        runWith(Deed.call("connect", 3, 0x1000, 9, 0, 0, ODD));
        assertEquals(List.of("7: connect unix:/tmp/s"), named("connect"));
        assertEquals(ODD, kernel.arguments(TID)[5]);
    }

    /** The filter is asked once more about the call as it runs. */
    @ParameterizedTest
    @CsvSource({"connect, 110", "connect, 25", "sendto, 110"})
    void a_followed_path_may_be_as_long_as_an_internet_address(String call, int length) {
        byte[] name = java.util.Arrays.copyOf(new Sockaddr.UnixPath(ByteString.of("/tmp/abcdefgh")).encode(), 110);
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/tmp/abcdefgh")));
        kernel.remember(0x1000, name);
        kernel.remember(0x4000, new byte[5]);
        boolean sends = call.equals("sendto");
        runWith(sends ? Deed.call(call, 3, 0x4000, 5, 0, 0x1000, length) : Deed.call(call, 3, 0x1000, length, 0, 0, ODD));
        assertEquals(List.of("7: " + call + " unix:/tmp/abcdefgh"), named(call));
        assertEquals(sends ? length : ODD, kernel.arguments(TID)[5]);
    }

    /** They are blocked until the call stops, so none comes before; and then it is as before. */
    @Test
    void a_signal_takes_nothing_away() {
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(connectWith(ODD));
        task.signals.add(SIGUSR1);
        run();
        assertEquals("7: connect 0", kernel.returned.get(1));
        assertEquals(List.of("7: signal " + SIGUSR1), kernel.delivered);
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    /** Its other calls know nothing of marks and blocked signals. */
    @Test
    void a_call_that_has_become_another_is_left_alone() {
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(connectWith(ODD), Deed.call("getpid"));
        task.becomes = "mmap";
        run();
        assertEquals("7: getpid -38", kernel.returned.get(1), "its next call finds signals and instruction pointer as they were");
        assertEquals(List.of(), named("connect"));
    }

    @Test
    void a_filter_of_the_tracees_own_that_ends_the_call_leaves_it_as_it_was() {
        kernel.ownFilterRefuses = true;
        kernel.remember(0x1000, ALLOWED);
        runWith(connectWith(ODD), Deed.call("getpid"));
        assertEquals("7: connect -13", kernel.returned.get(1));
        assertEquals(List.of(), named("connect"));
    }

    /** It runs in the vault, which personality(2) may have made executable. */
    @Test
    void a_mark_of_the_tracees_own_has_it_traced_and_wins_nothing() {
        kernel.remember(0x1000, FORBIDDEN);
        FakeTask task = kernel.task(TID, Deed.call("munmap", V, 4 << 20), connect(0x1000));
        task.instructionPointer = V + 0x1002;
        kernel.marksStay = true;
        run();
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals(List.of("ready", "connect 10.9.9.9:80", "command ended"), reported);
        assertEquals(V + 0x1002, task.instructionPointer);
    }

    /** A process made by CLONE_UNTRACED carries the filter, and nobody sees its stops. */
    @Test
    void a_thread_that_is_not_traced_is_answered_as_without_a_tracer() {
        kernel.remember(0x1000, ALLOWED);
        command(Deed.call("getpid"));
        kernel.task(8, connect(0x1000)).untraced = true;
        kernel.newestFirst = false;
        run();
        assertTrue(kernel.returned.contains("8: connect -38"), kernel.returned::toString);
        assertEquals(List.of(), named("connect"));
    }

    @ParameterizedTest
    @CsvSource({
        "connect, 0, -512, -513", "bind, 0, -512, -513", "sendto, 4096, -512, -513",
        "sendto, 0, -512, -512", "connect, 0, -514, -514", "connect, 0, -4, -4", "accept, 0, -512, -512",
    })
    void a_call_that_nobody_had_received_when_a_signal_came_has_not_waited(String call, long name, long result, long seen) {
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(Deed.signalIn(SIGUSR1, call, result, 3, 0x1000, 16, 0, name));
        run();
        assertEquals(seen, task.result);
        assertEquals(List.of("7: signal 10"), kernel.delivered);
    }

    @Test
    void a_call_that_waited_itself_and_was_interrupted_is_left_to_the_kernel() {
        kernel.onCopies = Optional.of(SocketCopy.WOULD_WAIT);
        kernel.connected = (int) Ptrace.ERESTARTSYS;
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        FakeTask task = command(connect(0x1000), Deed.stop(SIGUSR1));
        run();
        assertEquals(Ptrace.ERESTARTSYS, task.result);
    }

    /** Its first stop was answered on the way, and it has not stopped since. */
    @Test
    void a_thread_that_was_let_go_has_its_first_call_handed_over() {
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        kernel.newestFirst = false;
        command(Deed.stop(Ptrace.PTRACE_EVENT_CLONE << 8 | 5), Deed.call("getpid"), Deed.call("getpid"));
        kernel.task(8, connect(0x1000));
        run();
        assertTrue(kernel.returned.contains("8: connect 0"), kernel.returned::toString);
    }

    /** The former number of a thread that became the leader by its execve is free before the tracer hears of that. */
    @Test
    void a_thread_that_has_the_number_of_another_stays_known() {
        kernel.domain = 2;
        kernel.ours = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8; // what the execve tells: it was this number
        command(Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5));
        List<Deed> deeds = new ArrayList<>(Collections.nCopies(62, Deed.call("getpid"))); // then others are served: the execve
        deeds.add(connect(0x1000));
        kernel.task(8, deeds.toArray(new Deed[0]));
        run();
        assertEquals("8: connect 0", kernel.returned.get(kernel.returned.size() - 1));
    }

    @Test
    void after_a_tracee_restricted_itself_calls_stop() {
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        runWith(Deed.call("landlock_restrict_self", 3, 0), connect(0x1000));
        assertEquals(List.of("7: landlock_restrict_self", "7: close", "7: connect 10.0.0.1:80"),
                kernel.acted.stream().filter(act -> !act.contains("munmap")).toList());
    }

    /** Before it is told who made a thread, it counts as made by one that is restricted. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_a_restricted_tracee_has_made_is_restricted_too(boolean told) {
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.newestFirst = false;
        kernel.thread = told ? 8 : 0;
        command(Deed.call("landlock_restrict_self", 3, 0), told ? Deed.stop(Ptrace.PTRACE_EVENT_FORK << 8 | 5) : Deed.call("getpid"));
        kernel.task(8, connect(0x1000));
        run();
        assertEquals(List.of("8: connect 10.0.0.1:80"), named("connect"));
        assertEquals(List.of(), named("copy"));
    }

    @Test
    void what_others_do_is_made_in_their_place_though_one_has_restricted_itself() {
        kernel.domain = 2;
        kernel.remember(0x1000, ALLOWED);
        kernel.thread = 8;
        command(Deed.stop(Ptrace.PTRACE_EVENT_FORK << 8 | 5), connect(0x1000));
        List<Deed> deeds = new ArrayList<>(List.of(Deed.call("landlock_restrict_self", 3, 0)));
        deeds.addAll(Collections.nCopies(200, Deed.call("getpid")));
        kernel.task(8, deeds.toArray(new Deed[0]));
        run();
        assertEquals(List.of("7: copy: connect 10.0.0.1:80"), named("copy"));
    }

    @Test
    void a_stop_of_its_own_is_still_its_own() {
        runWith(Deed.stop(SIGSTOP));
        assertEquals(List.of("7: signal 19"), kernel.delivered);
    }
}
