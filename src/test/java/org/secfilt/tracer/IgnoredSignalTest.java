package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;

class IgnoredSignalTest extends TracerRoom {
    private static final int SIGCHLD = 17;
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final int SIGTSTP = 20;
    private static final int GROUP_STOP = Ptrace.PTRACE_EVENT_STOP << 8 | SIGSTOP;
    private static final int TRAP = Ptrace.PTRACE_EVENT_STOP << 8 | 5;
    private static final long EINTR = -Errno.EINTR.number();
    private static final long SECOND = 1_000_000_000;

    private static byte[] timespec(long seconds, long nanos) {
        return ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(seconds).putLong(nanos).array();
    }

    /** At 0x3000 there is a time, at 0x4000 none that is valid, at 0x5000 nothing; sockets receive for a limited time. */
    @ParameterizedTest
    @CsvSource({
        "epoll_wait, -4, -1, 0, -514", "epoll_wait, -4, 1000, 0, -514", "epoll_pwait, -4, -1, 0, -514",
        "epoll_pwait2, -4, 0, 0, -514", "epoll_pwait2, -4, 0x3000, 0, -514", "epoll_pwait2, -4, 0x4000, 0, -4", "epoll_pwait2, -4, 0x5000, 0, -4",
        "semop, -4, 0, 0, -514", "semtimedop, -4, 0, 0, -514", "semtimedop, -4, 0x3000, 0, -514", "rt_sigtimedwait, -4, 8, 0, -514",
        "accept, -4, 0, 0, -514", "accept4, -4, 0, 0, -514", "recvfrom, -4, 0, 0, -514", "recvfrom, -4, 0, 0x1000, -514", "read, -4, 0, 0, -514",
        "sendto, -4, 0, 0, -4", "write, -4, 0, 0, -4", // without a limit
        "epoll_wait, 1, -1, 0, 1", "epoll_wait, -9, -1, 0, -9", "read, -512, 0, 0, -512", "poll, -516, 0, 0, -516", "select, -514, 0, 0, -514",
        "connect, -4, 0, 0, -4", "sendmsg, -4, 0, 0, -4", "recvmsg, -4, 0, 0, -514", "recvmmsg, -4, 0, 0, -514", "close, -4, 0, 0, -4",
    })
    void a_call_that_the_signal_interrupted_goes_on_if_no_handler_runs(String call, long result, String fourth, String fifth, long seen) {
        kernel.receiveLimitNanos = SECOND;
        kernel.remember(0x3000, timespec(5, 999_999_999));
        kernel.remember(0x4000, timespec(-1, 0));
        FakeTask task = command(Deed.signalIn(SIGCHLD, call, result, 3, 0x2000, 0, Long.decode(fourth), Long.decode(fifth), 0));
        run();
        assertEquals(seen, task.result);
        assertEquals(List.of("7: signal 17"), kernel.delivered, "it is passed on");
    }

    @ParameterizedTest
    @CsvSource({"sendto, 0, 1000, -514", "sendto, 0x1000, 1000, -4", "write, 0x1000, 1000, -514", "write, 0, -1, -4"})
    void a_send_that_names_nobody_and_had_sent_nothing_goes_on(String call, String name, long limit, long seen) {
        kernel.sendLimitNanos = limit;
        FakeTask task = command(Deed.signalIn(SIGCHLD, call, EINTR, 3, 0x2000, 5, 0, Long.decode(name), 16));
        run();
        assertEquals(seen, task.result);
    }

    @Test
    void a_read_of_a_file_is_left_as_it_is() {
        kernel.sockets = false;
        kernel.receiveLimitNanos = SECOND;
        FakeTask task = command(Deed.signalIn(SIGCHLD, "read", EINTR, 3, 0x2000, 1));
        run();
        assertEquals(EINTR, task.result);
    }

