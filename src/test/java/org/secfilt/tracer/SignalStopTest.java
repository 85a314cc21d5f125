package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.kernel.SignalTargets;

/** Signals where Landlock scopes none. Numbers from 4000 on are outside of the run, 5000 is nobody's; the caller is 7. */
class SignalStopTest extends TracerRoom {
    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;
    private static final int SIGSYS = 31;
    private static final int OWN = 0;
    private static final int MEMBERS_GROUP = 70;
    private static final int INFO = 4096;

    private static SignalTargets.Group group(boolean outside, int self, Integer... inside) {
        return new SignalTargets.Group(MEMBERS_GROUP, self, List.of(inside), outside, false);
    }

    /** @param told whether it is, which then is that it was denied */
    private void expect(long result, boolean told, String... acted) {
        assertEquals(List.of(acted), kernel.acted);
        assertEquals(1, kernel.returned.stream().filter(line -> line.matches("7: (kill|t.*kill|rt_.*info|pidfd_.*) " + result)).count(),
                kernel.returned::toString);
        assertEquals(told ? 1 : 0, reported.size() - 2, reported::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "kill, 8, 15, 0, 0", "kill, 8, 0, 0, 0", "kill, 4000, 15, 0, -1", "kill, 4000, 0, 0, -1", "kill, 5000, 15, 0, -3", "kill, -2147483648, 15, 0, 0",
        "tkill, 8, 15, 0, 0", "tkill, 4000, 15, 0, -1", "tkill, 0, 15, 0, 0", "tkill, -1, 15, 0, 0", "tkill, 5000, 15, 0, -3",
        "rt_sigqueueinfo, 8, 15, 0, 0", "rt_sigqueueinfo, 4000, 15, 0, -1", "rt_sigqueueinfo, -1, 15, 0, 0",
        "tgkill, 8, 8, 15, 0", "tgkill, 8, 4000, 15, -1", "tgkill, 4000, 4000, 15, -1", "tgkill, 0, 4000, 15, 0", "tgkill, 8, 0, 15, 0",
        "rt_tgsigqueueinfo, 8, 8, 15, 0", "rt_tgsigqueueinfo, 4000, 4000, 15, -1", "rt_tgsigqueueinfo, -1, 4000, 15, 0",
    })
    void a_signal_to_one_goes_to_one_of_the_run(String call, int first, int second, int third, long result) {
        runWith(Deed.call(call, first, second, third));
        boolean threads = call.contains("tg");
        expect(result, result == EPERM,
                result == 0 ? new String[] {"7: " + call + " " + (threads ? second : first) + " " + (threads ? third : second)} : new String[0]);
    }

