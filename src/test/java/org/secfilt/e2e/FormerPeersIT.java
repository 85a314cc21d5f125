package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** What the kernel makes of two peers that are allowed, of one that a socket had before and the next: a third, which no call names. */
class FormerPeersIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String MAPPED_BEFORE = Fixtures.compile("mapped-before").toString();
    private static final String SWAP_USED = Fixtures.compile("swap-used").toString();
    private static final String BEGUN_BESIDE = Fixtures.compile("begun-beside").toString();
    private static final String SPARED = Fixtures.compile("spared").toString();
    private static final String MIX_PEERS = Fixtures.compile("mix-peers").toString();
    private static final String BEGIN = """
            import ctypes, errno, socket, struct
            libc = ctypes.CDLL(None, use_errno=True)
            MORE, UDP_CORK, LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF, PR_SET_NO_NEW_PRIVS = 0x8000, 1, 444, 446, 38
            PEER, OTHER, LARGE = ("10.77.1.1", 8001), ("10.77.1.2", 8002), b"x" * 40000
            def begin(how, data=b"x", to=OTHER, family=socket.AF_INET, cork=0, connected=True, messages=False):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                if connected:
                    s.connect(PEER)
                try:
                    if cork:
                        s.setsockopt(cork, UDP_CORK, 1)
                    if messages:
                        s.sendmsg([data], [], MORE, to)
                    else:
                        name = struct.pack("=H", family) + struct.pack(">H", to[1]) + socket.inet_aton(to[0]) + bytes(8)
                        if libc.sendto(s.fileno(), data, len(data), 0 if cork else MORE, name, 16) < 0:
                            raise OSError(ctypes.get_errno(), "")
                    return how + " begun"
                except OSError as e:
                    return how + " " + errno.errorcode[e.errno]
            def all(who):
                print(who + ": " + ", ".join([begin("peer", to=PEER), begin("large", LARGE, PEER), begin("other"), begin("unspec", family=0),
                    begin("large", LARGE), begin("messages", messages=True), begin("cork", cork=17), begin("cork", cork=136),
                    begin("unconnected", connected=False)]), flush=True)
            all("plain")
            libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            rules = libc.syscall(LANDLOCK_CREATE_RULESET, struct.pack("Q", 1 << 6), 8, 0)
            assert libc.syscall(LANDLOCK_RESTRICT_SELF, rules, 0) == 0
            all("restricted")""";
    private static final Pattern COUNTS = Pattern.compile("connected (\\d+)\n(?s:.*)mixed (\\d+)\n");

    /** The last column: without secfilt, the SYN that goes to the IPv4 address at the IPv6 one's port. */
    @ParameterizedTest(name = "{4}, {0}")
    @CsvSource({
        "ROOT,     ::ffff:10.77.1.1, 8001, ::1, connect,        EPERM",
        "ORDINARY, ::ffff:10.77.1.1, 8001, ::1, connect,        EPERM",
        "ORDINARY, ::ffff:10.77.1.1, 9,    ::1, refused,        EPERM",
        "ORDINARY, ::ffff:10.77.1.1, 8001, ::1, fastopen,       EOPNOTSUPP",
        "ORDINARY, ::ffff:10.77.1.1, 8001, ::1, first-fastopen, EPERM",
        "ORDINARY, ::ffff:127.0.0.1, 8003, ::1, accept,         EPERM",
    })
    void a_mapped_peer_is_not_reached_at_the_port_of_the_next(User user, String mapped, String port, String next, String way, String answer) {
        List<String> attack = List.of(MAPPED_BEFORE, mapped, port, next, "8002", way);
        String denied = "tcp " + mapped.substring("::ffff:".length()) + ":8002";
        ROOM.command(attack.toArray(new String[0])).run().exited(0);
        assertTrue(arrived().contains(denied), way);
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"[::1]:8002\", \"%s:%s\"]}\\n' $1 $2 > pair.yaml",
                mapped.substring("::ffff:".length()), port).run().exited(0);
        for (String notifications : List.of("auto", "off")) {
            List<String> words = new ArrayList<>(List.of("--notifications=" + notifications, "--policy=pair.yaml"));
            words.addAll(attack);
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0);
            assertEquals(answer + "\n", run.stdout(), run::toString);
            assertEquals(answer.equals("EPERM"), run.stderr().contains("the socket is or was connected to another address"), run::toString);
            assertFalse(arrived().contains(denied), run::toString);
        }
    }

    /** Without the measures a few of a hundred. */
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({"unspec, auto", "unspec, off", "unix, auto", "unix, off", "held, auto", "held, off",
            "fastopen, auto", "fastopen, off", "file, auto", "file, off", "local, auto", "local, off"})
    void no_used_socket_takes_the_place_of_one_that_was_judged(String how, String notifications) {
        boolean near = Set.of("fastopen", "file", "local").contains(how);
        String four = near ? NetworkRoom.NEAR : "127.0.0.1";
        String port = near ? "8001" : "8003";
        String six = near ? NetworkRoom.NEAR6 : "::1";
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"%s:%s\", \"[%s]:8002\"]}\\n' $1 $2 $3 > used.yaml",
                four, port, six).run().exited(0);
        Outcome run = ROOM.secfilt("-q", "--notifications=" + notifications, "--policy=used.yaml", SWAP_USED, how, four, port, six, "8002", "600")
                .as(User.ORDINARY).timeoutMillis(60_000).runLoosely();
        List<String> arrived = arrived();
        assertFalse(arrived.contains("tcp " + four + ":8002"), run::toString);
        assertTrue(arrived.contains("tcp " + four + ":" + port), run::toString);
    }

    /** The kernel has sent one SYN by then. Unseen it would be some of them. */
    @ParameterizedTest
    @CsvSource({"fresh, auto", "fresh, off", "helped, auto", "helped, off", "timeout, auto", "timeout, off"})
    void all_end_where_a_used_socket_took_the_place_of_one_that_the_tracee_connects_itself(String how, String notifications) {
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"10.77.1.1:8001\", \"[fd77:1::1]:8002\"]}\\n' > fresh.yaml").run().exited(0);
        boolean seen = false;
        for (int i = 0; i < 5; i++) {
            Outcome run = ROOM.secfilt("--notifications=" + notifications, "--policy=fresh.yaml", SWAP_USED, how, NetworkRoom.NEAR, "8001",
                    NetworkRoom.NEAR6, "8002", "600").as(User.ORDINARY).timeoutMillis(60_000).runLoosely();
            List<String> arrived = arrived();
            long hit = arrived.stream().filter(("tcp " + NetworkRoom.NEAR + ":8002")::equals).count();
            assertTrue(hit == 0 || hit == 1 && run.stderr().contains("it may have reached another socket"), () -> arrived + " " + run);
            seen |= hit == 1;
        }
        assertTrue(seen);
    }

    /** As natively. */
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "deferred,   auto, connect ok; send ok",
        "deferred,   off,  connect ok; send ok",
        "nowhere,    auto, sendmsg EFAULT",
        "nowhere,    off,  sendmsg EFAULT",
        "unreadable, auto, connect ok; connect EFAULT",
        "unreadable, off,  connect ok; connect EFAULT",
        "dies,       auto, all died",
        "dies,       off,  all died",
    })
    void nothing_else_that_the_tracee_connects_itself_costs_the_run_its_life(String how, String notifications, String answers) {
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"10.77.1.1:8001\", \"10.77.1.2:8002\"]}\\n' > spared.yaml").run().exited(0);
        Outcome run = ROOM.secfilt("--notifications=" + notifications, "--policy=spared.yaml", SPARED, NetworkRoom.NEAR, "8001", how)
                .as(User.ORDINARY).timeoutMillis(60_000).run().exited(0);
        assertEquals(answers.replace("; ", "\n") + "\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    /** It was connected outside of the run, and is connected to nothing now. Natively a SYN goes to the IPv4 address. */
    @ParameterizedTest
    @CsvSource({"auto, ORDINARY", "off, ORDINARY", "auto, ROOT"})
    void an_inherited_socket_is_taken_for_one_that_had_a_mapped_peer(String notifications, User user) {
        String outside = """
                import ctypes, os, socket, sys
                s = socket.socket(socket.AF_INET6)
                s.connect(("::ffff:10.77.1.1", 8001))
                ctypes.CDLL(None).connect(s.fileno(), bytes(16), 16)
                os.dup2(s.fileno(), 9)
                inside = "import errno, socket; s = socket.socket(fileno=9); s.settimeout(1); print(errno.errorcode.get(s.connect_ex(('::1', 8002)), 'ok'))"
                os.execvp(sys.argv[1], sys.argv[1:] + ["/usr/bin/python3", "-c", inside])""";
        ROOM.command("/usr/bin/python3", "-c", outside, "/usr/bin/env").run().exited(0);
        assertTrue(arrived().contains("tcp 10.77.1.1:8002"));
        Outcome run = ROOM.command("/usr/bin/python3", "-c", outside, Built.program().toString(), "--firewall=off", "--notifications=" + notifications,
                "--allowed-netmask=::1").as(user).run().exited(0);
        assertEquals("EPERM\n", run.stdout(), run::toString);
        assertFalse(arrived().contains("tcp 10.77.1.1:8002"), run::toString);
    }

    /** No rule names a port: who comes was not judged, so it is a third that is denied all the same. */
    @ParameterizedTest
    @CsvSource({"auto, ORDINARY", "off, ORDINARY", "auto, ROOT"})
    void who_connected_is_not_connected_to_at_the_port_of_another(String notifications, User user) {
        String script = """
                (for i in $(seq 100); do sleep 0.1; (exec 3<>/dev/tcp/127.0.0.1/8103 && { cat <&3; true; }) 2> /dev/null && break; done) &
                "$@" /usr/bin/python3 -c 'import ctypes, errno, socket
                s = socket.create_server(("::", 8103), family=socket.AF_INET6, dualstack_ipv6=True)
                c, who = s.accept()
                s.close()
                ctypes.CDLL(None).connect(c.fileno(), bytes(16), 16)
                c.settimeout(1)
                print(errno.errorcode.get(c.connect_ex(("::1", 8002)), "ok"))'
                wait""";
        ROOM.bash(script, "env").run().exited(0);
        assertTrue(arrived().contains("tcp 127.0.0.1:8002"));
        Outcome run = ROOM.bash(script, Built.program().toString(), "--firewall=off", "--notifications=" + notifications, "--allowed-netmask=::1",
                "--allowed-bind=::").as(user).run().exited(0);
        assertEquals("EPERM\n", run.stdout(), run::toString);
        assertFalse(arrived().contains("tcp 127.0.0.1:8002"), run::toString);
    }

    /** What such a process connects itself is looked at afterwards; of this nothing could be seen. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void who_restricted_itself_connects_to_no_port_and_hears_of_closed_descriptors(String notifications) {
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [loopback]}\\n' > near.yaml").run().exited(0);
        Outcome run = ROOM.secfilt("--notifications=" + notifications, "--policy=near.yaml", "/usr/bin/python3", "-c", """
                import ctypes, errno, socket, struct
                libc = ctypes.CDLL(None, use_errno=True)
                libc.prctl(38, 1, 0, 0, 0)
                assert libc.syscall(446, libc.syscall(444, struct.pack("Q", 1 << 6), 8, 0), 0) == 0
                for port in 0, 8001, 8001:
                    print(errno.errorcode.get(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect_ex(("::1", port)), "ok"))
                libc.sendto(999, b"x", 1, 0x8000, struct.pack("=H", 10) + bytes(26), 28)
                print(errno.errorcode[ctypes.get_errno()])""").as(User.ORDINARY).run().exited(0);
        assertEquals("ENETUNREACH\nok\nok\nEBADF\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    private static List<String> arrived() {
        List<String> all = new ArrayList<>(ROOM.arrived());
        all.addAll(ROOM.arrivedInside());
        return all;
    }

    /** A socket that was not connected to an IPv4 address before goes where it is sent, however often. */
    @ParameterizedTest
    @CsvSource({"::1, 8002", "fd77:1::1, 8001"})
    void a_socket_may_be_connected_anew_to_what_is_allowed(String next, String port) {
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"[::1]:8002\", \"[fd77:1::1]:8001\"]}\\n' > six.yaml").run().exited(0);
        Outcome run = ROOM.secfilt("--policy=six.yaml", MAPPED_BEFORE, "::1", "8002", next, port, "connect").run().exited(0);
        assertEquals(List.of(), run.reports());
        assertEquals("ok\n", run.stdout(), run::toString);
    }

    /** As the C library does with the addresses of a name, on a host without IPv6. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void a_datagram_socket_that_could_not_be_connected_may_be_to_another(String notifications) {
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"[fe80::1]:8001\", \"10.77.1.1:8001\"]}\\n' > some.yaml").run().exited(0);
        Outcome run = ROOM.secfilt("--notifications=" + notifications, "--policy=some.yaml", "/usr/bin/python3", "-c", """
                import errno, socket
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                for to in ("fe80::1", 8001), ("::ffff:10.77.1.1", 8001), ("fe80::1", 8001):
                    print(errno.errorcode.get(s.connect_ex(to)))
                s.send(b"x")""").as(User.ORDINARY).run().exited(0);
        assertEquals("EINVAL\nNone\nENETUNREACH\n", run.stdout(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{mode: allow, deny: [{ports: [25]}]}", "{mode: deny, allow: [\"0.0.0.0/0:8001\", \"[::]/0:8001\"]}",
            "{mode: deny, allow: [{address: [\"fd77::/16\"], ports: [\"1-9000\"]}]}"})
    void a_datagram_socket_may_have_one_peer_after_another_where_no_third_is_denied(String connect) {
        ROOM.bash("printf 'version: 1\nfirewall: off\nconnect: %s\n' \"$1\" > alike.yaml", connect).run().exited(0);
        Outcome run = ROOM.secfilt("--policy=alike.yaml", "/usr/bin/python3", "-c", """
                import socket
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                for to in "fd77:1::1", "fd77:2::1", "fd77:1::1":
                    s.connect((to, 8001))
                    s.send(b"x")""").as(User.ORDINARY).run().exited(0);
        assertEquals(List.of(), run.reports());
        assertEquals(List.of("udp [fd77:1::1]:8001", "udp [fd77:2::1]:8001", "udp [fd77:1::1]:8001"), ROOM.arrived());
    }

    /** Natively some of a hundred: what the kernel then sends goes to an IPv6 address that begins with the IPv4 ones. */
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({"connected, auto", "connected, off", "named, auto", "named, off"})
    void nothing_that_is_begun_beside_a_connect_over_ipv4_goes_astray(String how, String notifications) {
        String[] words = {BEGUN_BESIDE, how, NetworkRoom.FAR6, NetworkRoom.NEAR, "8001"};
        ROOM.command(BEGUN_BESIDE, "connected", words[2], words[3], words[4], "1000").run().exited(0);
        assertTrue(ROOM.arrived().stream().anyMatch(to -> to.startsWith("udp [a4d:")));
        for (String port : List.of(":8001", "")) {
            ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"%s\", \"%s\"]}\\n' $1 $2 > astray.yaml",
                    NetworkRoom.NEAR + port, port.isEmpty() ? NetworkRoom.FAR6 : words(NetworkRoom.FAR6) + port).run().exited(0);
            Outcome run = ROOM.secfilt("--notifications=" + notifications, "--policy=astray.yaml", words[0], words[1], words[2], words[3], words[4],
                    "1000").as(User.ORDINARY).run().exited(0);
            List<String> arrived = ROOM.arrived();
            assertEquals(List.of(), arrived.stream().filter(to -> !to.equals("udp 10.77.1.1:8001") && !to.equals("udp [fd77:2::1]:8001")).toList());
            assertFalse(arrived.isEmpty(), run::toString);
            assertTrue(how.equals("connected") || !run.stdout().startsWith("connected 0 "), run::toString);
        }
    }

    /** Natively a few of ten thousand. */
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({"127.0.0.1, 127.0.0.2, AUTO", "127.0.0.1, 127.0.0.2, OFF", "::1, fd77:1::2, AUTO", "::1, fd77:1::2, OFF"})
    void no_datagram_goes_to_one_peer_at_the_port_of_the_other(String one, String other, String notifications) {
        String script = """
                mkfifo open; $1 count $2 8101 $3 8102 < open > counted & counter=$!
                exec 9> open; rm open
                for i in $(seq 100); do [ -s counted ] && break; sleep 0.1; done
                "${@:4}" $1 mix $2 8101 $3 8102 2000
                exec 9>&-; wait $counter; cat counted""";
        Matcher without = COUNTS.matcher(ROOM.bash(script, MIX_PEERS, one, other, "/usr/bin/env").run().exited(0).stdout());
        assertTrue(without.find() && Long.parseLong(without.group(2)) > 0, without::toString);
        ROOM.bash("printf 'version: 1\\nfirewall: off\\nconnect: {mode: deny, allow: [\"%s:8101\", \"%s:8102\"]}\\n' $1 $2 > pairs.yaml",
                words(one), words(other)).run().exited(0);
        Outcome run = ROOM.bash(script, MIX_PEERS, one, other, Built.program().toString(), "--notifications=" + notifications.toLowerCase(),
                "--policy=pairs.yaml").run().exited(0);
        Matcher with = COUNTS.matcher(run.stdout());
        assertTrue(with.find(), run::toString);
        assertEquals("0", with.group(2), run::toString);
        assertEquals("1", with.group(1), "connected once, and to no other");
        assertEquals(List.of(), run.reports());
    }

    /** By the flag; by sends of AF_UNSPEC, which is AF_INET to them; by the option, under UDP's level or UDP-Lite's. 40000 bytes are not copied. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void no_datagram_is_begun_for_another_than_the_peer(String notifications) {
        ROOM.bash("printf 'version: 1\nfirewall: off\nconnect: {mode: deny, allow: [\"10.77.1.1:8001\", \"10.77.1.2:8002\"]}\n' > four.yaml").run().exited(0);
        String[] words = {"--notifications=" + notifications, "--policy=four.yaml", "/usr/bin/python3", "-c", BEGIN};
        Outcome run = ROOM.secfilt(words).as(User.ORDINARY).run().exited(0);
        assertEquals("""
                plain: peer begun, large EPERM, other EPERM, unspec EPERM, large EPERM, messages EPERM, cork EPERM, cork EPERM, unconnected begun
                restricted: peer EPERM, large EPERM, other EPERM, unspec EPERM, large EPERM, messages EPERM, cork EPERM, cork EPERM, unconnected EPERM
                """, run.stdout(), run::toString);
        for (String why : List.of("the socket is or was connected to another address", "a datagram that is begun with MSG_MORE and has an address",
                "begin them by MSG_MORE")) {
            assertTrue(run.stderr().contains(why), run::toString);
        }
        String without = ROOM.command("/usr/bin/python3", "-c", BEGIN).as(User.ORDINARY).run().exited(0).stdout();
        assertFalse(without.contains("EPERM"), without);
    }

    /** Its address counts no more once the socket connects: it goes on, and comes again, as the kernel has it. */
    @ParameterizedTest
    @CsvSource({"127.0.0.1, auto", "127.0.0.1, off", "::1, auto", "::1, off"})
    void a_fast_open_that_waits_goes_on_after_a_signal(String address, String notifications) {
        String probe = Fixtures.compile("fast-open-waits").toString();
        String without = ROOM.command(probe, address).as(User.ORDINARY).run().exited(0).stdout();
        assertTrue(without.startsWith("sendto: EINTR\n"), without);
        Outcome run = ROOM.secfilt("--notifications=" + notifications, "--firewall=off", "--allowed-netmask=127.0.0.1", "--allowed-netmask=::1", probe, address)
                .as(User.ORDINARY).run().exited(0);
        assertEquals(without, run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    private static String words(String address) {
        return address.contains(":") ? "[" + address + "]" : address;
    }
}
