package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** What a command can do to its supervisor, call by call: the table in {@code filter.TracerCalls}. */
class SupervisorAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OUTSIDER = Fixtures.compile("outsider").toString();
    private static final String ALLOWED = "--allowed-netmask=127.0.0.1";

    /** A process of the same user, in a group of its own as the supervisor is. */
    private static final String BESIDE_ANOTHER =
            "setsid sleep 30 & other=$!; until [ \"$(ps -o pgid= $other)\" -eq $other ]; do sleep 0.01; done; \"$1\" nudge $other; kill -9 $other";

    private static final String FOR_ROOT = " autogroup clear_refs coredump_filter oom_score_adj process_madvise timerslack_ns";
    private static final String SIGNALS = " kill kill-group pidfd_send_signal pidfd_send_signal-group rt_sigqueueinfo tgkill tkill";

    private static TreeSet<String> words(String text) {
        return new TreeSet<>(List.of(text.strip().split(" +")));
    }

    private static Map<String, String> answers(Outcome run) {
        return run.exited(0).stdout().lines().map(line -> line.split(" "))
                .collect(Collectors.toMap(line -> line[0], line -> line[1]));
    }

    private static TreeSet<String> succeeded(Map<String, String> answers) {
        return answers.entrySet().stream().filter(answer -> answer.getValue().equals("ok")).map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void a_process_that_is_no_supervisor_can_be_changed_by_every_such_call() {
        for (User user : User.values()) {
            Map<String, String> answers = answers(ROOM.bash(BESIDE_ANOTHER, OUTSIDER).as(user).run());
            assertEquals(34, answers.size());
            TreeSet<String> failed = new TreeSet<>(answers.keySet());
            failed.removeAll(succeeded(answers));
            TreeSet<String> privileged = user == User.ROOT ? new TreeSet<>()
                    : words("process_madvise setns timerslack_ns autogroup sched_setattr");
            failed.removeAll(privileged); // autogroup may be too busy
            assertEquals(new TreeSet<>(), failed, answers::toString);
        }
    }

    /** By whom, with a Landlock domain or without, and what gets through. */
    @ParameterizedTest
    @CsvSource({
        "ROOT, auto, '" + FOR_ROOT + "'", "ORDINARY, auto, ''",
        "ROOT, off, '" + FOR_ROOT + SIGNALS + "'", "ORDINARY, off, '" + SIGNALS + "'",
    })
    void the_supervisor_cannot(User user, String landlock, String but) {
        Outcome run = ROOM.secfilt(ALLOWED, "--landlock=" + landlock, OUTSIDER, "nudge", "0").as(user).run();
        Map<String, String> answers = answers(run);
        assertEquals(34, answers.size());
        TreeSet<String> expected = but.isBlank() ? new TreeSet<>() : words(but);
        assertEquals(expected, succeeded(answers), run::toString);
        assertEquals("EPERM", answers.get("prlimit64"));
        assertTrue(run.stderr().contains("denied prlimit64 by outsider"), run::toString);
        assertTrue(run.stderr().contains("it would change the limits or the scheduling of secfilt itself"), run::toString);
    }

    /** There it adopts the supervisor, and the supervisor is its child. */
    @ParameterizedTest
    @CsvSource({"ROOT, '" + FOR_ROOT + "'", "ORDINARY, ''"})
    void process_1_of_a_pid_namespace_cannot_either(User user, String but) {
        List<String> words = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"));
        if (user == User.ORDINARY) {
            words.addAll(List.of("setpriv", "--reuid=54771", "--regid=54771", "--clear-groups"));
        }
        words.addAll(List.of(Built.program().toString(), "-q", ALLOWED, OUTSIDER, "nudge", "0"));
        Outcome run = ROOM.command(words.toArray(new String[0])).run();
        TreeSet<String> expected = but.isBlank() ? new TreeSet<>() : words(but);
        assertEquals(expected, succeeded(answers(run)), run::toString);
    }

    /** The command's own processes, by their numbers. */
    @ParameterizedTest
    @CsvSource({"ROOT", "ORDINARY"})
    void other_processes_can_be_changed_as_ever(User user) {
        String script = "sleep 30 & other=$!; prlimit --pid $other --nofile=77:77; taskset -p 1 $other >/dev/null; renice -n 3 $other >/dev/null;"
                + " ionice -c 3 -p $other; chrt --batch -p 0 $other;"
                + " prlimit --pid $other --nofile --noheadings -o SOFT; taskset -p $other | sed 's/.*: //'; ps -o ni= $other; ionice -p $other;"
                + " chrt -p $other | sed -n 's/.*policy: //p'; kill -9 $other";
        String without = ROOM.bash(script).as(user).run().exited(0).stdout();
        assertEquals(List.of("77", "1", "3", "idle", "SCHED_BATCH"), without.lines().map(String::strip).toList());
        Outcome run = ROOM.secfilt(ALLOWED, "bash", "-c", script).as(user).run().exited(0);
        assertEquals(without, run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    /** Neither by waits of its own: a socket's flags and options are its own, while the supervisor acts on it. */
    @ParameterizedTest
    @CsvSource({"flip, ROOT", "flip, ORDINARY", "linger, ROOT", "linger, ORDINARY", "deadline, ROOT", "deadline, ORDINARY", "shut, ROOT",
            "shut, ORDINARY", "spin, ROOT", "spin, ORDINARY"})
    void a_command_cannot_have_it_wait(String way, User user) {
        Outcome run = ROOM.secfilt(ALLOWED, Fixtures.compile("stall").toString(), way, "4").as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals("tried\n", run.stdout(), run::toString);
    }

    /** Memory that it reads may wait for a thread that was just made, and whose first stop it has not answered. */
    @Test
    void a_thread_that_was_made_is_let_go_before_it_reads_memory() {
        ROOM.command(Fixtures.compile("newborn").toString(), "100").run().exited(0);
        Outcome run = ROOM.secfilt(ALLOWED, Fixtures.compile("newborn").toString(), "10000").timeoutMillis(60_000).run().exited(0);
        assertEquals("sent 10000\n", run.stdout(), run::toString);
    }
}
