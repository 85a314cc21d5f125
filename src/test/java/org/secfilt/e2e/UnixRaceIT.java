package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * A directory of a unix socket's path becomes another between the verdict and the kernel's own walk, by {@code test-fixtures/path-race.c}: the kernel
 * comes to what was judged all the same, by the keeper's descriptor.
 */
class UnixRaceIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String RACE = Fixtures.compile("path-race").toString();
    private static final String CROWD = Fixtures.compile("crowded-bucket").toString();
    private static final int CALLS = 4_000;

    /** In a directory of the user's own: a server outside of the run, that tells what arrives. */
    static final String OUTSIDE = """
            cd "$(mktemp -d)"; chmod 755 .; trap 'rm -rf "$PWD"' EXIT; mkdir in out
            "$1" serve "$PWD/out" > arrived & server=$!
            until grep -q ready arrived; do sleep 0.02; done
            """;

    static final String TELL = "; echo exit $?; sleep 0.2; kill $server; wait $server; cat arrived";

    private static final String DENIES = "{deny: [$PWD/out/stream, $PWD/out/dgram]}";
    private static final String ALLOWS = "{mode: deny, allow: [$PWD/in/**]}";

    private static void policy() throws IOException {
        Files.writeString(ROOM.directory().resolve("unix.yaml"), "version: 1\nunix: {deny: [/run/docker.sock]}\n");
    }

    @ParameterizedTest
    @CsvSource({
        "ROOT, stream, true", "ROOT, stream, false", "ROOT, dgram, true", "ROOT, dgram, false",
        "ORDINARY, stream, true", "ORDINARY, stream, false", "ORDINARY, dgram, true", "ORDINARY, dgram, false",
    })
    void a_directory_that_is_swapped_leads_nowhere_else(User user, String kind, boolean byDenial) {
        String script = OUTSIDE + "printf 'version: 1\\nunix: %s\\n' \"" + (byDenial ? DENIES : ALLOWS) + "\" > unix.yaml\n"
                + "\"$SECFILT\" -q --policy=unix.yaml \"$1\" " + kind + " \"$PWD/in\" \"$PWD/out\" " + CALLS + TELL;
        Outcome run = ROOM.bash(script, RACE).as(user).timeoutMillis(120_000).run();
        Matcher counts = Pattern.compile("([0-9]+) succeeded, ([0-9]+) refused, [0-9]+ came to nothing\nexit 0\nready\n").matcher(run.stdout());
        assertTrue(counts.matches(), run::toString);
        assertTrue(Integer.parseInt(counts.group(1)) > CALLS / 100 && Integer.parseInt(counts.group(2)) > CALLS / 100, run::toString);
    }

    /** The names of all sockets are asked for in parts, and what is closed between two of them can hide another: then it is asked again. */
    @ParameterizedTest
    @CsvSource({"ROOT, short", "ROOT, long", "ORDINARY, long"})
    void a_denied_socket_is_not_overlooked_in_a_crowd(User user, String first) {
        String script = OUTSIDE + "crowd=$(mktemp -d /dev/shm/crowd.XXX); ln out/dgram in/link\nprintf 'version: 1\\nunix: %s\\n' \"" + DENIES + "\" > unix.yaml\n"
                + "\"$SECFILT\" -q --policy=unix.yaml \"$2\" \"$PWD/out/dgram\" \"$PWD/in/link\" $crowd 400 " + first + TELL + "; rmdir $crowd";
        Outcome run = ROOM.bash(script, RACE, CROWD).as(user).timeoutMillis(120_000).run();
        assertEquals("0 succeeded, 500 refused, 0 came to nothing\nexit 0\nready\n", run.stdout(), run::toString);
    }

    /** The same, bare: it does reach what lies outside. */
    @Test
    void without_secfilt_it_leads_there() {
        Outcome run = ROOM.bash(OUTSIDE + "\"$1\" stream \"$PWD/in\" \"$PWD/out\" 2000" + TELL, RACE).run();
        assertTrue(run.stdout().contains("a connection came"), run::toString);
    }

    private static final String CLIENT = """
            import os, signal, socket, sys
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            server.listen(9)
            def connect():
                try:
                    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
                    return 'ok'
                except OSError as e:
                    return e.strerror
            def tracer(pid):
                return [line for line in open(f'/proc/{pid}/status') if line.startswith('TracerPid:')]
            def keepers():
                for pid in filter(str.isdigit, os.listdir('/proc')):
                    try:
                        if open(f'/proc/{pid}/comm').read() == 'secfilt-keeper\\n' and tracer(pid) == tracer('self'):
                            yield int(pid)
                    except OSError:
                        pass
            """;

    /** It is of the command's user, who so can kill it, and takes along all who could follow a path through its number. */
    @ParameterizedTest
    @EnumSource
    void who_kills_the_keeper_dies_with_all_of_the_run(User user) throws IOException {
        policy();
        Outcome run = ROOM.bash("\"$SECFILT\" --policy=unix.yaml --violation-exit=77 --private-tmp /usr/bin/python3 -c \"$1\" /tmp/s",
                CLIENT + "print(connect(), flush=True)\nfor keeper in keepers(): os.kill(keeper, signal.SIGKILL)\nsignal.pause()\n").as(user).run();
        assertEquals("ok\n", run.stdout(), run::toString);
        assertTrue(run.stderr().matches("(?s)secfilt: denied kill by python3\\[[0-9]+]: the process that keeps the files of sockets for secfilt was killed:"
                + " all processes killed\n.*"), run::toString);
        run.killedBy(9);
    }

    /** A call that has waited walks its path once more: by then another process has the number, and leads to what is denied. */
    @Test
    void who_takes_the_keepers_number_while_a_call_waits_dies_before() {
        String attack = """
                import os, signal, socket, sys, threading, time
                denied = sys.argv[1] + '/out/stream'
                name = sys.argv[1] + '/in/s'
                server = socket.socket(socket.AF_UNIX)
                server.bind(name)
                server.listen(0)
                sockets = [socket.socket(socket.AF_UNIX) for _ in '12']
                sockets[0].connect(name)
                threading.Thread(target=lambda: sockets[1].connect_ex(name), daemon=True).start()
                time.sleep(0.3)
                for keeper in filter(str.isdigit, os.listdir('/proc')):
                    try:
                        for number in os.listdir(f'/proc/{keeper}/fd'):
                            if int(keeper) != os.getpid() and os.readlink(f'/proc/{keeper}/fd/{number}') == name:
                                found = int(keeper), int(number)
                    except OSError:
                        pass
                print('kept', flush=True)
                os.kill(found[0], signal.SIGKILL)
                for _ in range(300):
                    if not os.path.exists(f'/proc/{found[0]}'):
                        open('/proc/sys/kernel/ns_last_pid', 'w').write(str(found[0] - 1))
                    child = os.fork()
                    if child == 0:
                        if os.getpid() == found[0]:
                            os.dup2(os.open(denied, os.O_PATH), found[1])
                            time.sleep(2)
                        os._exit(0)
                    if child == found[0]:
                        break
                    os.waitpid(child, 0)
                    time.sleep(0.01)
                time.sleep(0.3)
                server.accept()
                time.sleep(0.3)
                print('survived')
                """;
        String script = OUTSIDE + "printf 'version: 1\\nunix: %s\\n' \"" + DENIES + "\" > unix.yaml\n"
                + "\"$SECFILT\" -q --policy=unix.yaml /usr/bin/python3 -c \"$2\" \"$PWD\"" + TELL;
        Outcome run = ROOM.bash(script, RACE, attack).timeoutMillis(30_000).run();
        assertEquals("kept\nexit 137\nready\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"ROOT, SIGSTOP", "ORDINARY, SIGSTOP", "ORDINARY, SIGTERM", "ROOT, SIGUSR1", "ORDINARY, SIGTSTP", "ROOT, SIGRTMIN"})
    void other_signals_do_nothing_to_the_keeper(User user, String signal) throws IOException {
        policy();
        Outcome run = ROOM.bash("\"$SECFILT\" --policy=unix.yaml --private-tmp /usr/bin/python3 -c \"$1\" /tmp/s",
                CLIENT + "import time\nprint(connect())\nfor keeper in keepers(): os.kill(keeper, signal." + signal
                        + ")\ntime.sleep(0.05)\nprint(connect())\n").as(user).run().exited(0);
        assertEquals("ok\nok\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** Whoever is shut off from it by a limit is told so, and nothing hangs. */
    @ParameterizedTest
    @ValueSource(ints = {9, 10, 11, 12, 16})
    void few_descriptors_are_told_or_enough(int descriptors) throws IOException {
        policy();
        Outcome run = ROOM.bash("ulimit -n " + descriptors + "; \"$SECFILT\" --policy=unix.yaml true; echo $?").run().exited(0);
        assertTrue(run.stdout().equals("0\n") || run.stdout().equals("125\n") && run.stderr().startsWith("secfilt: "), run::toString);
        assertFalse(run.stderr().contains("Exception"), run::toString);
    }

    /** It holds none of the descriptors that the command has, is nobody's child here, and is gone with the command. */
    @Test
    void nobody_is_kept_waiting_by_the_keeper() throws IOException {
        policy();
        Outcome run = ROOM.bash("\"$SECFILT\" --policy=unix.yaml /usr/bin/python3 -c \"$1\" | cat; exec 7> >(cat; echo end >&2); "
                + "\"$SECFILT\" --policy=unix.yaml sh -c 'echo x >&7; exec 7>&-; sleep 0.3; echo still there >&2'; exec 7>&-; wait; pgrep -x secfilt-keeper -s 0; true",
                "import os\ntry: os.wait()\nexcept ChildProcessError: print('no child')").run().exited(0);
        assertEquals("no child\nx\n", run.stdout(), run::toString);
    }

    /** Root walks everywhere; whom its command has become does not. */
    @Test
    void a_path_is_followed_with_the_rights_of_the_caller() throws IOException {
        policy();
        String connect = "import socket; s = socket.socket(socket.AF_UNIX); print(s.connect_ex('shut/s'), s.connect_ex('open/s'))";
        Outcome run = ROOM.bash("rm -rf shut open; mkdir -m 700 shut; mkdir -m 755 open; /usr/bin/python3 -c \"$2\" & server=$!; "
                + "until [ -e open/ready ]; do sleep 0.02; done; "
                + "\"$SECFILT\" --policy=unix.yaml --user=nobody /usr/bin/python3 -c \"$1\"; "
                + "\"$SECFILT\" --policy=unix.yaml setpriv --reuid=54771 --regid=54771 --clear-groups /usr/bin/python3 -c \"$1\"; kill $server", connect, """
                import os, signal, socket
                os.umask(0)
                sockets = [socket.socket(socket.AF_UNIX) for _ in '12']
                for s, name in zip(sockets, ('shut/s', 'open/s')):
                    s.bind(name)
                    s.listen(9)
                open('open/ready', 'w')
                signal.pause()
                """).run().exited(0);
        assertEquals("13 0\n13 0\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }
}
