package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/** Sockets that somebody outside made, and hands to a process inside when it runs already. */
class DescriptorAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String TAKE = Fixtures.compile("take").toString();
    private static final String DYING_RECEIVER = Fixtures.compile("dying-receiver").toString();
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String FAR = "udp:10.77.2.1:8002";

    /** Runs the words after "--" beside a peer, which hands over the kinds; $1 is what it does, $2 where. */
    private static final String BESIDE_PEER = """
            rm -f "$2"; coproc peer { exec /usr/bin/python3 "$PEER" "$1" "$2" $3; }
            [ "$1" = serve ] && read -r _ <&"${peer[0]}"
            exec 0<&- ; peer_pid=$!
            "${@:5}"; code=$?
            kill $peer_pid 2>/dev/null; wait $peer_pid 2>/dev/null
            exit $code""";

    private static Command beside(String peer, String path, String kinds, String... command) {
        List<String> words = new ArrayList<>(List.of(peer, path, kinds, "--"));
        words.addAll(List.of(command));
        return ROOM.bash(BESIDE_PEER, words.toArray(new String[0])).with("PEER", Built.fixture("hand-over.py"));
    }

    private static Outcome taken(User user, String way, String kinds, String... secfilt) {
        String[] words = way.split(" ");
        String path = words[2].startsWith("@") ? words[2] : ROOM.directory() + "/" + words[2];
        List<String> command = new ArrayList<>();
        if (user == User.ORDINARY) {
            command.addAll(User.TO_ORDINARY);
        }
        command.addAll(List.of(secfilt));
        command.addAll(List.of(TAKE, words[0], words[1], path));
        String peer = words[1].equals("connect") ? "serve" : words[1].equals("bind") ? "pass" : "offer";
        return beside(peer, path, kinds, command.toArray(new String[0])).run();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"recvmsg connect s", "recvmmsg connect s", "late connect s", "recvmsg connect @handed", "recvmsg accept s", "recvmsg bind s",
        "thread connect s"})
    void a_socket_that_a_unix_peer_hands_over_talks_without_secfilt_and_not_with_it(String way) {
        for (User user : User.values()) {
            assertEquals("1 ok\n", taken(user, way, FAR).exited(0).stdout());
            assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived());
            Outcome run = taken(user, way, FAR, Built.program().toString(), ALLOWED).exited(0);
            assertEquals("1 EDESTADDRREQ\n", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
            String call = way.startsWith("recvmmsg") ? "recvmmsg" : "recvmsg";
            assertEquals("secfilt: denied " + call + " 10.77.2.1:8002/udp by take: not in allowed-netmask; handed over by a unix peer, now unconnected",
                    run.reports().get(0).replaceAll("\\[\\d+\\]", ""), run::toString);
        }
    }

    /** The call itself does not fail, or nobody learns how it ended. What | how it ends, and what the log has. */
    @ParameterizedTest
    @CsvSource({"udp:10.77.2.1:8002, 0, udp", "raw, 137, raw:1"})
    void the_log_has_no_error_of_a_call_that_brought_a_socket(String kind, int code, String protocol) throws IOException {
        Path log = ROOM.directory().resolve("handed.log");
        Files.deleteIfExists(log);
        Outcome run = taken(User.ROOT, "recvmsg connect s", kind, Built.program().toString(), ALLOWED, "--log=" + log).exited(code);
        JsonNode call = new ObjectMapper().readTree(Files.readAllLines(log).get(1));
        assertEquals("recvmsg deny " + protocol, call.get("call").asText() + " " + call.get("verdict").asText() + " " + call.get("protocol").asText(), run::toString);
        assertTrue(call.get("errno").isNull(), call::toString);
        assertTrue(call.get("rule").get("reason").asText().contains("handed over by a unix peer"), call::toString);
    }

    /** Before Linux 6.9 no copy is to be had of what a thread has for itself alone. */
    @ParameterizedTest
    @CsvSource({"udp:10.77.2.1:8002", "raw"})
    void a_thread_whose_sockets_cannot_be_looked_at_is_killed(String kind) {
        String older = Fixtures.compile("older").toString();
        assertEquals("1 ok\n", taken(User.ROOT, "thread connect s", kind, older).exited(0).stdout());
        assertEquals(1, ROOM.arrived().size());
        Outcome run = taken(User.ROOT, "thread connect s", kind, older, Built.program().toString(), ALLOWED).exited(137);
        assertEquals("", run.stdout());
        assertEquals(List.of(), ROOM.arrived());
        run = taken(User.ROOT, "recvmsg connect s", FAR, older, Built.program().toString(), ALLOWED).exited(0);
        assertEquals("1 EDESTADDRREQ\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"efault connect s,1 EDESTADDRREQ", "split connect s,1 EBADF", "over connect s,1 EBADF", "alias connect s,1 EBADF"})
    void a_number_that_the_kernel_tells_nobody_is_found_too(String way, String said) {
        assertEquals("1 ok\n", taken(User.ORDINARY, way, FAR).exited(0).stdout());
        assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived());
        Outcome run = taken(User.ORDINARY, way, FAR, Built.program().toString(), ALLOWED).exited(0);
        assertEquals(said + "\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            udp:10.77.1.1:8002                                 | 1 ok                         | udp 10.77.1.1:8002
            tcp:10.77.1.1:8002                                 | 1 ok                         | tcp 10.77.1.1:8002
            tcp:10.77.2.1:8002                                 | 1 ECONNRESET                 | tcp 10.77.2.1:8002
            udp:::ffff:10.77.2.1:8002                          | 1 EDESTADDRREQ               | ``
            udp:fd77:2::1:8002                                 | 1 EDESTADDRREQ               | ``
            free memfd                                         | 1 EDESTADDRREQ 2 ok          | ``
            memfd udp:10.77.2.1:8002 udp:10.77.1.1:8001        | 1 ok 2 EDESTADDRREQ 3 ok     | udp 10.77.1.1:8001
            """)
    void what_is_handed_over_is_judged_by_where_it_is_connected_to(String kinds, String said, String arrived) {
        Outcome run = taken(User.ORDINARY, "recvmsg connect s", kinds, Built.program().toString(), ALLOWED, "--", "env", "--ignore-signal=PIPE").exited(0);
        assertEquals(said, run.stdout().strip().replace('\n', ' '), run::toString);
        assertEquals(arrived, String.join(" ", ROOM.arrived()), run::toString); // a TCP connection arrives when the peer makes it
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "corked:10.77.2.1:8002,        udp 10.77.2.1:8002,    1 EDESTADDRREQ, ''",
        "corked:fd77:2::1:8002,        udp [fd77:2::1]:8002,  1 EDESTADDRREQ, ''",
        "turned:10.77.2.1:8002,        udp 10.77.2.1:8002,    1 ok,           udp 10.77.1.1:8001",
    })
    void a_datagram_that_its_giver_began_takes_nothing_along(String kind, String arrives, String said, String arrived) {
        for (User user : User.values()) {
            assertEquals("1 ok\n", taken(user, "recvmsg connect s", kind).exited(0).stdout());
            assertEquals(List.of(arrives), ROOM.arrived());
            Outcome run = taken(user, "recvmsg connect s", kind, Built.program().toString(), ALLOWED).exited(0);
            assertEquals(said + "\n", run.stdout(), run::toString);
            assertEquals(List.of(), run.reports());
            assertEquals(arrived, String.join(" ", ROOM.arrived()), run::toString);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "udp4:device, udp 127.0.0.1:8001", "udp6:device, udp [::1]:8001", "udp4:unicast-if, udp 127.0.0.1:8001",
        "udp6:rthdr, ip-43 fd77:1::1",
    })
    void who_receives_a_socket_that_was_told_another_way_is_killed(String kind, String arrives) {
        for (User user : User.values()) {
            assertEquals("1 ok\n", taken(user, "recvmsg connect s", "told:" + kind + ":connected").exited(0).stdout());
            assertEquals(List.of(arrives), ROOM.arrived());
            Outcome run = taken(user, "recvmsg connect s", "told:" + kind + ":connected", Built.program().toString(), "--allowed-netmask=loopback").exited(137);
            assertEquals("", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "udp4:none, ''", "udp6:none, ''", "udp6:pktinfo, udp [::1]:8001", "udp6:once-unicast-if6, udp [::1]:8001",
        "udp4:once-unicast-if, udp 127.0.0.1:8001",
    })
    void a_socket_handed_over_goes_the_way_of_all(String kind, String leaves) {
        for (User user : User.values()) {
            assertEquals("1 ok\n", taken(user, "recvmsg connect s", "told:" + kind + ":connected").exited(0).stdout());
            assertEquals(leaves, String.join(" ", ROOM.arrived()));
            Outcome run = taken(user, "recvmsg connect s", "told:" + kind + ":connected", Built.program().toString(), "--allowed-netmask=loopback").exited(0);
            assertEquals("1 ok\n", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    /** It would connect when nobody looks any more. */
    @Test
    void a_socket_that_is_connecting_is_disconnected() {
        String before = ROOM.bash("cat /proc/sys/net/ipv4/tcp_fastopen; echo 5 > /proc/sys/net/ipv4/tcp_fastopen").run().exited(0).stdout();
        try {
            for (String kind : List.of("syn:10.77.2.99:8001", "later:10.77.2.1:8001")) {
                Outcome run = taken(User.ORDINARY, "recvmsg connect s", kind, Built.program().toString(), ALLOWED, "--", "env", "--ignore-signal=PIPE");
                assertTrue(List.of("1 EPIPE\n", "1 ECONNRESET\n").contains(run.exited(0).stdout()), run::toString);
                assertTrue(run.stderr().contains("a socket that is connecting, and does not tell where to; handed over by a unix peer, now unconnected"),
                        run::toString);
                assertEquals(kind.startsWith("syn") ? List.of("tcp 10.77.2.99:8001") : List.of(), ROOM.arrived(), run::toString);
            }
            taken(User.ORDINARY, "recvmsg connect s", "later:10.77.2.1:8001").exited(0);
            assertEquals(List.of("tcp 10.77.2.1:8001"), ROOM.arrived());
        } finally {
            ROOM.bash("echo $1 > /proc/sys/net/ipv4/tcp_fastopen", before.strip()).run();
        }
    }

    /** One that shares its descriptors has what came. Natively all of them talk. */
    @ParameterizedTest
    @EnumSource
    void what_came_to_one_that_was_killed_meanwhile_is_judged_too(User user) {
        String outside = """
                import os, socket, sys
                giver, taker = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
                giver.setblocking(False)
                for i in range(60): # as many as the queue takes
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.connect(("10.77.2.1", 8002))
                    try:
                        socket.send_fds(giver, [b"x"], [s.fileno()])
                    except BlockingIOError:
                        break
                os.dup2(taker.fileno(), 8)
                os.set_inheritable(giver.fileno(), True)
                os.execvp(sys.argv[1], sys.argv[1:])""";
        List<String> words = List.of("/usr/bin/python3", "-c", outside);
        List<String> attack = List.of(DYING_RECEIVER, "shared", "60");
        List<String> bare = new ArrayList<>(words);
        bare.addAll(attack);
        Outcome bareRun = ROOM.command(bare.toArray(new String[0])).as(user).run().exited(0);
        assertTrue(bareRun.stdout().matches("([1-9]\\d*) came, \\1 connected\n"), bareRun::toString);
        assertTrue(ROOM.arrived().contains("udp 10.77.2.1:8002"));
        for (String option : List.of("--landlock=auto", "--landlock=off")) {
            List<String> all = new ArrayList<>(words);
            all.addAll(List.of(Built.program().toString(), option, "--allowed-netmask=127.0.0.1"));
            all.addAll(attack);
            Outcome run = ROOM.command(all.toArray(new String[0])).as(user).run().exited(0);
            assertTrue(run.stdout().matches("[1-9]\\d* came, 0 connected\n"), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    @ParameterizedTest
    @CsvSource({"socket, ROOT", "socket, ORDINARY", "directory, ROOT"})
    void who_is_killed_while_something_comes_takes_nobody_along(String what, User user) {
        Outcome run = ROOM.secfilt("--allowed-netmask=127.0.0.1", DYING_RECEIVER, what, "1500").as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals("1500 died\n", run.stdout());
        assertEquals(List.of(), run.reports());
    }

    @ParameterizedTest
    @CsvSource({"raw", "packet", "memfd packet"})
    void a_process_that_gets_a_socket_which_no_call_shows_is_killed(String kinds) {
        taken(User.ROOT, "recvmsg connect s", kinds).exited(0);
        ROOM.arrived();
        Outcome run = taken(User.ROOT, "recvmsg connect s", kinds, Built.program().toString(), ALLOWED).exited(137);
        assertEquals("", run.stdout());
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Another process that has the same descriptors has it too. */
    @ParameterizedTest
    @EnumSource
    void who_shares_the_descriptors_of_one_that_gets_such_a_socket_is_killed_too(User user) {
        String path = ROOM.directory() + "/s";
        String sibling = Fixtures.compile("take-sibling").toString();
        List<String> command = new ArrayList<>(user == User.ORDINARY ? User.TO_ORDINARY : List.of());
        command.addAll(List.of(sibling, path));
        assertEquals("received\nok\n", beside("serve", path, "raw", command.toArray(new String[0])).run().exited(0).stdout());
        assertEquals(List.of("ip-1 10.77.2.1"), ROOM.arrived());
        command.addAll(command.size() - 2, List.of(Built.program().toString(), ALLOWED));
        Outcome run = beside("serve", path, "raw", command.toArray(new String[0])).run().exited(137);
        assertEquals("", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("handed over by a unix peer: all processes killed"), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void a_unix_socket_handed_over_is_judged_by_the_unix_rules() throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("unix.yaml"), "version: 1\nunix:\n  deny: " + ROOM.directory() + "/denied\n").toString();
        Outcome run = ROOM.bash("""
                rm -f denied s
                /usr/bin/python3 "$SERVERS" "$PWD/denied" > told & servers=$!
                until [ -s told ]; do sleep 0.01; done
                /usr/bin/python3 "$PEER" serve s "unix:$PWD/denied" > ready & peer=$!
                until [ -s ready ]; do sleep 0.01; done
                "$SECFILT" --policy "$1" -- env --ignore-signal=PIPE "$2" recvmsg connect "$PWD/s"
                kill $servers $peer; wait""", policy, TAKE).with("SERVERS", Built.fixture("unix-servers.py"))
                .with("PEER", Built.fixture("hand-over.py")).run().exited(0);
        assertEquals("1 EPIPE\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"pair,1 EPIPE", "free,1 EDESTADDRREQ"})
    void processes_inside_hand_each_other_what_they_like(String kind, String said) {
        // The other end of the pair is gone with the child; a socket that was looked at and left alone says so itself.
        Outcome run = ROOM.secfilt(ALLOWED, "env", "--ignore-signal=PIPE", TAKE, "recvmsg", "child", kind).as(User.ORDINARY).run().exited(0);
        assertEquals(said + "\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    /** As prefork servers do. What it says | where it listens meanwhile. */
    @ParameterizedTest
    @CsvSource({
        "AF_INET 127.0.0.1 listening, hello 6", "AF_INET 0.0.0.0 listening, hello 6", "AF_INET6 ::1 listening, hello 6",
        "AF_INET6 :: listening, hello 6", "AF_INET 127.0.0.1 headless, hello 6", "AF_INET 127.0.0.1 closed, Connection reset by peer",
        "AF_INET 127.0.0.1 elsewhere, Connection reset by peer",
    })
    void a_connection_that_came_in_is_handed_on_while_the_run_listens_there(String server, String said) {
        String script = """
                coproc run { exec "${@:2}"; }
                out=${run[0]} pid=$run_PID
                read -r _ port <&$out
                exec 3<>/dev/tcp/$1/$port
                printf hello >&3
                cat <&$out
                wait $pid""";
        String to = server.contains("::1") ? "::1" : "127.0.0.1"; // be it to ::
        List<String> words = List.of("/usr/bin/python3", Built.fixture("prefork.py"));
        for (User user : User.values()) {
            List<String> command = new ArrayList<>(List.of(to));
            command.addAll(user == User.ORDINARY ? User.TO_ORDINARY : List.of());
            int at = command.size();
            command.addAll(words);
            command.addAll(List.of(server.split(" ")));
            assertEquals("hello 6\n", ROOM.bash(script, command.toArray(new String[0])).run().exited(0).stdout());
            command.addAll(at, List.of(Built.program().toString(), "--no-outbound-network"));
            Outcome run = ROOM.bash(script, command.toArray(new String[0])).run().exited(0);
            assertEquals(said + "\n", run.stdout(), run::toString);
            assertEquals(said.equals("hello 6"), run.reports().isEmpty(), run::toString);
        }
    }
}
