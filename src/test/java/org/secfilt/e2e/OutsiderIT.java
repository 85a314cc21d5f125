package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Internet sockets that were made outside of a run, under the firewall: it knows the command's packets by the cgroup their sockets were made in. */
class OutsiderIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    private static final String NEAR = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String UNJUDGED = "a socket from before the run, over which the firewall has no say";
    /** On a quiet machine the call came to the socket in half of them. */
    private static final int TRIES = 6;
    private static final String SWAP = Fixtures.compile("swap-connect").toString();
    /** Sends by descriptor 5 to where it may not, in whichever way its socket can; then says that it ran. */
    private static final String USE = """
            import os, socket
            try:
                s = socket.socket(fileno=int(os.environ.get("FD", 5)))
                s.connect(("10.77.2.1", 8001))
                s.send(b"hi")
            except OSError as e:
                print(os.strerror(e.errno))
            print("ran")
            """;

    private static Command inherit(String kind, String... words) {
        List<String> all = new ArrayList<>(List.of("/usr/bin/python3", Built.fixture("inherit.py"), kind, "--", Built.program().toString()));
        all.addAll(List.of(words));
        return ROOM.command(all.toArray(new String[0]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "udp", "listen"})
    void where_nobody_supervises_an_inherited_socket_is_closed(String kind) {
        Outcome run = inherit(kind, "--no-supervisor", NEAR, "/usr/bin/python3", "-c", USE).run().exited(0);
        assertEquals("Bad file descriptor\nran\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: closed inherited descriptor 5: " + UNJUDGED), run.reports());
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "udp", "listen"})
    void where_nobody_supervises_an_inherited_socket_is_refused_or_kept_as_asked(String kind) {
        Outcome refused = inherit(kind, "--no-supervisor", "--inherit=refuse", NEAR, "/usr/bin/python3", "-c", USE).run().exited(2);
        assertTrue(refused.stderr().contains("secfilt: inherited descriptor 5: " + UNJUDGED), refused::toString);
        Outcome kept = inherit(kind, "--no-supervisor", "--inherit=keep", NEAR, "true").run().exited(0);
        assertEquals(List.of("secfilt: kept inherited descriptor 5: " + UNJUDGED), kept.reports());
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void where_nobody_supervises_a_socket_as_standard_input_is_refused() {
        Outcome run = inherit("stdio:10.77.1.1:8001", "--no-supervisor", NEAR, "/usr/bin/env", "FD=0", "/usr/bin/python3", "-c", USE).run().exited(2);
        assertTrue(run.stderr().contains("secfilt: descriptor 0 (standard input) is an internet socket from before the run, over which the firewall"
                + " has no say"), run::toString);
        assertTrue(run.stderr().contains("leave out --no-supervisor, or write --inherit=keep"), run::toString);
        ROOM.arrived(); // the connection was made before secfilt started
        Outcome supervised = inherit("stdio:10.77.1.1:8001", NEAR, "true").run().exited(0);
        assertEquals(List.of(), supervised.reports());
        ROOM.arrived();
    }

    /** Its packets pass the firewall, so no call that only the firewall could judge is left to it. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"tcp, outsider, port: 80", "udp, outsider, port: 80", "tcp, confined, 'port: 8001, protocol: udp'"})
    void a_socket_from_before_the_run_put_in_the_place_of_one_that_was_judged_reaches_nobody(String kind, String way, String rule) throws IOException {
        Outcome run = inherit(kind, "-q", "--firewall=require", "--policy", policy(rule), SWAP, way, "2000", NetworkRoom.NEAR, "8001").run().exited(0);
        assertEquals("reached 0\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"fresh, outsider, port: 80", "fresh, confined, 'port: 8001, protocol: udp'"})
    void nor_does_one_that_a_peer_outside_hands_over(String kind, String way, String rule) throws IOException {
        Outcome run = ROOM.bash("""
                /usr/bin/python3 $1 serve @outsider $2 > ready & server=$!
                for i in $(seq 100); do [ -s ready ] && break; sleep 0.1; done
                $SECFILT -q --firewall=require --policy $3 /usr/bin/python3 -c '
                import array, os, socket, sys
                s = socket.socket(socket.AF_UNIX)
                s.connect("\\0outsider")
                numbers = socket.recv_fds(s, 16, 1)[1]
                os.dup2(numbers[0], 5, inheritable=True)
                os.execv(sys.argv[1], sys.argv[1:])' $4 $5 2000 10.77.1.1 8001
                kill $server; wait""", Built.fixture("hand-over.py"), kind, policy(rule), SWAP, way).run().exited(0);
        assertEquals("reached 0\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
    }

    /** The first one may come while a call that was left to the firewall is held up, on its way to its socket. */
    @ParameterizedTest
    @CsvSource({"outsider, port: 80", "confined, 'port: 8001, protocol: udp'"})
    void nor_does_one_that_comes_while_a_call_is_held_up(String way, String rule) throws IOException {
        String late = Fixtures.compile("late-outsider").toString();
        for (int i = 0; i < TRIES; i++) {
            Outcome run = inherit("queued", "-q", "--firewall=require", "--policy", policy(rule), late, way, NetworkRoom.NEAR, "8001", "3")
                    .run().exited(0);
            assertEquals("reached 0\n", run.stdout(), run::toString);
        }
        assertEquals(List.of(), ROOM.arrived(), way);
    }

    /** Who receives, and waits for it, neither keeps such calls waiting nor notices them. */
    @Test
    void calls_that_are_left_to_the_firewall_go_on_while_another_thread_waits_for_descriptors() throws IOException {
        String wait = """
                import os, socket, struct, threading, time
                a, b = socket.socketpair()
                c, d = socket.socketpair()
                d.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 600000))
                got, ended = [], []
                def timed():
                    began = time.monotonic()
                    try: socket.recv_fds(d, 1, 1)
                    except OSError as e: ended.append((e.errno, 0.5 < time.monotonic() - began < 2.5))
                threads = [threading.Thread(target=lambda: got.append(socket.recv_fds(b, 1, 1))), threading.Thread(target=timed)]
                for t in threads: t.start()
                time.sleep(0.2)
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)
                for i in range(20):
                    s.connect(("10.77.1.1", 80)); time.sleep(0.01)
                socket.send_fds(a, [b"x"], [0])
                for t in threads: t.join(10)
                print(got[0][0], len(got[0][1]), ended)""";
        Outcome run = inherit("pair", "--firewall=require", "--policy", policy("port: 80, protocol: udp"), "/usr/bin/python3", "-c", wait)
                .run().exited(0);
        assertEquals("b'x' 1 [(11, True)]\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    /** Nothing of this costs those who have no such socket. */
    @Test
    void what_only_the_firewall_judges_goes_on_where_all_sockets_are_of_the_run() throws IOException {
        String send = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136); s.connect((\"10.77.1.1\", 80)); print(s.send(b\"hi\"))";
        for (String kind : List.of("pair", "file")) {
            Outcome run = inherit(kind, "--firewall=require", "--policy", policy("port: 80"), "/usr/bin/python3", "-c", send).run().exited(0);
            assertEquals("2\n", run.stdout(), run::toString);
        }
        ROOM.arrived();
        Outcome denied = inherit("udp", "--firewall=require", "--policy", policy("port: 80, protocol: udp"), "/usr/bin/python3", "-c", send).run().exited(1);
        assertTrue(denied.stderr().contains("there is one that was open before the run, or that another process has handed over"), denied::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Whoever hands one over may have it from outside. */
    @Test
    void one_that_is_handed_over_within_the_run_may_be_from_outside_too() throws IOException {
        String hand = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136); s.connect(("10.77.1.1", 80)); print("connected")
                a, b = socket.socketpair()
                socket.send_fds(a, [b"x"], [socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()]); socket.recv_fds(b, 1, 1)
                s.connect(("10.77.1.1", 80))""";
        Outcome run = inherit("pair", "--firewall=require", "--policy", policy("port: 80, protocol: udp"), "/usr/bin/python3", "-c", hand).run().exited(1);
        assertEquals("connected\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("that another process has handed over"), run::toString);
        ROOM.arrived();
    }

    private static String policy(String rule) throws IOException {
        return Files.writeString(ROOM.directory().resolve("outsider.yaml"), """
                version: 1
                connect: {mode: deny, allow: [{address: 10.77.1.1, %s}]}
                """.formatted(rule)).toString();
    }
}
