package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/** Where a filter that is there already, as in a container, refuses calls of secfilt's own: it does without them, or says what is wanting and runs nothing. */
class RefusedCallsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String REFUSE = Fixtures.compile("refuse").toString();
    private static final String SEND = "echo ran; for a in 10.77.1.1 10.77.2.1; do echo x >/dev/udp/$a/8002; done; exit 7";

    /** @param calls with blanks between: each a name, and what of its arguments it is refused for */
    private static Command where(String error, String calls, String... words) {
        List<String> all = new ArrayList<>(List.of(REFUSE, String.valueOf(Errno.find(error).orElseThrow().number())));
        for (String call : calls.split(" ")) {
            String name = call.split(":")[0];
            all.add(Arch.X86_64.syscalls().nr(name) + call.substring(name.length()));
        }
        all.add("--");
        all.addAll(List.of(words));
        return ROOM.command(all.toArray(new String[0]));
    }

    private static Command run(String error, String calls, String options) {
        return where(error, calls, "bash", "-c", "exec $SECFILT " + options + " --allowed-netmask=10.77.1.1 bash -c \"$0\"", SEND);
    }

    @ParameterizedTest
    @CsvSource({"process_vm_readv, process_vm_readv", "process_vm_writev, process_vm_writev", "pidfd_open, pidfd_open", "pidfd_getfd, pidfd_getfd",
            "waitid, waitid", "ioctl, ioctl", "ioctl:1:0xffffffff:0xc0182101, ioctl"})
    void what_nothing_is_supervised_without_is_named_and_nothing_is_run(String refused, String named) {
        for (String error : List.of("EPERM", "ENOSYS")) {
            Outcome run = run(error, refused, "").as(User.ORDINARY).run().exited(125);
            assertEquals(1, run.reports().size(), run::toString);
            assertTrue(run.stderr().startsWith("secfilt: " + named + ": " + error + " ("), run::toString);
            assertTrue(run.stderr().contains("a container that forbids that call, secfilt can hold no policy. Nothing was run. "), run::toString);
            assertEquals("", run.stdout());
            assertEquals(List.of(), ROOM.arrived());
        }
    }

    /** Root's command, which may mount: over /proc too, where no firewall gives it mounts of its own. */
    @ParameterizedTest
    @ValueSource(strings = {"open_tree", "mount_setattr"})
    void nothing_is_run_that_could_mount_over_what_is_read_in_proc(String refused) {
        for (String error : List.of("EPERM", "ENOSYS")) {
            Outcome run = run(error, refused, "--firewall=off").as(User.ROOT).run().exited(125);
            assertEquals(1, run.reports().size(), run::toString);
            assertTrue(run.stderr().startsWith("secfilt: /proc cannot be kept from what the command mounts (" + refused + ": " + error + " ("), run::toString);
            assertEquals("", run.stdout());
        }
    }

    @Test
    void doctor_tells_of_it() {
        Outcome run = where("ENOSYS", "process_vm_readv", Built.program().toString(), "doctor").as(User.ORDINARY).run().exited(1);
        assertTrue(run.stdout().contains("\nno      supervisor's calls: process_vm_readv: ENOSYS (Function not"), run.stdout());
        assertTrue(run.stdout().contains("cannot hold network policies here, for want of:\n  supervisor's calls"), run.stdout());
    }

    /** Those by which standard error is written to without a wait. */
    @ParameterizedTest
    @ValueSource(strings = {"pwritev2", "poll", "pwritev2 poll"})
    void denials_are_told_all_the_same(String calls) {
        for (String error : List.of("EPERM", "ENOSYS")) {
            for (String options : List.of("", "--log=log")) {
                holds(run(error, calls, options).as(User.ORDINARY).run());
            }
            Outcome piped = where(error, calls, "bash", "-c",
                    "$SECFILT --allowed-netmask=10.77.1.1 bash -c \"$0\" 2>&1 | cat; exit ${PIPESTATUS[0]}", SEND).as(User.ORDINARY).run().exited(7);
            assertTrue(piped.stdout().contains("\nsecfilt: denied connect 10.77.2.1:8002/udp by bash"), piped::toString);
            assertTrue(piped.stdout().contains("\nsecfilt: 1 call denied:\n"), piped::toString);
            assertEquals(List.of("udp 10.77.1.1:8002"), ROOM.arrived());
            Outcome usage = where(error, calls, Built.program().toString(), "--no-such-option").run().exited(2);
            assertTrue(usage.stderr().startsWith("secfilt: unknown option '--no-such-option'"), usage::toString);
        }
    }

    private static void holds(Outcome run) {
        run.exited(7);
        assertEquals("ran\n", run.stdout(), run::toString);
        assertTrue(run.errAtEnd().contains("secfilt: denied connect 10.77.2.1:8002/udp by bash"), run::toString);
        assertTrue(run.stderr().contains("\nsecfilt: 1 call denied:\n"), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8002"), ROOM.arrived());
    }

    @ParameterizedTest
    @ValueSource(strings = {"EPERM", "ENOSYS"})
    void nobody_need_be_told_of_writing_to_what_the_supervisor_runs(String error) {
        holds(run(error, "rt_sigtimedwait", "").as(User.ORDINARY).run());
    }

    /** SECCOMP_FILTER_FLAG_NEW_LISTENER: as under a container's own listener, and where its filter does not let it pass. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            EBUSY,  has a listener for this process's calls already
            EPERM,  let the container's seccomp profile permit them
            ENOSYS, let the container's seccomp profile permit them
            EINVAL, let the container's seccomp profile permit them
            """)
    void a_filter_that_may_have_no_listener_is_told_with_what_to_do(String error, String why) {
        for (String options : List.of("", "--notifications=off")) {
            Outcome run = run(error, "seccomp:1:8:8", options).as(User.ORDINARY).run().exited(125);
            assertEquals(1, run.reports().size(), run::toString);
            assertTrue(run.stderr().startsWith("secfilt: seccomp(SECCOMP_SET_MODE_FILTER): ") && run.stderr().contains(why), run::toString);
            assertEquals("", run.stdout());
        }
    }

    /** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, which is asked for only where judged calls are answered without a stop. */
    @ParameterizedTest
    @ValueSource(strings = {"EPERM", "EINVAL"})
    void one_that_may_not_answer_without_a_stop_is_told_the_option_for_it(String error) {
        Outcome run = run(error, "seccomp:1:32:32", "").as(User.ORDINARY).run().exited(125);
        assertTrue(run.stderr().contains("--notifications=off"), run::toString);
        holds(run(error, "seccomp:1:32:32", "--notifications=off").as(User.ORDINARY).run());
    }

    @Test
    void a_policy_that_the_filter_alone_holds_needs_none_of_them() {
        Outcome run = where("EPERM", "ioctl process_vm_readv process_vm_writev seccomp:1:8:8 waitid", Built.program().toString(),
                "--firewall=off", "--mainstream-network-families", "echo", "ran").as(User.ORDINARY).run();
        assertEquals("ran\n", run.stdout(), run::toString);
    }
}
