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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Requirements;

/** Sockets that the command is handed by its caller: judged before it starts, by where they are connected to. */
class InheritIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    /** Says of the descriptors 5 to 9 which are open, then writes to all of them. */
    private static final String WRITE = "for fd in 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && { echo $fd; echo hi >&$fd; }; done 2>/dev/null; true";

    private static Command inherit(String kinds, String... command) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/python3", Built.fixture("inherit.py")));
        words.addAll(List.of(kinds.split(" ")));
        words.add("--");
        words.addAll(List.of(command));
        return ROOM.command(words.toArray(new String[0]));
    }

    private static Command confined(String kinds, String... options) {
        List<String> words = new ArrayList<>(List.of(Built.program().toString(), ALLOWED));
        words.addAll(List.of(options));
        words.addAll(List.of("bash", "-c", WRITE));
        return inherit(kinds, words.toArray(new String[0]));
    }

    @Test
    void without_secfilt_an_open_socket_talks() {
        assertEquals("5\n", inherit("udp:10.77.2.1:8002", "bash", "-c", WRITE).run().exited(0).stdout());
        assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived());
    }

    @ParameterizedTest(name = "{0}: stays {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            udp:10.77.2.1:8002                                            | ``      | ``
            udp:10.77.1.1:8002                                            | 5       | udp 10.77.1.1:8002
            udp:fd77:1::1:8002                                            | ``      | ``
            udp:::ffff:10.77.2.1:8002                                     | ``      | ``
            udp listen pair file                                          | 5 6 7 8 | ``
            file udp:10.77.2.1:8002 udp:10.77.1.1:8001 pair               | 5 7 8   | udp 10.77.1.1:8001
            """)
    void what_is_connected_elsewhere_is_closed(String kinds, String stay, String arrives) {
        for (User user : User.values()) {
            Outcome run = confined(kinds).as(user).run().exited(0);
            assertEquals(stay, run.stdout().strip().replace('\n', ' '), run::toString);
            assertEquals(arrives, String.join(" ", ROOM.arrived()), run::toString);
            for (String report : run.reports()) {
                assertTrue(report.matches("secfilt: closed inherited descriptor [5-9]: connected to .*, not in allowed-netmask"), run::toString);
            }
            assertEquals(kinds.split(" ").length, run.stdout().lines().count() + run.reports().size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_connection_elsewhere_is_closed_and_the_other_side_sees_its_end(User user) {
        Outcome run = confined("tcp:10.77.2.1:8001 tcp:10.77.1.1:8001").as(user).run().exited(0);
        assertEquals("6\n", run.stdout());
        assertEquals(List.of("secfilt: closed inherited descriptor 5: connected to 10.77.2.1:8001, not in allowed-netmask"), run.reports());
        ROOM.arrived(); // both connections were made before secfilt started
    }

    /** Nobody answers at the one address, which was asked before; at the other somebody does, but nothing was sent there so far. */
    @ParameterizedTest
    @CsvSource({"syn:10.77.2.99:8001, tcp 10.77.2.99:8001, tcp 10.77.2.99:8001", "later:10.77.2.1:8001, tcp 10.77.2.1:8001, ''"})
    void a_socket_that_connects_and_does_not_tell_where_to_is_closed(String kind, String arrives, String confined) {
        String before = ROOM.bash("cat /proc/sys/net/ipv4/tcp_fastopen; echo 5 > /proc/sys/net/ipv4/tcp_fastopen").run().exited(0).stdout();
        try {
            assertEquals("5\n", inherit(kind, "bash", "-c", WRITE).run().exited(0).stdout());
            assertEquals(arrives, String.join(" ", ROOM.arrived()));
            for (User user : User.values()) {
                Outcome run = confined(kind).as(user).run().exited(0);
                assertEquals("", run.stdout(), run::toString);
                assertEquals(List.of("secfilt: closed inherited descriptor 5: a socket that is connecting, and does not tell where to"), run.reports());
                assertEquals(confined, String.join(" ", ROOM.arrived()));
                run = inherit(kind, Built.program().toString(), "--allowed-bind=127.0.0.1", "bash", "-c", WRITE).as(user).run().exited(0);
                assertEquals("5\n", run.stdout(), run::toString);
                assertEquals(arrives, String.join(" ", ROOM.arrived()));
            }
        } finally {
            ROOM.bash("echo $1 > /proc/sys/net/ipv4/tcp_fastopen", before.strip()).run();
        }
    }

    /** What follows goes where the first part of the datagram was to go; with a connected IPv4 socket all that comes later too. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "corked:10.77.2.1:8002,             udp 10.77.2.1:8002, ''",
        "corked:::ffff:10.77.2.1:8002,      udp 10.77.2.1:8002, ''",
        "corked:fd77:2::1:8002,             udp [fd77:2::1]:8002, ''",
        "turned:10.77.2.1:8002,             udp 10.77.2.1:8002, udp 10.77.1.1:8001",
    })
    void a_datagram_that_the_caller_began_takes_nothing_along(String kind, String arrives, String confined) {
        assertEquals("5\n", inherit(kind, "bash", "-c", WRITE).run().exited(0).stdout());
        assertEquals(List.of(arrives), ROOM.arrived());
        for (User user : User.values()) {
            for (String inherit : List.of("close", "keep", "refuse")) {
                Outcome run = confined(kind, "--inherit=" + inherit).as(user).run().exited(0);
                assertEquals("5\n", run.stdout(), run::toString);
                assertEquals(List.of(), run.reports());
                assertEquals(confined, String.join(" ", ROOM.arrived()), run::toString);
            }
        }
    }

    /** Sends by descriptor 5 to this machine's loopback address. */
    private static final String TO_LOOPBACK = """
            import os, socket
            if os.path.exists("/proc/self/fd/5"):
                s = socket.socket(fileno=5)
                place = ("::1" if s.family == socket.AF_INET6 else "127.0.0.1", 8001)
                s.setblocking(False)
                try:
                    s.getpeername()
                    s.send(b"hi")
                except OSError:
                    s.sendto(b"hi", place) if s.type == socket.SOCK_DGRAM else s.connect_ex(place)
                print("sent")
            """;

    private static Outcome toLoopback(String kind, User user, String... confined) {
        List<String> words = new ArrayList<>(List.of(confined));
        words.addAll(List.of("/usr/bin/python3", "-c", TO_LOOPBACK));
        return inherit("told:" + kind, words.toArray(new String[0])).as(user).run().exited(0);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            udp4:device                | ALL  | udp 127.0.0.1:8001  | chooses its interface
            tcp4:device                | ALL  | tcp 127.0.0.1:8001  | chooses its interface
            udp6:device                | ALL  | udp [::1]:8001      | chooses its interface
            udp4:device:connected      | ALL  | udp 127.0.0.1:8001  | chooses its interface
            udp4:unicast-if            | ALL  | udp 127.0.0.1:8001  | chooses its interface
            udp6:unicast-if6           | ALL  | udp [::1]:8001      | chooses its interface
            udp4:route                 | ROOT | udp 10.77.1.1:8001  | route of its own (IP options, IPv6 headers)
            tcp4:route                 | ROOT | tcp 10.77.1.1:8001  | route of its own (IP options, IPv6 headers)
            udp6:rthdr                 | ALL  | ip-43 fd77:1::1    | route of its own (IP options, IPv6 headers)
            udp6:dstopts               | ROOT | ``                  | route of its own (IP options, IPv6 headers)
            udp6:freebind              | ALL  | ``                  | may send under foreign addresses
            udp6:freebind6             | ALL  | ``                  | may send under foreign addresses
            tcp4:transparent           | ROOT | ``                  | may send under foreign addresses
            tcp6:transparent6          | ROOT | ``                  | may send under foreign addresses
            udp4:mark                  | ROOT | ``                  | mark, which can choose a route
            """)
    void a_socket_that_was_told_another_way_is_closed(String kind, String users, String arrives, String why) {
        for (User user : users.equals("ALL") ? User.values() : new User[] {User.ROOT}) {
            assertEquals("sent\n", toLoopback(kind, user).stdout());
            assertEquals(arrives, String.join(" ", ROOM.arrived()), kind);
            Outcome run = toLoopback(kind, user, Built.program().toString(), "--allowed-netmask=127.0.0.1", "--allowed-netmask=::1");
            assertEquals("", run.stdout(), run::toString);
            assertEquals(1, run.reports().size(), run::toString);
            assertTrue(run.reports().get(0).startsWith("secfilt: closed inherited descriptor 5: "), run::toString);
            assertTrue(run.reports().get(0).contains(why), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    /** What cannot be asked for is taken back; and a connected socket keeps no route of before. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "udp4:none, '', udp 127.0.0.1:8001", "udp4:none:connected, '', udp 127.0.0.1:8001", "udp6:none, '', udp [::1]:8001",
        "udp6:none:connected, '', udp [::1]:8001", "tcp4:none, '', tcp 127.0.0.1:8001", "tcp6:none, '', tcp [::1]:8001",
        "udp6:pktinfo, udp [::1]:8001, udp [::1]:8001", "udp6:once-pktinfo, udp [::1]:8001, ''", "udp6:pktinfo:connected, udp [::1]:8001, ''",
        "udp6:once-unicast-if6, udp [::1]:8001, ''", "udp4:once-unicast-if, udp 127.0.0.1:8001, ''",
    })
    void a_socket_that_goes_the_way_of_all_stays(String kind, String leaves, String arrivesInside) {
        for (User user : User.values()) {
            assertEquals("sent\n", toLoopback(kind, user).stdout());
            assertEquals(leaves, String.join(" ", ROOM.arrived()), kind);
            ROOM.arrivedInside();
            Outcome run = toLoopback(kind, user, Built.program().toString(), "--allowed-netmask=127.0.0.1", "--allowed-netmask=::1");
            assertEquals("sent\n", run.stdout(), run::toString);
            assertEquals(List.of(), run.reports());
            assertEquals(List.of(), ROOM.arrived(), run::toString);
            String inside = String.join(" ", ROOM.arrivedInside());
            assertTrue(inside.startsWith(arrivesInside), () -> run + inside); // before its echo
            toLoopback(kind, user, Built.program().toString(), "--inherit=keep", "--allowed-netmask=127.0.0.1", "--allowed-netmask=::1");
            assertEquals(List.of(), ROOM.arrived(), run::toString);
            ROOM.arrivedInside();
        }
    }

    @Test
    void where_all_is_allowed_but_a_few_addresses_a_socket_may_choose_its_interface() throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("few.yaml"), "version: 1\nconnect:\n  mode: allow\n  deny: 10.77.2.0/24\n").toString();
        for (String kind : List.of("udp4:device", "udp6:pktinfo")) {
            Outcome run = toLoopback(kind, User.ROOT, Built.program().toString(), "--policy", policy);
            assertEquals(List.of(), run.reports());
            assertEquals(List.of(kind.startsWith("udp4") ? "udp 127.0.0.1:8001" : "udp [::1]:8001"), ROOM.arrived(), run::toString);
        }
        Outcome run = toLoopback("udp4:route", User.ROOT, Built.program().toString(), "--policy", policy);
        assertEquals(1, run.reports().size(), run::toString);
    }

    @Test
    void what_speaks_no_judged_protocol_is_closed() {
        Outcome run = confined("raw packet").run().exited(0);
        assertEquals("", run.stdout());
        assertEquals(List.of(
                "secfilt: closed inherited descriptor 5: a socket of protocol raw:1, whose packets no call shows",
                "secfilt: closed inherited descriptor 6: a socket of family packet"), run.reports());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tun", "node:10:200"})
    void a_tunnel_is_closed_whatever_its_name(String kind) {
        Requirements.need("tun", Files.exists(java.nio.file.Path.of("/dev/net/tun")), "there is no /dev/net/tun here");
        assertEquals(List.of("secfilt: closed inherited descriptor 5: a tunnel's end takes whole packets"), confined(kind).run().reports());
    }

    @Test
    void other_devices_stay() {
        assertEquals("", confined("node:1:3").run().stderr());
    }

    /** Known by its name: what is there is a file, for this machine has none of these. */
    @ParameterizedTest
    @ValueSource(strings = {"/dev/infiniband/rdma_cm", "/dev/ppp", "/dev/vhost-vsock"})
    void a_device_that_makes_traffic_is_closed(String device) {
        for (String[] option : new String[][] {{ALLOWED, "secfilt: closed inherited descriptor 5: a device that makes traffic without sockets"},
            {"--inherit=keep", ""}}) {
            Outcome run = ROOM.command("unshare", "-m", "bash", "-c", """
                    mount -t tmpfs none /dev; mkdir /dev/infiniband; exec 5> "$1"; "$SECFILT" "$2" bash -c "$3"; cat "$1"
                    """,
                    "bash", device, option[0], WRITE).run().exited(0);
            assertEquals(option[1], String.join("", run.reports()), run::toString);
            assertEquals(option[1].isEmpty() ? "5\nhi\n" : "", run.stdout(), run::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_socket_on_standard_input_and_output_stays(User user) {
        Outcome run = inherit("stdio:10.77.2.1:8001", Built.program().toString(), ALLOWED, "bash", "-c", "echo hi; read a; [ $a = hi ]")
                .as(user).run().exited(0);
        assertEquals("", run.stderr());
        assertEquals(List.of("tcp 10.77.2.1:8001"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void kept_ones_stay_and_are_told(User user) {
        Outcome run = confined("udp:10.77.2.1:8002 pair", "--inherit=keep").as(user).run().exited(0);
        assertEquals("5\n6\n", run.stdout());
        assertEquals(List.of("secfilt: kept inherited descriptor 5: connected to 10.77.2.1:8002, not in allowed-netmask"), run.reports());
        assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void refused_ones_are_named_and_nothing_is_run(User user) throws IOException {
        Outcome run = confined("udp:10.77.2.1:8002 pair udp:10.77.2.1:8001", "--inherit=refuse").as(user).run().exited(2);
        assertEquals("", run.stdout());
        assertEquals(List.of(
                "secfilt: inherited descriptor 5: connected to 10.77.2.1:8002, not in allowed-netmask",
                "secfilt: inherited descriptor 7: connected to 10.77.2.1:8001, not in allowed-netmask",
                "secfilt: nothing was run (inherit: refuse); close them before, as by a shell's N>&-, or write --inherit=close"), run.reports());
        assertEquals("5\n6\n", confined("pair udp", "--inherit=refuse").as(user).run().exited(0).stdout());
        String policy = Files.writeString(ROOM.directory().resolve("refuse.yaml"), "version: 1\ninherit: refuse\n").toString();
        confined("udp:10.77.2.1:8002", "--policy", policy).as(user).run().exited(2);
        confined("udp:10.77.2.1:8002", "--policy", policy, "--inherit=close").as(user).run().exited(0);
    }

    @Test
    void a_unix_connection_is_judged_by_its_path() throws IOException {
        String path = ROOM.directory() + "/service";
        String policy = Files.writeString(ROOM.directory().resolve("unix.yaml"), "version: 1\nunix:\n  deny: " + path + "\n").toString();
        ROOM.serveOutside("/usr/bin/python3", "-c", """
                import socket, sys, os
                s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); s.listen(9); print("ready", flush=True)
                sys.stdin.read()""", path);
        for (User user : User.values()) {
            Outcome run = inherit("unix:" + path, Built.program().toString(), "--policy", policy, "bash", "-c", WRITE).as(user).run().exited(0);
            assertEquals("", run.stdout());
            assertTrue(run.reports().get(0).startsWith("secfilt: closed inherited descriptor 5: connected to unix:" + path + ", "), run::toString);
        }
    }

    /** unix(7) "BUGS": a path that fills its field has no end there. */
    @ParameterizedTest
    @ValueSource(ints = {20, 107, 108})
    void a_socket_connected_to_a_path_of_any_length_does_not_come_along(int length) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("no-unix.yaml"), "version: 1\nunix: {mode: deny}\n").toString();
        Outcome run = ROOM.command("/usr/bin/python3", "-c", """
                import ctypes, os, socket, struct, subprocess, sys
                path = "s" * int(sys.argv[1])
                name = struct.pack("H", socket.AF_UNIX) + path.encode()
                libc = ctypes.CDLL(None)
                server = socket.socket(socket.AF_UNIX)
                assert libc.bind(server.fileno(), name, len(name)) == 0
                server.listen()
                s = socket.socket(socket.AF_UNIX)
                assert libc.connect(s.fileno(), name, len(name)) == 0
                accepted = server.accept()[0]
                os.dup2(s.fileno(), 9, inheritable=True)
                s.close()
                words = sys.argv[2:] + ["bash", "-c", "echo hello >&9"]
                subprocess.run(words, pass_fds=[9], stderr=subprocess.DEVNULL)
                os.close(9)
                print(accepted.recv(100))
                os.unlink(path)
                """, Integer.toString(length), Built.program().toString(), "-q", "--firewall=off", "--policy", policy, "--").run().exited(0);
        assertEquals("b''\n", run.stdout(), run::toString);
    }
}
