package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * What goes away under a judged call, and is no attack: its thread, its process, its socket. All that is called is allowed, so nobody is
 * killed for it and nothing is told.
 */
class DyingIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** Rules that look at more than the address: at the socket's protocol, at where a path leads. */
    private static Path policy;

    @BeforeAll
    static void makeFiles() throws IOException {
        policy = Files.writeString(ROOM.directory().resolve("closely.yaml"), """
                version: 1
                connect: {allow: [{address: 127.0.0.0/8, protocol: tcp}, {address: 127.0.0.0/8, protocol: udp}]}
                unix: {mode: deny, allow: [%s/**]}
                """.formatted(ROOM.directory()));
        Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rw-r--r--"));
        Path file = Files.writeString(ROOM.directory().resolve("changed"), "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    }

    private static Command closely(String... words) {
        String[] all = new String[words.length + 5];
        System.arraycopy(new String[] {"--firewall=off", "--violation-exit=77", "--policy", policy.toString(), "--"}, 0, all, 0, 5);
        System.arraycopy(words, 0, all, 5, words.length);
        return ROOM.secfilt(all).timeoutMillis(60_000);
    }

    @ParameterizedTest
    @CsvSource({"send, exit", "send, exec", "send, kill", "unix, exit", "unix, exec", "unix, kill"})
    void a_process_that_ends_while_its_threads_call_is_neither_killed_nor_told_of(String kind, String end) {
        Process server = ROOM.startInside("/usr/bin/python3", "-c", "import os, socket, sys, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
                + " s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); print('bound', flush=True); time.sleep(120)", ROOM.directory() + "/served");
        try {
            for (User user : User.values()) {
                Outcome run = closely(Fixtures.compile("dying").toString(), kind, end, "500", ROOM.directory() + "/served").as(user).run().exited(0);
                assertEquals("500 of 500\n", run.stdout(), run::toString);
                assertEquals("", run.stderr(), run::toString);
            }
        } finally {
            ROOM.end(server);
            ROOM.bash("rm served").run();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit", "exec", "kill"})
    void nor_is_one_that_changes_files(String end) {
        Outcome run = ROOM.secfilt("--violation-exit=77", "--allow-write=" + ROOM.directory() + "/changed",
                Fixtures.compile("dying").toString(), "chmod", end, "500", ROOM.directory() + "/changed").timeoutMillis(60_000).run().exited(0);
        assertEquals("500 of 500\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** As Java does to a thread that connects, and as any program may. */
    @ParameterizedTest
    @CsvSource({"close, inet", "replace, inet", "close, unix", "replace, unix"})
    void a_socket_may_be_closed_while_a_thread_connects_it(String how, String family) {
        String script = """
                import os, socket, sys, threading, time
                unix = sys.argv[2] == "unix"
                new = lambda: socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
                listener = new()
                listener.bind("closed-%d" % os.getpid() if unix else ("127.0.0.1", 0))
                listener.listen(0)
                fill = [new() for i in range(1 if unix else 3)]
                for one in fill:
                    one.setblocking(False)
                    one.connect_ex(listener.getsockname())
                time.sleep(0.2)
                s = new()
                def connect():
                    print("connected", s.connect(listener.getsockname()))
                thread = threading.Thread(target=connect)
                thread.start()
                time.sleep(0.4)
                if sys.argv[1] == "close":
                    os.close(s.fileno())
                else:
                    pair = socket.socketpair()
                    os.dup2(pair[0].fileno(), s.fileno())
                listener.settimeout(0.2)
                for i in range(4):
                    try:
                        listener.accept()
                    except OSError:
                        pass
                thread.join(10)
                print("done", flush=True)
                os._exit(0)
                """;
        for (User user : User.values()) {
            String without = ROOM.command("/usr/bin/python3", "-c", script, how, family).as(user).run().exited(0).stdout();
            Outcome run = closely("/usr/bin/python3", "-c", script, how, family).as(user).run().exited(0);
            assertEquals(without, run.stdout(), run::toString);
            assertEquals("", run.stderr(), run::toString);
        }
    }

    /** More than the supervisor may have descriptors. */
    @Test
    void hundreds_of_threads_may_wait_for_a_unix_server() {
        String script = """
                import os, socket, threading, time
                threading.stack_size(65536)
                listener = socket.socket(socket.AF_UNIX)
                listener.bind("waited-for-%d" % os.getpid())
                listener.listen(0)
                done = []
                def connect():
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(listener.getsockname())
                    done.append(s)
                threads = [threading.Thread(target=connect) for i in range(120)]
                for thread in threads:
                    thread.start()
                time.sleep(0.5)
                for thread in threads:
                    listener.accept()[0].close()
                for thread in threads:
                    thread.join()
                print(len(done))
                """;
        Outcome run = ROOM.bash("ulimit -n 265; for i in 1 2 3; do /usr/bin/python3 -c \"$1\" & done; wait", script).run().exited(0);
        assertEquals("120\n120\n120\n", run.stdout(), run::toString);
        run = closely("bash", "-c", "ulimit -n 265; for i in 1 2 3; do /usr/bin/python3 -c \"$1\" & done; wait", "-", script).run().exited(0);
        assertEquals("120\n120\n120\n", run.stdout(), run::toString);
        run = ROOM.bash("ulimit -n 265; \"$@\"", Built.program().toString(), "--firewall=off", "--policy", policy.toString(), "bash", "-c",
                "for i in 1 2 3; do /usr/bin/python3 -c \"$1\" & done; wait", "-", script).run().exited(0);
        assertEquals("120\n120\n120\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** Each has a call under way that the supervisor remembers something of. */
    @Test
    void thousands_of_threads_may_wait_for_descriptors() {
        Outcome run = ROOM.secfilt("--firewall=off", "--allowed-netmask=127.0.0.1", "/usr/bin/python3", "-c", """
                import ctypes, os, socket, threading
                threading.stack_size(65536)
                a, b = socket.socketpair()
                def wait():
                    a.recvmsg(1, 16384)
                for i in range(2500):
                    threading.Thread(target=wait, daemon=True).start()
                print("waiting", flush=True)
                os._exit(0)
                """).timeoutMillis(60_000).run().exited(0);
        assertEquals("waiting\n", run.stdout(), run::toString);
    }

    /** It would be there when the run's rules are gone. */
    @ParameterizedTest
    @EnumSource
    void root_leaves_no_child_that_nobody_traces_under_the_firewall(User user) {
        String how = user == User.ROOT ? "untraced" : "untraced-vm";
        Outcome run = ROOM.secfilt("-q", "--firewall=require", "--allowed-netmask=10.77.1.1", Fixtures.compile("process-attack").toString(), how,
                NetworkRoom.FAR, "9").run();
        assertEquals("EPERM", run.stdout().strip(), run::toString);
    }
}