    /** kernel/signal.c check_kill_permission(): it looks at the signal first, but behind who there is. */
    @ParameterizedTest
    @CsvSource({
        "kill, 4000, 65, 0, -22", "kill, 4000, -1, 0, -22", "kill, 4000, 64, 0, -1", "kill, 5000, 65, 0, -3", "kill, -70, 65, 0, -22",
        "kill, -1, 65, 0, -22", "tkill, 4000, 65, 0, -22", "tgkill, 4000, 4000, 65, -22", "rt_sigqueueinfo, 4000, 65, 0, -22",
        "rt_tgsigqueueinfo, 4000, 4000, 65, -22", "pidfd_send_signal, 3, 65, 0, -22",
    })
    void what_is_no_signal_is_none_for_processes_outside_too(String call, int first, int second, int third, long result) {
        kernel.targets.groups.add(group(true, SignalTargets.NONE));
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(4000, 4000, false));
        runWith(Deed.call(call, first, second, third));
        expect(result, result == EPERM);
    }

    @Test
    void a_group_of_the_run_gets_it_at_once() {
        kernel.targets.groups.add(group(false, TID, 8, 9));
        runWith(Deed.call("kill", -MEMBERS_GROUP, SIGTERM));
        expect(0, false, "7: kill -70 15");
    }

    /** Its parent could have it be in another by then. */
    @Test
    void the_callers_own_group_is_named_by_its_number() {
        kernel.targets.groups.add(group(false, TID, 8, 9));
        runWith(Deed.call("kill", OWN, SIGTERM));
        expect(0, false, "7: kill -70 15");
        assertArrayEquals(new long[] {OWN, SIGTERM, 0, 0, 0, 0}, kernel.arguments(TID));
    }

    /** Its number with a minus would be everybody: kill(2). */
    @ParameterizedTest
    @CsvSource({"false, 7", "true, 0"})
    void of_group_1_each_member_gets_it(boolean pidfd, int self) {
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(1, 1, false));
        kernel.targets.groups.add(new SignalTargets.Group(1, self, List.of(1, 8), false, false));
        runWith(pidfd ? Deed.call("pidfd_send_signal", 3, SIGTERM, 0, 4) : Deed.call("kill", OWN, SIGTERM));
        expect(0, false, pidfd ? new String[] {"7: kill 1 15", "7: kill 8 15"} : new String[] {"7: kill 1 15", "7: kill 8 15", "7: kill 7 15"});
    }

    @Test
    void of_a_group_with_others_the_members_of_the_run_get_it_the_caller_last() {
        kernel.targets.groups.add(group(true, TID, 8, 9));
        runWith(Deed.call("kill", OWN, SIGTERM));
        expect(0, false, "7: kill 8 15", "7: kill 9 15", "7: kill 7 15");
        assertArrayEquals(new long[] {OWN, SIGTERM, 0, 0, 0, 0}, kernel.arguments(TID));
    }

    @ParameterizedTest
    @CsvSource({"9, 0", "8 9, -1"})
    void it_succeeds_if_any_could_be_signalled(String not, long result) {
        kernel.unsignalled = not.equals("9") ? Set.of(9) : Set.of(8, 9);
        kernel.targets.groups.add(group(true, SignalTargets.NONE, 8, 9));
        runWith(Deed.call("kill", -MEMBERS_GROUP, SIGTERM));
        expect(result, false, "7: kill 8 15", "7: kill 9 15");
        assertArrayEquals(new long[] {-MEMBERS_GROUP, SIGTERM, 0, 0, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void a_group_without_members_of_the_run_is_denied() {
        kernel.targets.groups.add(group(true, SignalTargets.NONE));
        runWith(Deed.call("kill", -MEMBERS_GROUP, SIGTERM));
        expect(EPERM, true);
    }

    @ParameterizedTest
    @ValueSource(ints = {-MEMBERS_GROUP, -1})
    void nobody_is_answered_so(int whom) {
        kernel.targets.groups.add(new SignalTargets.Group(0, 0, List.of(), false, true));
        runWith(Deed.call("kill", whom, SIGTERM));
        expect(-3, false);
    }

    /** kill(2): of all that may be signalled it says nothing; never does the kernel look for them. */
    @Test
    void everybody_is_everybody_of_the_run() {
        kernel.unsignalled = Set.of(8, 9);
        kernel.targets.groups.add(new SignalTargets.Group(0, 0, List.of(8, 9), true, false));
        runWith(Deed.call("kill", -1, SIGTERM));
        expect(0, false, "7: kill 8 15", "7: kill 9 15");
    }

    @Test
    void nobody_of_the_run_but_others_is_success_for_everybody() {
        kernel.targets.groups.add(new SignalTargets.Group(0, 0, List.of(), true, false));
        runWith(Deed.call("kill", -1, SIGTERM));
        expect(0, false);
    }

    /** Of those who have a handler it is not known who is new for it. */
    @ParameterizedTest
    @CsvSource({"9, true", "19, true", "15, false", "0, false"})
    void who_is_born_meanwhile_is_killed_and_stopped_too(int signal, boolean again) {
        kernel.targets.groups.addAll(List.of(group(true, SignalTargets.NONE, 8), group(true, SignalTargets.NONE, 8, 10)));
        runWith(Deed.call("kill", -MEMBERS_GROUP, signal));
        expect(0, false, again ? new String[] {"7: kill 8 " + signal, "7: kill 10 " + signal} : new String[] {"7: kill 8 " + signal});
    }

    /** By its number: the descriptor may be another one by the time the call runs. */
    @ParameterizedTest
    @CsvSource({
        "0, false, 0, kill 8 15", "0, true, 0, tgkill 8 15", "1, false, 0, tgkill 8 15", "2, true, 0, kill 8 15",
        "0, false, 4096, rt_sigqueueinfo 8 15", "0, true, 4096, rt_tgsigqueueinfo 8 15",
    })
    void what_a_pidfd_stands_for_is_signalled_by_its_number(int flags, boolean thread, int info, String acted) {
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(8, 6, thread));
        kernel.remember(INFO, new byte[] {SIGTERM, 0, 0, 0});
        runWith(Deed.call("pidfd_send_signal", 3, SIGTERM, info, flags));
        expect(0, false, "7: " + acted);
        assertArrayEquals(new long[] {3, SIGTERM, info, flags, 0, 0}, kernel.arguments(TID));
    }

    /** As the kernel looks at it; rt_sigqueueinfo(2), which takes its place, does not. */
    @ParameterizedTest
    @CsvSource({"10, -22", "0, -14"})
    void information_must_be_of_the_signal(byte signal, long result) {
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(8, 8, false));
        if (signal != 0) {
            kernel.remember(INFO, new byte[] {signal, 0, 0, 0});
        }
        runWith(Deed.call("pidfd_send_signal", 3, SIGTERM, INFO, 0));
        expect(result, false);
    }

    @ParameterizedTest
    @CsvSource({"3, 4000, 0, -1", "3, 5000, 0, -3", "3, -1, 0, -3", "3, 0, 0, -22", "3, 8, 8, -22", "3, 8, 3, -22", "-1, 8, 4, -9"})
    void a_pidfd_of_others_or_of_nobody_signals_nobody(int fd, int number, int flags, long result) {
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(number, number, false));
        runWith(Deed.call("pidfd_send_signal", fd, SIGTERM, 0, flags));
        expect(result, result == EPERM);
    }

    @Test
    void what_is_no_pidfd_is_none() {
        runWith(Deed.call("pidfd_send_signal", 3, SIGTERM, 0, 0));
        expect(-9, false);
    }

    /** pidfd_send_signal(2) "PIDFD_SIGNAL_PROCESS_GROUP" */
    @ParameterizedTest
    @CsvSource({"false, 0, kill -70", "true, 0, kill 8", "false, 4096, rt_sigqueueinfo 8"})
    void the_group_of_a_pidfd_is_judged_as_one(boolean outside, int info, String acted) {
        kernel.targets.pidfd = Optional.of(new SignalTargets.OfPidfd(MEMBERS_GROUP, MEMBERS_GROUP, false));
        kernel.targets.groups.add(group(outside, SignalTargets.NONE, 8));
        kernel.remember(INFO, new byte[] {SIGKILL, 0, 0, 0});
        runWith(Deed.call("pidfd_send_signal", 3, SIGKILL, info, 4));
        expect(0, false, "7: " + acted + " 9");
    }

    /** Another thread may put one on all. Signals are as they were when the call ends. */
    @Test
    void a_filter_may_come_between_two_members() {
        kernel.ownFilterRefuses = true;
        kernel.targets.groups.add(group(true, TID, 8, 9));
        runWith(Deed.call("kill", OWN, SIGTERM), Deed.call("kill", 8, SIGTERM));
        assertEquals(List.of("7: kill 8 15", "7: kill 8 15"), kernel.acted);
        assertEquals(List.of("7: kill -13", "7: kill 0"), kernel.returned.subList(1, 3));
    }

    /** It was sent by another process, and has a handler: that is no time to have the others blocked, and the call goes on behind it. */
    @Test
    void a_handler_of_SIGSYS_runs_between_two_members_with_signals_as_they_were() {
        kernel.targets.groups.add(group(true, SignalTargets.NONE, 8, 9));
        command(Deed.call("kill", -MEMBERS_GROUP, SIGTERM)).signals.add(SIGSYS);
        run();
        expect(0, false, "7: kill 8 15", "7: kill 9 15");
        assertEquals(List.of("7: signal " + SIGSYS), kernel.delivered);
    }

    /** A filter of its own traps the kill of one: the signal is not for the program, which has made another call. */
    @Test
    void a_filter_of_the_tracees_own_may_trap_one() {
        kernel.targets.groups.add(group(true, SignalTargets.NONE, 8));
        command(Deed.call("kill", -MEMBERS_GROUP, SIGTERM)).traps = Set.of("kill");
        run();
        expect(-3, false);
        assertEquals(List.of(), kernel.delivered);
    }
}
