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
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/**
 * What a command can change of its supervisor, and of others outside, call by call: the table in {@code filter.TracerCalls}. How long it can
 * have the supervisor wait tells {@link StallAttackIT}.
 */
class SupervisorAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OUTSIDER = Fixtures.compile("outsider").toString();
    private static final String ALLOWED = "--allowed-netmask=127.0.0.1";

    /** A process of the same user, in a group of its own as the supervisor is. */
    private static final String BESIDE_ANOTHER =
            "setsid sleep 30 & other=$!; until [ \"$(ps -o pgid= $other)\" -eq $other ]; do sleep 0.01; done; \"$1\" nudge $other; kill -9 $other";

    private static final String FOR_ROOT = " autogroup clear_refs coredump_filter oom_score_adj process_madvise timerslack_ns";

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
            assertEquals(35, answers.size());
            TreeSet<String> failed = new TreeSet<>(answers.keySet());
            failed.removeAll(succeeded(answers));
            TreeSet<String> privileged = user == User.ROOT ? new TreeSet<>()
                    : words("process_madvise setns timerslack_ns autogroup sched_setattr perf_event_open");
            failed.removeAll(privileged); // autogroup may be too busy
            assertEquals(new TreeSet<>(), failed, answers::toString);
        }
    }

    /** By whom, with a Landlock domain or without, and what gets through. */
    @ParameterizedTest
    @CsvSource({
        "ROOT, auto, '" + FOR_ROOT + "'", "ORDINARY, auto, ''",
        "ROOT, off, '" + FOR_ROOT + "'", "ORDINARY, off, ''",
    })
    void the_supervisor_cannot(User user, String landlock, String but) {
        Outcome run = ROOM.secfilt(ALLOWED, "--landlock=" + landlock, OUTSIDER, "nudge", "0").as(user).run();
        Map<String, String> answers = answers(run);
        assertEquals(35, answers.size());
        TreeSet<String> expected = but.isBlank() ? new TreeSet<>() : words(but);
        assertEquals(expected, succeeded(answers), run::toString);
        assertEquals("EPERM", answers.get("prlimit64"));
        assertTrue(run.stderr().contains("denied prlimit64 by outsider"), run::toString);
        assertTrue(run.stderr().contains("it would change the limits or the scheduling of processes outside of the run"), run::toString);
    }

    /** What is written to its files in /proc is a matter of files, and of their owner. */
    @ParameterizedTest
    @CsvSource({"ROOT, '" + FOR_ROOT + "'", "ORDINARY, autogroup clear_refs coredump_filter oom_score_adj"})
    void another_process_outside_cannot_either(User user, String but) {
        Outcome run = ROOM.bash(BESIDE_ANOTHER.replace("\"$1\"", "\"$1\" " + ALLOWED + " \"$2\""), Built.program().toString(), OUTSIDER)
                .as(user).run();
        Map<String, String> answers = answers(run);
        assertEquals(35, answers.size());
        TreeSet<String> expected = but.isBlank() ? new TreeSet<>() : words(but);
        assertEquals(expected, succeeded(answers), run::toString);
        for (String call : List.of("prlimit64", "sched_setaffinity", "setpriority", "setpriority-group", "ioprio_set", "perf_event_open")) {
            assertEquals("EPERM", answers.get(call), call);
        }
        assertTrue(run.stderr().contains("denied setpriority by outsider"), run::toString);
    }

    /** A script's group is that of the shell that runs it, and a pipeline's has members outside. */
    @ParameterizedTest
    @EnumSource
    void a_group_with_others_in_it_stays_as_it_is_and_one_of_its_own_does_not(User user) {
        String renice = "renice -n 5 -g 0 >/dev/null 2>&1 && echo done || echo refused; ionice -c 3 -P $(ps -o pgid= $$) && echo done;"
                + " [ $(nice) = $before ] && echo as before || echo changed";
        String script = "export before=$(nice); \"$1\" " + ALLOWED + " bash -c '" + renice + "' 2>/dev/null | cat;"
                + " \"$1\" " + ALLOWED + " setsid --wait bash -c '" + renice + "' | cat; [ $(nice) = $before ] && echo as before";
        Outcome run = ROOM.bash(script, Built.program().toString()).as(user).run().exited(0);
        assertEquals(List.of("refused", "as before", "done", "done", "changed", "as before"), run.stdout().lines().toList(), run::toString);
        assertEquals("", run.stderr());
    }

    /** There the same numbers are others'. */
    @ParameterizedTest
    @CsvSource({"ROOT, --pid", "ORDINARY, --user --map-root-user --pid"})
    void in_a_pid_namespace_of_its_own_the_numbers_are_those_in_there(User user, String namespaces) {
        String script = "sleep 30 & other=$!; prlimit --pid $other --nofile=77:77; taskset -p 1 $other >/dev/null; chrt --batch -p 0 $other;"
                + " prlimit --pid $other --nofile --noheadings -o SOFT; taskset -p $other | sed 's/.*: //'; chrt -p $other | sed -n 's/.*policy: //p';"
                + " prlimit --pid 4444 --nofile=77:77 2>/dev/null || echo none; kill -9 $other";
        List<String> words = new ArrayList<>(List.of("unshare"));
        words.addAll(List.of(namespaces.split(" ")));
        words.addAll(List.of("--fork", "bash", "-c", script));
        List<String> expected = List.of("77", "1", "SCHED_BATCH", "none");
        assertEquals(expected, ROOM.command(words.toArray(new String[0])).as(user).run().exited(0).stdout().lines().map(String::strip).toList());
        words.add(0, ALLOWED);
        Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0);
        assertEquals(expected, run.stdout().lines().map(String::strip).toList(), run::toString);
    }

    /** By root's TIOCVHANGUP: the kernel has Landlock asked about none of the signals that it sends then. */
    @Test
    void who_has_another_terminal_is_not_hung_up() {
        String script = """
                import fcntl, os, subprocess, sys, termios
                slave = os.openpty()[1]
                other = subprocess.Popen(["sleep", "10"], stdin=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
                subprocess.run(sys.argv[1:] + [os.ttyname(slave)])
                try:
                    other.wait(1)
                except subprocess.TimeoutExpired:
                    other.kill()
                print(-other.wait())""";
        assertEquals("done\n1\n", ROOM.command("/usr/bin/python3", "-c", script, OUTSIDER, "hangup").run().exited(0).stdout());
        Outcome run = ROOM.command("/usr/bin/python3", "-c", script, Built.program().toString(), "--allowed-netmask=127.0.0.1", OUTSIDER, "hangup").run();
        assertEquals("EPERM\n9\n", run.exited(0).stdout(), run::toString);
    }

    /** keyctl(2) "KEYCTL_SESSION_TO_PARENT": the parent is the shell that runs secfilt. */
    @ParameterizedTest
    @EnumSource
    void the_caller_keeps_its_session_keyring(User user) {
        assertEquals("done\n", ROOM.bash("\"$1\" keys; true", OUTSIDER).as(user).run().exited(0).stdout());
        Outcome run = ROOM.bash("\"$1\" " + ALLOWED + " \"$2\" keys; true", Built.program().toString(), OUTSIDER).as(user).run().exited(0);
        assertEquals("EPERM\n", run.stdout(), run::toString);
    }

    /** There it adopts the supervisor, and the supervisor is its child. */
    @ParameterizedTest
    @CsvSource({"ROOT, '" + FOR_ROOT + "'", "ORDINARY, ''"})
    void process_1_of_a_pid_namespace_cannot_either(User user, String but) {
        List<String> words = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"));
        if (user == User.ORDINARY) {
            words.addAll(User.TO_ORDINARY);
        }
        words.addAll(List.of(Built.program().toString(), "-q", ALLOWED, OUTSIDER, "nudge", "0"));
        Outcome run = ROOM.command(words.toArray(new String[0])).run();
        TreeSet<String> expected = but.isBlank() ? new TreeSet<>() : words(but);
        assertEquals(expected, succeeded(answers(run)), run::toString);
    }

    /** The command's own processes, by their numbers. */
    @ParameterizedTest
    @EnumSource
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

    /** A group is its members' parents' to change, too, while the call is judged. */
    @ParameterizedTest
    @EnumSource
    void a_group_that_is_another_by_the_time_the_call_runs_is_not_the_one_that_is_changed(User user) {
        String beside = "set -m; sleep 30 & other=$!; set +m; as() { ps -o ni= -p $other; ionice -p $other; }; before=$(as);"
                + " \"$1\" -q " + ALLOWED + " \"$2\" 3000 $other; [ \"$before\" = \"$(as)\" ] && echo as before; kill $other";
        Outcome run = ROOM.bash(beside, Built.program().toString(), Fixtures.compile("regroup").toString()).as(user).timeoutMillis(30_000).run().exited(0);
        assertTrue(run.stdout().matches("ran [1-9][0-9]*, refused [0-9]+\nas before\n"), run::toString);
    }
}
