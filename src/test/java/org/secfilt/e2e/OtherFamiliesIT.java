package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;

/** Sockets that get out without an internet address: AF_XDP, whose frames pass every packet filter, and AF_VSOCK, which knows no network namespaces. */
class OtherFamiliesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String XDP = Fixtures.compile("xdp").toString();
    private static final String VSOCK = Fixtures.compile("vsock").toString();
    private static final List<String> FRAME = List.of(XDP, "veth0", NetworkRoom.INSIDE, NetworkRoom.FAR, "8002");
    private static final List<String> ARRIVAL = List.of("udp " + NetworkRoom.FAR + ":8002");

    private static String[] words(List<?>... parts) {
        List<String> words = new ArrayList<>();
        for (List<?> part : parts) {
            part.forEach(word -> words.add(word.toString()));
        }
        return words.toArray(new String[0]);
    }

    private static List<String> become(User user) {
        return user == User.ROOT ? List.of() : User.TO_ORDINARY;
    }

    @ParameterizedTest
    @ValueSource(strings = {"--firewall=off --allowed-netmask=10.77.1.1", "--firewall=auto --allowed-netmask=10.77.1.1", "--allowed-bind=10.77.1.2",
        "--mainstream-network-families", "--no-outbound-network", "--allowed-netmask=10.77.1.1 --errno=ECONNREFUSED"})
    void a_frame_that_is_handed_to_a_card_arrives_without_secfilt_and_not_with_it(String options) {
        assertEquals("sent\n", ROOM.command(words(FRAME)).run().exited(0).stdout());
        assertEquals(ARRIVAL, ROOM.arrived());
        Outcome run = ROOM.secfilt(words(List.of(options.split(" ")), List.of("--"), FRAME)).run().exited(0);
        assertEquals(options.endsWith("ECONNREFUSED") ? "socket ECONNREFUSED\n" : "socket EPERM\n", run.stdout(), run::toString);
        assertEquals(!options.equals("--mainstream-network-families"), run.stderr().contains("secfilt: denied socket xdp by xdp["), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
    }

    private static final String MAKE = """
            import socket, struct
            def told(of, call):
                try: call(); print(of, "ok")
                except OSError as e: print(of, e.strerror)
            for kind in (17, 3, 768), (2, 3, 1), (2, 2, 1), (2, 1, 262), (38, 5, 0), (16, 3, 0):
                told(kind, lambda: socket.socket(*kind))
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            told("group", lambda: s.setsockopt(0, 35, struct.pack("4s4s", bytes([224, 0, 0, 251]), bytes(4))))
            told("device", lambda: s.setsockopt(1, 25, b"lo"))
            told("reuse", lambda: s.setsockopt(1, 2, 1))""";

    /** MPTCP is what programs try first and then go on without. */
    @ParameterizedTest
    @EnumSource
    void what_a_rule_for_addresses_refuses_of_sockets_is_told_and_logged_and_a_violation(User user) {
        Outcome run = ROOM.secfilt("--firewall=off", ALLOWED, "--violation-exit=3", "--log=told", "/usr/bin/python3", "-c", MAKE).as(user).run().exited(3);
        String no = " Operation not permitted\n";
        assertEquals("(17, 3, 768)" + no + "(2, 3, 1)" + no + "(2, 2, 1)" + no + "(2, 1, 262)" + no + "(38, 5, 0)" + no + "(16, 3, 0) ok\n"
                + "group" + no + "device" + no + "reuse ok\n", run.stdout());
        String plain = "only plain TCP and UDP sockets where addresses are restricted, and no firewall judges the packets of others (allowed-netmask)";
        List<String> expected = List.of(
                "socket packet by python3: no rule is for addresses of family packet (allowed-netmask)",
                "socket raw:1 by python3: " + plain, "socket icmp by python3: " + plain,
                "socket alg by python3: no rule is for addresses of family alg (allowed-netmask)",
                "setsockopt by python3: joining a multicast group tells routers its address, and no rule allows any group (allowed-netmask)",
                "setsockopt by python3: it would tie the socket to an interface, past the rules for addresses (allowed-netmask)");
        List<String> told = new ArrayList<>();
        for (String report : run.reports()) {
            if (report.startsWith("secfilt: denied ")) {
                told.add(report.substring("secfilt: denied ".length()).replaceAll("python3\\S*\\[[0-9]+\\]", "python3"));
            }
        }
        assertEquals(expected, told);
        Outcome logged = ROOM.bash("grep -c '\"verdict\":\"deny\"' told; grep -o '\"call\":\"s[a-z]*\",\"family\":\"[a-z]*\"' told; rm told").run().exited(0);
        assertEquals("6\n" + String.join("\n", "packet", "inet", "inet", "alg").replaceAll("(?m)^", "\"call\":\"socket\",\"family\":\"").replaceAll("(?m)$", "\"")
                + "\n" + "\"call\":\"setsockopt\",\"family\":\"inet\"\n".repeat(2), logged.stdout());
    }

    /** Libraries ask for inet6, netlink and unix sockets, and go on without; the rule for unix sockets is what the supervisor is for. */
    @ParameterizedTest
    @EnumSource
    void what_a_list_of_families_lacks_is_told_but_for_what_libraries_try(User user) {
        ROOM.bash("printf 'version: 1\nfamilies: [unix]\nunix: {deny: [/nowhere.sock]}\n' > list.yaml").run().exited(0);
        String make = """
                import socket
                for kind in (2, 1, 0), (10, 1, 0), (16, 3, 0), (17, 3, 768), (1, 1, 0):
                    try: socket.socket(*kind); print(kind, "ok")
                    except OSError as e: print(kind, e.strerror)""";
        Outcome run = ROOM.secfilt("--policy=list.yaml", "/usr/bin/python3", "-c", make).as(user).run().exited(0);
        String no = " Operation not permitted\n";
        assertEquals("(2, 1, 0)" + no + "(10, 1, 0)" + no + "(16, 3, 0)" + no + "(17, 3, 768)" + no + "(1, 1, 0) ok\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: denied socket tcp by python3: list.yaml:2:1 has no family inet",
                "secfilt: denied socket packet by python3: list.yaml:2:1 has no family packet",
                "secfilt: 2 calls denied (2 distinct):",
                "secfilt:   socket tcp by python3: list.yaml:2:1 has no family inet",
                "secfilt:   socket packet by python3: list.yaml:2:1 has no family packet",
                "secfilt: to allow them, add inet, packet to the families in list.yaml:2:1"),
                run.reports().stream().map(line -> line.replaceAll("python3\\S*\\[[0-9]+\\]", "python3")).toList());
    }

    /** A filter alone would hold the list; then nobody would hear of what it refuses. */
    @ParameterizedTest
    @EnumSource
    void who_asks_for_another_exit_code_gets_it_of_a_list_of_families_alone(User user) {
        ROOM.bash("printf 'version: 1\nfamilies: [unix, inet]\nviolation-exit: 66\n' > list.yaml").run().exited(0);
        String make = "import socket\ntry: socket.socket(17, 3)\nexcept OSError as e: print(e.strerror)";
        for (String options : List.of("--policy=list.yaml", "--mainstream-network-families --violation-exit=66")) {
            List<String> command = List.of("--log=families.log", "/usr/bin/python3", "-c", make);
            Outcome run = ROOM.secfilt(words(List.of(options.split(" ")), command)).as(user).run().exited(66);
            assertEquals("Operation not permitted\n", run.stdout());
            assertTrue(run.reports().get(0).startsWith("secfilt: denied socket packet by python3"), run::toString);
            Outcome log = ROOM.bash("grep -c '\"supervised\":true\\|\"event\":\"call\"\\|\"exit\":66' families.log; cat families.log;"
                    + " rm families.log").run().exited(0);
            assertTrue(log.stdout().startsWith("3\n"), log::toString);
            assertEquals("", ROOM.secfilt(words(List.of(options.split(" ")), List.of("true"))).as(user).run().exited(0).stderr());
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_log_has_what_a_list_of_families_alone_refuses(User user) {
        String make = "import socket\ntry: socket.socket(17, 3)\nexcept OSError as e: print(e.strerror)";
        Outcome run = ROOM.secfilt("--log=alone.log", "--mainstream-network-families", "/usr/bin/python3", "-c", make).as(user).run().exited(0);
        assertEquals("Operation not permitted\n", run.stdout());
        Outcome log = ROOM.bash("grep -c '\"supervised\":true\\|\"call\":\"socket\"\\|\"denied\":1,' alone.log; cat alone.log; rm alone.log").run();
        assertTrue(log.exited(0).stdout().startsWith("3\n"), log::toString);
    }

    private static Command inherits(User user, List<String> maker, List<String> secfilt, List<String> command) {
        return ROOM.command(words(maker, List.of("5"), become(user), secfilt, command));
    }

    @ParameterizedTest
    @EnumSource
    void a_socket_for_frames_that_the_caller_made_does_not_come_along_unless_it_is_kept(User user) {
        List<String> kick = List.of(XDP, "kick", "5");
        assertEquals("sent\n", inherits(user, FRAME, List.of(), kick).run().exited(0).stdout());
        assertEquals(ARRIVAL, ROOM.arrived());
        for (List<String> options : List.of(List.of(ALLOWED), List.of(ALLOWED, "--firewall=off"), List.of(ALLOWED, "--inherit=close"))) {
            Outcome run = inherits(user, FRAME, List.of(words(List.of(Built.program()), options)), kick).run().exited(0);
            assertEquals("sendto EBADF\n", run.stdout(), run::toString);
            assertEquals(List.of("secfilt: closed inherited descriptor 5: a socket of family xdp"), run.reports());
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
        Outcome refused = inherits(user, FRAME, List.of(Built.program().toString(), ALLOWED, "--inherit=refuse"), kick).run().exited(2);
        assertEquals("", refused.stdout());
        assertEquals("secfilt: inherited descriptor 5: a socket of family xdp", refused.reports().get(0));
        assertEquals(List.of(), ROOM.arrived());
        Outcome kept = inherits(user, FRAME, List.of(Built.program().toString(), ALLOWED, "--inherit=keep"), kick).run().exited(0);
        assertEquals("sent\n", kept.stdout());
        assertEquals(List.of("secfilt: kept inherited descriptor 5: a socket of family xdp"), kept.reports());
        assertEquals(ARRIVAL, ROOM.arrived());
    }

    /** Has the maker's socket, its descriptor 5, handed over to who connects to a path, and runs the words after it. */
    private static final String HANDING = """
            rm -f s; coproc peer { exec "${@:2:$1}" 5 /usr/bin/python3 "$PEER" serve s fd:5; }
            until read -r said <&"${peer[0]}" && [ "$said" = ready ]; do :; done
            exec 0<&-; peer_pid=$!
            "${@:2+$1}"; code=$?
            kill $peer_pid; wait $peer_pid 2>/dev/null
            exit $code""";

    private static Outcome handed(User user, List<String> maker, List<String> secfilt) {
        List<String> take = List.of(Fixtures.compile("take").toString(), "recvmsg", "connect", ROOM.directory() + "/s");
        return ROOM.bash(HANDING, words(List.of(maker.size()), maker, become(user), secfilt, take))
                .with("PEER", Built.fixture("hand-over.py")).run();
    }

    @ParameterizedTest
    @EnumSource
    void who_receives_a_socket_for_frames_is_killed(User user) {
        handed(user, FRAME, List.of()).exited(0);
        assertEquals(ARRIVAL, ROOM.arrived());
        for (String firewall : List.of("--firewall=off", "--firewall=auto")) {
            Outcome run = handed(user, FRAME, List.of(Built.program().toString(), ALLOWED, firewall)).exited(137);
            assertEquals("", run.stdout(), run::toString);
            assertTrue(run.stderr().contains("a socket of family xdp"), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    /** What it sends itself comes in where the kernel has vsock_loopback; nobody else is called. */
    private static String served(User user) {
        String said = ROOM.command(VSOCK).as(user).run().exited(0).stdout();
        Requirements.need("vsock", !said.startsWith("socket EAFNOSUPPORT"), "this kernel has no vsock");
        assertTrue(said.startsWith("socket ok\nbind ok\nlisten ok\narrived "), said);
        return said;
    }

    @ParameterizedTest
    @EnumSource
    void nobody_is_served_by_vsock(User user) {
        served(user);
        for (String options : List.of(ALLOWED, "--firewall=off " + ALLOWED, "--allowed-bind=127.0.0.1", "--mainstream-network-families",
                "--net=none --mainstream-network-families")) {
            Outcome run = ROOM.secfilt(words(List.of(options.split(" ")), List.of("--", VSOCK))).as(user).run().exited(0);
            assertEquals("socket EPERM\n", run.stdout(), run::toString);
            assertEquals(!options.contains("families"), run.stderr().contains("secfilt: denied socket vsock by vsock["), run::toString);
        }
        assertEquals("socket EACCES\n", ROOM.secfilt(ALLOWED, "--errno=EACCES", VSOCK).as(user).run().exited(0).stdout());
    }

    @Test
    void a_network_of_the_commands_own_without_rules_leaves_vsock() {
        assertEquals(served(User.ROOT), ROOM.secfilt("--net=none", VSOCK).run().exited(0).stdout());
    }

    @ParameterizedTest
    @EnumSource
    void a_vsock_socket_does_not_come_in(User user) {
        served(user);
        Outcome run = inherits(user, List.of(VSOCK), List.of(Built.program().toString(), ALLOWED), List.of("test", "-e", "/proc/self/fd/5")).run().exited(1);
        assertEquals(List.of("secfilt: closed inherited descriptor 5: a socket of family vsock"), run.reports());
        run = handed(user, List.of(VSOCK), List.of(Built.program().toString(), ALLOWED)).exited(137);
        assertTrue(run.stderr().contains("a socket of family vsock"), run::toString);
    }
}
