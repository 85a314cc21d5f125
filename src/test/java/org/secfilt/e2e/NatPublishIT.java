package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A published port is open at the host's addresses, and the command's own addresses stay closed, that port of them too: to hosts that have a route there,
 * to other runs, older and newer, and to the host. The command tells what came to it.
 */
class NatPublishIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @RegisterExtension
    static final NatState STATE = new NatState(ROOM);

    private static final String ASK = Built.fixture("ask.py");
    private static final String PUBLISHED = "10105";
    /** The port that is published leads to the first; the other is the command's own. */
    private static final List<String> PORTS = List.of("5432", "9999");
    private static final String ANSWERED = "tcp 10105 answer\nudp 10105 answer\n".repeat(2);

    /** From one port, all the time. */
    private static final String ASK_ON = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("", 7000)); s.settimeout(0.1)
            print("ready", flush=True)
            for i in range(600):
                try:
                    s.sendto(b"x", (sys.argv[1], int(sys.argv[2])))
                    answer = s.recv(99)
                    open(sys.argv[3], "ab").write(answer + b"\\n")
                    time.sleep(0.1)
                except OSError: pass
            """;
    /** Answers with its name. */
    private static final String NAME = """
            import os, socket, sys
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::", 5432))
            open("pid", "w").write(str(os.getpid()))
            while True: s.sendto(sys.argv[1].encode(), s.recvfrom(99)[1])
            """;

    private final List<Process> started = new ArrayList<>();
    /** IPv4, IPv6, and IPv6 of the link. */
    private List<String> own = List.of();

    /** Starts a command with a published port. */
    private void serve() throws IOException {
        String script = "for i in $(seq 100); do ip -o -6 addr show dev eth0 scope link -tentative | grep -q fe80 && break; sleep 0.1; done\n"
                + "ip -o addr show dev eth0 | sed 's/.*inet6* //; s,/.*,,' > own; exec /usr/bin/python3 \"$@\"";
        start("--publish=" + PUBLISHED + ":5432", "--publish=" + PUBLISHED + ":5432/udp", "bash", "-c", script, "bash", Built.fixture("answer.py"), "said",
                PORTS.get(0), PORTS.get(1));
        own = Files.readAllLines(ROOM.directory().resolve("own"));
        assertEquals(3, own.size(), own::toString);
    }

    /** A run in the room's directory, which says a line when it is ready. */
    private Process start(String... words) {
        List<String> all = new ArrayList<>(List.of("bash", "-c", "cd \"$1\" && shift && exec \"$@\"", "bash", ROOM.directory().toString(),
                Built.program().toString(), "-q", "--net=nat"));
        all.addAll(List.of(words));
        started.add(ROOM.startInside(all.toArray(new String[0])));
        return started.get(started.size() - 1);
    }

    @AfterEach
    void end() {
        for (Process process : started) {
            ROOM.end(process);
        }
        ROOM.arrivedInside();
    }

    /** Asks at the command's own addresses, and at what is published, by which it is seen that the asker can ask at all. */
    private String[] asking(String name) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/python3", ASK, name));
        words.addAll(places());
        return words.toArray(new String[0]);
    }

    private List<String> places() {
        String link = ROOM.bash("ip -o link | grep -o 'sfn[0-9a-f]*' | tail -1").run().exited(0).stdout().strip();
        List<String> places = new ArrayList<>(List.of(PUBLISHED));
        for (String address : own) {
            for (String port : PORTS) {
                places.add(port + "@" + address + (address.startsWith("fe80") ? "%" + link : ""));
            }
        }
        places.add(PUBLISHED + "@" + NetworkRoom.INSIDE);
        places.add(PUBLISHED + "@" + NetworkRoom.INSIDE6);
        return places;
    }

    private static void assertPublishedAlone(String name, String answers) throws IOException {
        assertEquals(ANSWERED, answers);
        List<String> said = Files.readAllLines(ROOM.directory().resolve("said"));
        assertEquals((name + " tcp 10105\n" + name + " udp 10105\n").repeat(2).lines().toList(), said);
    }

    @Test
    void a_host_with_a_route_to_the_commands_own_address_reaches_what_is_published_alone() throws IOException {
        serve();
        List<String> routed = own.stream().filter(address -> !address.startsWith("fe80")).toList();
        for (String address : routed) {
            ROOM.commandOutside("ip", "route", "add", address, "via", address.contains(":") ? NetworkRoom.INSIDE6 : NetworkRoom.INSIDE).run().exited(0);
        }
        try {
            assertPublishedAlone("neighbour", ROOM.commandOutside(asking("neighbour")).run().exited(0).stdout());
        } finally {
            for (String address : routed) {
                ROOM.commandOutside("ip", "route", "del", address).run().exited(0);
            }
        }
    }

    @Test
    void a_newer_run_reaches_what_is_published_alone() throws IOException {
        serve();
        List<String> words = new ArrayList<>(List.of("-q", "--net=nat"));
        words.addAll(List.of(asking("newer")));
        assertPublishedAlone("newer", ROOM.secfilt(words.toArray(new String[0])).run().exited(0).stdout());
    }

    /** Whose rules stand when those of the published port come. */
    @Test
    void an_older_run_reaches_what_is_published_alone() throws IOException, InterruptedException {
        Process older = start("bash", "-c", "echo ready; for i in $(seq 600); do [ -e places ] && break; sleep 0.05; done\n"
                + "exec /usr/bin/python3 \"$0\" older $(cat places) > answers", ASK);
        serve();
        Path places = Files.writeString(ROOM.directory().resolve("noted"), String.join(" ", places()));
        Files.move(places, ROOM.directory().resolve("places"));
        assertTrue(older.waitFor(60, TimeUnit.SECONDS));
        assertPublishedAlone("older", Files.readString(ROOM.directory().resolve("answers")));
    }

    @Test
    void the_host_itself_reaches_what_is_published_alone() throws IOException {
        serve();
        assertPublishedAlone("host", ROOM.command(asking("host")).run().exited(0).stdout());
    }

    /** Who never stops asking keeps up what the kernel remembers of the way; a run that is killed undoes nothing. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({NetworkRoom.INSIDE + ", end", NetworkRoom.INSIDE + ", kill", NetworkRoom.INSIDE6 + ", end"})
    void who_asked_the_run_before_is_answered_by_the_next(String address, String how) throws IOException {
        Files.writeString(ROOM.directory().resolve("answers"), "");
        Files.writeString(ROOM.directory().resolve("name.py"), NAME);
        started.add(ROOM.serveOutside("/usr/bin/python3", "-c", ASK_ON, address, PUBLISHED, ROOM.directory().resolve("answers").toString()));
        Outcome run = ROOM.bash("""
                serve() { timeout -k 1 30 $SECFILT -q --net=nat --allowed-port=7000 --publish=10105:5432/udp python3 name.py $1 & run=$!; }
                answered() { for i in $(seq 60); do grep -m1 $1 answers && break; sleep 0.1; done; }
                serve one; answered one; pid=$(cat pid)
                [ $1 = end ] || pid=$(sed -n 's/^TracerPid:.//p' /proc/$pid/status)
                kill -9 $pid; wait $run; serve two; answered two
                kill $(cat pid); wait; true""", how).timeoutMillis(60_000).run().exited(0);
        assertEquals("one\ntwo\n", run.stdout(), run::toString);
    }

    /** Asks by one connection, again and again; tells each answer, or what went wrong. */
    private static final String TALK = """
            import socket, sys, time
            print("ready", flush=True)
            said = open(sys.argv[3], "ab", 0)
            for i in range(100):
                s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("", int(sys.argv[4]))); s.settimeout(20)
                try: s.connect((sys.argv[1], int(sys.argv[2]))); break
                except OSError as e: s.close(); print(e, file=sys.stderr); time.sleep(0.1)
            try:
                for i in range(400):
                    s.sendall(b"x")
                    said.write(s.recv(99) + b"\\n")
                    time.sleep(0.1)
            except OSError as e: said.write(repr(e).encode() + b"\\n")
            """;
    private static final String FORWARDING = "/proc/sys/net/ipv4/conf/veth0/forwarding";
    private static final String FORMER_RUN = "PREROUTING -t nat -p tcp --dport 10105 -j DNAT --to-destination 10.203.77.2:5432";
    /** Takes one connection at a port, and listens no more. */
    private static final String TAKE_ONE = """
            import socket, sys
            l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(("", int(sys.argv[1]))); l.listen()
            print("ready", flush=True)
            c = l.accept()[0]; l.close()
            while c.recv(99): c.sendall(sys.argv[2].encode())
            """;

    /** A server here, or where a rule of this host's leads: nobody listens at the port any more, and the connection lives. */
    @ParameterizedTest
    @ValueSource(strings = {"here", "there"})
    void a_connection_that_lives_is_not_led_to_the_run(String where) throws IOException {
        if (where.equals("there")) {
            started.add(ROOM.serveOutside("/usr/bin/python3", "-c", TAKE_ONE, "10106", "old"));
        }
        Path said = talk(where.equals("here") ? "7001" : "7002");
        Outcome run = ROOM.bash("""
                led="-t nat -p tcp -d 10.77.1.2 --dport 10105 -j DNAT --to-destination 10.77.2.1:10106"
                back="-t nat -p tcp -d 10.77.2.1 -j MASQUERADE"
                forwarding=$4; was=$(cat $forwarding)
                case $3 in
                    here) timeout 40 python3 -c "$1" 10105 old > /dev/null & server=$!;;
                    there) iptables -I PREROUTING $led; iptables -I POSTROUTING $back; echo 1 > $forwarding
                esac
                for i in $(seq 100); do grep -q old $2 && break; sleep 0.1; done
                [ $3 = here ] || iptables -D PREROUTING $led
                $SECFILT -q --net=nat --publish=10105:5432 sleep 1
                cat $2 >&2; before=$(grep -c old $2); sleep 0.5; [ $(grep -c old $2) -gt $before ] && echo goes on
                [ $3 = here ] || { iptables -D POSTROUTING $back; echo $was > $forwarding; }
                [ $3 = there ] || kill $server; wait; true""", TAKE_ONE, said.toString(), where, FORWARDING).timeoutMillis(60_000).run().exited(0);
        assertEquals("goes on\n", run.stdout(), run::toString);
    }

    /** Whose first packet was led to where a run was before. */
    @Test
    void a_connection_that_an_earlier_run_did_not_take_is_taken_by_the_next() throws IOException {
        Outcome led = ROOM.bash("cat " + FORWARDING + "; echo 1 > " + FORWARDING + "; iptables -I " + FORMER_RUN).run().exited(0);
        Path said = talk("7003");
        Outcome run = ROOM.bash("""
                for i in $(seq 30); do grep -q "10.203.77.2.*dport=7003" /proc/net/nf_conntrack && break; sleep 0.1; done
                iptables -D $3; echo $4 > $5
                $SECFILT -q --net=nat --allowed-port=7003 --publish=10105:5432 python3 -c "$1" 5432 new > /dev/null & run=$!
                for i in $(seq 100); do grep -m1 new $2 && break; sleep 0.1; done
                kill -9 $run; wait; true""", TAKE_ONE, said.toString(), FORMER_RUN, led.stdout().strip(), FORWARDING)
                .timeoutMillis(60_000).run().exited(0);
        assertEquals("new\n", run.stdout(), run::toString);
    }

    private Path talk(String from) throws IOException {
        Path said = Files.writeString(ROOM.directory().resolve("answers"), "");
        started.add(ROOM.serveOutside("/usr/bin/python3", "-c", TALK, NetworkRoom.INSIDE, PUBLISHED, said.toString(), from));
        return said;
    }
}
