package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * Signals of a command where Landlock scopes none, as before Linux 6.12: the supervisor judges them, so that among the run's processes they are as ever
 * and no other one gets any, as where Landlock does. {@link LandlockIT} has the ways to send one.
 */
class SignalsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OUTSIDER = Fixtures.compile("outsider").toString();
    private static final List<String> UNSCOPED = List.of("--allowed-netmask=127.0.0.1", "--landlock=off");
    private static final String WORDS = String.join(" ", UNSCOPED);

    static List<Arguments> scripts() {
        List<Arguments> rows = new ArrayList<>();
        for (User user : User.values()) {
            for (String script : List.of(
                    "sleep 30 & kill -0 $!; echo $?; kill %1; wait %1; echo $?; kill -0 %1; echo $?",
                    "set -m; sleep 30 | sleep 30 & kill -STOP %1; sleep 0.2; jobs -s | wc -l; kill -CONT %1; sleep 0.2; jobs -r | wc -l; kill -TERM %1; wait %1; echo $?",
                    "set -m; sleep 30 & kill -KILL -- -$!; wait %1; echo $?; kill -TERM -- -$!; echo $?",
                    "timeout 0.2 sleep 30; echo $?; timeout -s KILL 0.2 sh -c 'sleep 30; true'; echo $?",
                    "trap 'echo got it' USR1; kill -USR1 $$; echo $?; kill -USR1 0; echo $?",
                    "trap 'echo got it' TERM; (sleep 30; true) & sleep 0.1; kill 0; wait; echo $?",
                    "kill -KILL 0; echo no",
                    "kill -99 $$; kill -TERM 4194303; echo $?",
                    "python3 -c 'import os, signal, threading; signal.signal(10, print); signal.pthread_kill(threading.get_ident(), 10);"
                            + " pid = os.fork() or os.execlp(\"sleep\", \"sleep\", \"30\"); fd = os.pidfd_open(pid);"
                            + " signal.pidfd_send_signal(fd, 0); signal.pidfd_send_signal(fd, 15); print(os.waitpid(pid, 0)[1]);"
                            + " signal.pidfd_send_signal(fd, 0)' 2>&1 | sed 's/frame.*//'")) {
                rows.add(Arguments.of(user, script));
            }
        }
        return rows;
    }

    /** In a session of its own: so all members of its groups are inside. */
    @ParameterizedTest
    @MethodSource("scripts")
    void those_among_the_processes_of_a_run_are_as_ever(User user, String script) {
        String[] words = {"setsid", "-w", "bash", "-c", script};
        Outcome without = ROOM.command(words).as(user).run();
        List<String> under = new ArrayList<>(UNSCOPED);
        under.addAll(List.of("-q", "--"));
        under.addAll(List.of(words));
        Outcome run = ROOM.secfilt(under.toArray(new String[0])).as(user).run();
        assertEquals(without.end() + "\n" + without.stdout(), run.end() + "\n" + run.stdout(), run::toString);
    }

    /** The script that calls it is a member too, and what stands behind it in a pipeline. It is as with Landlock's scope, where there is one. */
    @ParameterizedTest
    @CsvSource({"ROOT, auto", "ORDINARY, auto", "ROOT, off", "ORDINARY, off"})
    void of_a_shared_group_the_members_inside_alone_get_it(User user, String landlock) {
        String inside = "trap \"echo got it\" TERM; (trap \"echo so did it; exit\" TERM; while :; do sleep 0.01; done) & sleep 0.2; kill 0; echo $?; wait;"
                + " sleep 30 & kill -KILL -- -$(ps -o pgid= $$ | tr -d \" \"); echo not reached";
        String script = "trap 'echo signalled' TERM; \"$1\" -q --allowed-netmask=127.0.0.1 --landlock=" + landlock + " bash -c '" + inside + "' | sort;"
                + " echo ${PIPESTATUS[0]}";
        Outcome run = ROOM.command("setsid", "-w", "bash", "-c", script, "bash", Built.program().toString()).as(user).run().exited(0);
        assertEquals("0\ngot it\nso did it\n137\n", run.stdout(), run::toString);
        assertEquals("", run.reports().isEmpty() ? "" : run.reports().toString());
    }

    /** Signal 0 too, which asks whether somebody is there. */
    @ParameterizedTest
    @ValueSource(strings = {"-TERM $1", "-0 $1", "-TERM -- -$1"})
    void one_to_processes_outside_is_denied_and_told(String whom) {
        for (User user : User.values()) {
            String script = "\"$1\" " + WORDS + " --violation-exit=77 setsid -w bash -c 'kill " + whom + " 2>/dev/null; echo $?' bash $$; echo $?";
            Outcome run = ROOM.command("setsid", "-w", "bash", "-c", script, "bash", Built.program().toString()).as(user).run().exited(0);
            assertEquals("1\n77\n", run.stdout(), run::toString);
            assertTrue(run.stderr().matches("(?s).*secfilt: denied kill by bash\\[\\d+]: it would signal processes outside of the run\n.*"), run::toString);
        }
    }

    /** Numbers are those of the caller's namespace; of one further down it has its own. */
    @ParameterizedTest
    @CsvSource({"ROOT, --pid", "ORDINARY, --user --map-root-user --pid"})
    void in_a_pid_namespace_of_its_own_the_numbers_are_those_in_there(User user, String namespaces) {
        String script = "sleep 30 & kill -0 $!; echo $?; kill -0 4444 2>/dev/null; echo $?;"
                + " unshare --pid --fork sh -c 'sleep 30; true' & sleep 0.3; for i in 2 3 4 5 6 7 8; do kill -0 $i 2>/dev/null && prlimit --pid $i --core=0 && echo it is; done;"
                + " kill -KILL -1; echo $?; wait; echo here";
        List<String> words = new ArrayList<>(List.of("unshare"));
        words.addAll(List.of(namespaces.split(" ")));
        words.addAll(List.of("--fork", "--kill-child", "bash", "-c", script));
        Outcome without = ROOM.command(words.toArray(new String[0])).as(user).run().exited(0);
        words.addAll(0, UNSCOPED);
        Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0);
        assertEquals(without.stdout(), run.stdout(), run::toString);
        assertTrue(run.stdout().endsWith("0\nhere\n"), run::toString);
    }

    /** Of process 1 of a PID namespace: kill(2) has no number for it but 0. */
    @ParameterizedTest
    @CsvSource({"ROOT, --pid", "ORDINARY, --user --map-root-user --pid"})
    void in_group_1_the_members_alone_get_it(User user, String namespaces) {
        String inside = "trap \"echo got it\" USR1; (trap \"echo so did it; exit\" USR1; while :; do sleep 0.01; done) & sleep 0.2;"
                + " ps -o pgid= $$ | tr -d \" \"; kill -USR1 0; echo $?; sleep 0.5";
        String outsider = "trap \"echo an outsider too\" USR1; for i in {1..50}; do sleep 0.1; done";
        String script = "setsid bash -c '" + outsider + "' & sleep 0.3; exec \"$1\" -q " + WORDS + " bash -c '" + inside + "'";
        List<String> words = new ArrayList<>(List.of("setsid", "-w", "unshare"));
        words.addAll(List.of(namespaces.split(" ")));
        words.addAll(List.of("--fork", "--mount", "--mount-proc", "setsid", "bash", "-c", script, "bash", Built.program().toString()));
        Outcome run = ROOM.command(words.toArray(new String[0])).as(user).run().exited(0);
        assertEquals(List.of("0", "1", "got it", "so did it"), run.stdout().lines().sorted().toList(), run::toString);
    }

    /** Of a group with members outside each one gets its own, and the caller's signals are blocked meanwhile. */
    @ParameterizedTest
    @EnumSource
    void a_filter_that_comes_to_a_signal_of_another_thread_leaves_no_signals_blocked(User user) {
        String left = Fixtures.compile("left-blocked").toString();
        Outcome run = ROOM.command("setsid", "-w", "sh", "-c", "\"$1\" -q " + WORDS + " \"$2\" group 20; true", "sh", Built.program().toString(), left)
                .as(user).run().exited(0);
        assertEquals("20 of 20 refused, 0 with signals blocked\n", run.stdout(), run::toString);
    }

    /** The first call of each: the calls in its place, by which the vault comes, are interrupted again and again. */
    @ParameterizedTest
    @EnumSource
    void one_that_is_continued_without_a_pause_makes_its_calls_all_the_same(User user) {
        String continued = Fixtures.compile("continued").toString();
        Outcome run = ROOM.secfilt("-q", "--firewall=off", "--allowed-netmask=" + NetworkRoom.INSIDE, continued, "60", NetworkRoom.INSIDE, "8002")
                .as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals("0: 60\n", run.stdout(), run::toString);
    }

    /** What was judged is what is signalled: a victim that gets SIGUSR1 sends a datagram. */
    @ParameterizedTest
    @CsvSource({"pidfd, ROOT", "group, ROOT", "pidfd, ORDINARY", "group, ORDINARY"})
    void who_is_meant_cannot_be_another_by_the_time_the_signal_is_sent(String how, User user) {
        String race = Fixtures.compile("signal-race").toString();
        String beside = """
                d=$(mktemp -d)
                set -m; "$OUTSIDER" victim "$d/victim" 10.77.2.1 8002 & victim=$!; set +m
                until [ -s "$d/victim" ]; do sleep 0.01; done
                "$@" "$d/victim" 3000
                kill $victim 2>/dev/null; rm -r "$d\"""";
        ROOM.bash(beside, race, how).as(user).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").timeoutMillis(30_000).run();
        assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived(), how + " does nothing without secfilt");
        Outcome run = ROOM.bash(beside, Built.program().toString(), "-q", UNSCOPED.get(0), UNSCOPED.get(1), race, how)
                .as(user).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").timeoutMillis(30_000).run().exited(0);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        assertTrue(run.stdout().matches("sent [1-9][0-9]*, refused [0-9]+\n"), run::toString);
    }
}