    @Test
    void nothing_is_done_outside_of_calls() {
        FakeTask task = command(Deed.stop(SIGCHLD), Deed.stop(TRAP));
        task.number = -1;
        task.result = EINTR;
        task.at = 1;
        run();
        assertEquals(EINTR, task.result);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIGSTOP, SIGTSTP, 21, 22, GROUP_STOP})
    void a_stop_ends_it_as_ever(int stop) {
        FakeTask task = command(
                Deed.signalIn(SIGCHLD, "epoll_wait", EINTR, 3, 0x2000, 1, -1), // comes first
                Deed.stop(stop),
                Deed.stop(TRAP),
                Deed.stop(SIGCONT));
        run();
        assertEquals(EINTR, task.result);
        assertTrue(task.isFinal);
    }

    @Test
    void a_stop_that_is_ignored_does_not() {
        kernel.ignored = Set.of(SIGTSTP);
        FakeTask task = command(Deed.signalIn(SIGTSTP, "epoll_wait", EINTR, 3, 0x2000, 1, -1));
        run();
        assertEquals(Ptrace.ERESTARTNOHAND, task.result);
        assertFalse(task.isFinal);
    }

    @Test
    void a_stop_leaves_what_the_kernel_restarts() {
        FakeTask task = command(Deed.signalIn(SIGSTOP, "select", Ptrace.ERESTARTNOHAND), Deed.stop(GROUP_STOP), Deed.stop(TRAP));
        run();
        assertEquals(Ptrace.ERESTARTNOHAND, task.result);
        assertFalse(task.isFinal);
    }

    /** SIGCONT wakes up all threads, and stops but one of them for nothing. */
    @Test
    void a_continue_of_who_was_not_stopped_does_nothing() {
        FakeTask task = command(Deed.signalIn(TRAP, "semop", EINTR));
        run();
        assertEquals(Ptrace.ERESTARTNOHAND, task.result);
    }

    private long now;
    private final IgnoredSignal ignored = new IgnoredSignal(kernel, kernel, Arch.X86_64, () -> now);

    private long interrupted(Task task, int millis) {
        FakeTask fake = kernel.tasks.get(TID);
        fake.state = FakeTask.State.SIGNAL_STOP;
        fake.result = EINTR;
        SyscallStop call = new SyscallStop();
        call.enter(Arch.X86_64.audit(), FakeTask.INSTRUCTION_POINTER, 0, Arch.X86_64.syscalls().nr("epoll_wait"));
        call.exit(EINTR);
        call.setArgument(3, millis);
        ignored.signal(task, SIGCHLD, call);
        return fake.result;
    }

    @Test
    void a_limited_call_ends_within_thrice_its_time() {
        kernel.task(TID);
        Task task = new Task(TID);
        for (now = 0; now <= SECOND; now += SECOND / 10) {
            assertEquals(Ptrace.ERESTARTNOHAND, interrupted(task, 1000), "after " + now);
        }
        assertEquals(EINTR, interrupted(task, 1000));
        assertEquals(Ptrace.ERESTARTNOHAND, interrupted(task, 1000), "the next one");
    }

    @Test
    void one_that_the_program_makes_or_that_has_another_limit_is_another() {
        kernel.task(TID);
        Task task = new Task(TID);
        kernel.comparesResults = true;
        for (int i = 0; i < 100; i++) {
            now += SECOND / 10;
            assertEquals(Ptrace.ERESTARTNOHAND, interrupted(task, 1000));
        }
        kernel.comparesResults = false;
        for (int i = 0; i < 100; i++) {
            now += SECOND / 10;
            assertEquals(Ptrace.ERESTARTNOHAND, interrupted(task, 1000 - i));
        }
    }

    @Test
    void one_without_a_limit_goes_on_for_ever() {
        kernel.task(TID);
        Task task = new Task(TID);
        for (int i = 0; i < 100; i++) {
            now += SECOND / 2;
            assertEquals(Ptrace.ERESTARTNOHAND, interrupted(task, -1));
        }
    }
}
