package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Ptrace;

class ExecStopsTest extends TracerRoom {
    @Test
    void an_execve_stops_where_a_vault_goes_with_it_or_a_thread_takes_the_number_of_another() {
        kernel.remember(0x1000, ALLOWED);
        Deed begin = Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 5);
        Deed exec = Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5);
        command();
        FakeTask silent = kernel.task(8, begin, exec);
        FakeTask caller = kernel.task(9, begin, exec, connect(0x1000), exec, connect(0x1000));
        FakeTask thread = kernel.task(10, begin, exec);
        caller.forgetsVaultAtExec = true;
        thread.thread = true;
        run();
        assertEquals(List.of(0, 1, 1), List.of(silent.execsTold, caller.execsTold, thread.execsTold));
        assertEquals(2, named("close").size());
    }

    /** A signal stops the task while it has the vault's descriptor, and a handler executes another program: the descriptor is gone too. */
    @Test
    void who_is_about_to_map_the_vault_tells_of_its_execve_though_it_was_stopped_meanwhile() {
        kernel.remember(0x1000, ALLOWED);
        Deed begin = Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 5);
        command();
        FakeTask task = kernel.task(8, begin, connect(0x1000), Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5));
        task.stopsWithDescriptor = true;
        run();
        assertEquals(1, task.execsTold);
    }

    /** A thread that nobody traced executed another program in its place, and that ended; or somebody killed it in the middle of an execve. */
    @Test
    void who_has_the_number_of_one_that_ended_unseen_begins_anew() {
        kernel.remember(0x1000, ALLOWED);
        int begin = Ptrace.PTRACE_EVENT_STOP << 8 | 5;
        command();
        FakeTask task = kernel.task(8, Deed.stop(begin), connect(0x1000), Deed.signalIn(begin, "clone", 0), connect(0x1000));
        task.stopsWithDescriptor = true;
        task.vaultAnswers.add(44L); // of which the next one knows nothing
        run();
        assertEquals(List.of("8: connect 10.0.0.1:80"), named("connect"));
        assertEquals(1, named("close").size());
    }

    @Test
    void why_there_was_no_vault_is_forgotten_at_a_stop_after_which_an_execve_is_not_told() {
        kernel.remember(0x1000, ALLOWED);
        command();
        FakeTask task = kernel.task(8, Deed.stop(Ptrace.PTRACE_EVENT_STOP << 8 | 5), connect(0x1000),
                Deed.stop(Ptrace.PTRACE_EVENT_EXEC << 8 | 5), connect(0x1000));
        task.stopsWithDescriptor = true;
        task.vaultAnswers.add((long) -Errno.EMFILE.number());
        run();
        assertEquals(List.of("8: connect 10.0.0.1:80"), named("connect"));
        assertEquals(0, task.execsTold);
    }
}
