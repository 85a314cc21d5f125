package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A host that sends packets elsewhere than their sender wrote, before the firewall sees them: the room's inside translates the
 * neighbour's far addresses to its near ones. Told by who receives them.
 */
class TranslationIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    private static final String TRANSLATE = """
            iptables -t nat -A OUTPUT -d 10.77.2.1 -j DNAT --to-destination 10.77.1.1
            ip6tables -t nat -A OUTPUT -d fd77:2::1 -j DNAT --to-destination fd77:1::1
            """;

    @AfterEach
    void translateNothing() {
        for (Backend backend : Backend.values()) {
            String left = bash(backend, "for t in iptables ip6tables; do $t -t nat -F; done; iptables-save | grep SECFILT; true").run().exited(0).stdout();
            assertEquals("", left);
        }
        ROOM.arrived();
        ROOM.arrivedInside();
    }

    private static Command bash(Backend backend, String script, String... arguments) {
        return ROOM.bash(script, arguments).with("PATH", backend.path(ROOM));
    }

    private static String policy(String connect) throws IOException {
        return Files.writeString(ROOM.directory().resolve("policy.yaml"), "version: 1\nconnect: {" + connect + "}\n").toString();
    }

    @ParameterizedTest(name = "{0}: {1}: {2} to {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            NFT    | mode: allow, deny: 10.77.2.1                          | echo    | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1                          | raw-253 | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1                          | header  | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1                          | mptcp   | 10.77.2.1 | ECONNREFUSED | ``
            NFT    | mode: allow, deny: 10.77.2.1                          | mptcp   | 10.77.1.1 | ok    | tcp 10.77.1.1:8001
            NFT    | mode: allow, deny: 10.77.2.1                          | echo    | 10.77.1.1 | ok    | ip-1 10.77.1.1
            NFT    | mode: allow, deny: 10.77.1.1                          | echo    | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: "fd77:2::1"                        | echo    | fd77:2::1 | EPERM | ``
            NFT    | mode: allow, deny: "fd77:2::1"                        | udplite | fd77:2::1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1:8001                     | header  | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1:8001                     | mptcp   | 10.77.2.1 | ECONNREFUSED | ``
            NFT    | mode: allow, deny: 10.77.2.1:8001                     | udplite | 10.77.2.1 | EPERM | ``
            NFT    | mode: allow, deny: 10.77.2.1:8000                     | header  | 10.77.2.1 | ok    | udp 10.77.1.1:8001
            NFT    | mode: allow, deny: {port: 7000-8002, protocol: tcp}   | mptcp   | 10.77.2.1 | ECONNREFUSED | ``
            NFT    | allow: 10.77.2.1                                      | echo    | 10.77.2.1 | ok    | ip-1 10.77.1.1
            NFT    | allow: 10.77.2.1                                      | raw-253 | 10.77.2.1 | ok    | ip-253 10.77.1.1
            NFT    | allow: 10.77.2.1                                      | mptcp   | 10.77.2.1 | ok    | tcp 10.77.1.1:8001
            NFT    | allow: 10.77.2.1                                      | echo    | 10.77.1.1 | EPERM | ``
            NFT    | allow: 10.77.2.1                                      | mptcp   | 10.77.1.1 | ECONNREFUSED | ``
            NFT    | allow: 10.77.2.1:8000-8001                            | header  | 10.77.2.1 | ok    | udp 10.77.1.1:8001
            NFT    | allow: 10.77.2.1:8000-8001                            | echo    | 10.77.2.1 | ok    | ip-1 10.77.1.1
            NFT    | allow: 10.77.2.1:8002                                 | header  | 10.77.2.1 | EPERM | ``
            NFT    | allow: "fd77:2::1"                                    | echo    | fd77:2::1 | ok    | ip-58 fd77:1::1
            NFT    | allow: "fd77:2::1"                                    | mptcp   | fd77:1::1 | ECONNREFUSED | ``
            NFT    | allow: 10.77.1.1                                      | echo    | 10.77.2.1 | ok    | ip-1 10.77.1.1
            NFT    | allow: 10.77.1.1, deny: 10.77.2.1                     | echo    | 10.77.2.1 | EPERM | ``
            NFT    | allow: 10.77.2.1, deny: 10.77.1.1                     | echo    | 10.77.2.1 | EPERM | ``
            LEGACY | mode: allow, deny: 10.77.2.1                          | echo    | 10.77.2.1 | EPERM | ``
            LEGACY | mode: allow, deny: "fd77:2::1"                        | echo    | fd77:2::1 | EPERM | ``
            LEGACY | allow: 10.77.2.1:8000-8001                            | mptcp   | 10.77.2.1 | ok    | tcp 10.77.1.1:8001
            LEGACY | allow: "fd77:2::1"                                    | echo    | fd77:2::1 | ok    | ip-58 fd77:1::1
            """)
    void packets_are_judged_by_the_destination_that_their_sender_wrote_too(
            Backend backend, String connect, String kind, String address, String outcome, String arrives) throws IOException {
        bash(backend, TRANSLATE).run().exited(0);
        Outcome run = bash(backend, "$SECFILT --no-supervisor --policy $1 /usr/bin/python3 $2 $3 $4", policy(connect), Built.fixture("packets.py"),
                kind, address).run().exited(0);
        assertEquals(kind + " " + address + " " + outcome + "\n", run.stdout(), run::toString);
        assertEquals(arrives.isEmpty() ? List.of() : List.of(arrives), ROOM.arrived(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void what_the_tracer_lets_through_arrives_before_and_after_the_first_raw_socket(Backend backend) {
        Outcome run = bash(backend, TRANSLATE + """
                $SECFILT --firewall=require --allowed-netmask=10.77.2.1 bash -c '
                    for i in 1 2; do
                        exec 3<>/dev/tcp/10.77.2.1/8001; echo hi >&3; read -u3 line; echo $line; echo x >/dev/udp/10.77.2.1/8001
                        /usr/bin/python3 "$0" echo,raw-253 10.77.2.1 10.77.1.1
                    done' "$1"
                """, Built.fixture("packets.py")).run().exited(0);
        String once = "hi\necho 10.77.2.1 ok\necho 10.77.1.1 EPERM\nraw-253 10.77.2.1 ok\nraw-253 10.77.1.1 EPERM\n";
        assertEquals(once + once, run.stdout(), run::toString);
        List<String> arrived = List.of("tcp 10.77.1.1:8001", "udp 10.77.1.1:8001", "ip-1 10.77.1.1", "ip-253 10.77.1.1");
        List<String> all = ROOM.arrived();
        assertEquals(arrived, all.subList(0, 4), run::toString);
        assertEquals(arrived, all.subList(4, 8), run::toString);
    }

    /** As Docker's published ports: the host's own address leads to a container's. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"NFT, --firewall=require", "NFT, --no-supervisor", "LEGACY, --firewall=require"})
    void a_published_port_is_reached_by_its_public_address_alone(Backend backend, String option) {
        String server = """
                import socket, subprocess
                s = socket.create_server(("0.0.0.0", 5432))
                print(subprocess.check_output(["ip", "-o", "-4", "addr", "show", "dev", "eth0"], text=True).split()[3].split("/")[0], flush=True)
                for i in range(9):
                    c = s.accept()[0]; c.sendall(c.recv(9) * 2); c.close()
                """;
        String client = """
                import errno, socket, sys
                for host, port in ("127.0.0.1", 10105), (sys.argv[1], 5432), ("10.77.1.1", 8001):
                    try:
                        s = socket.create_connection((host, port), 10); s.sendall(b"ab"); print(port, s.recv(9), flush=True)
                    except OSError as e:
                        print(port, errno.errorcode.get(e.errno, e), flush=True)
                """;
        Outcome run = bash(backend, """
                coproc $SECFILT --net=nat --publish=10105:5432 --allowed-port=1-65535 /usr/bin/python3 -c "$1"; server=$COPROC_PID
                read -u ${COPROC[0]} own
                $SECFILT -q $3 --allowed-netmask=127.0.0.0/8 /usr/bin/python3 -c "$2" $own
                $SECFILT -q $3 --allowed-port=10105 /usr/bin/python3 -c "$2" $own
                kill $server; wait $server; true""", server, client, option).run().exited(0);
        String refused = option.equals("--no-supervisor") ? "ECONNREFUSED" : "EPERM";
        String each = "10105 b'abab'\n5432 " + refused + "\n8001 " + refused + "\n";
        assertEquals(each + each, run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** As transparent proxies are fed: the packet filter is then told the interface that led to the first destination. */
    @ParameterizedTest
    @CsvSource({"10.77.1.1, ok", "10.77.0.0/16, ok", "10.77.2.1, EPERM", "127.0.0.0/8, ok"})
    void what_is_redirected_to_this_host_is_what_it_was(String allowed, String outcome) {
        Outcome run = bash(Backend.NFT, """
                iptables -t nat -A OUTPUT -p udp -d 10.77.1.1 --dport 8001 -j REDIRECT --to-ports 8002
                ip6tables -t nat -A OUTPUT -p udp -d fd77:1::1 --dport 8001 -j REDIRECT --to-ports 8002
                $SECFILT --no-supervisor --allowed-netmask=$1 --allowed-netmask=fd77:1::1 /usr/bin/python3 $2 header,multicast 10.77.1.1
                $SECFILT --no-supervisor --allowed-netmask=$1 --allowed-netmask=fd77:1::1 /usr/bin/python3 $2 multicast fd77:1::1
                """, allowed, Built.fixture("packets.py")).run().exited(0);
        assertEquals("header 10.77.1.1 " + outcome + "\nmulticast 10.77.1.1 " + outcome + "\nmulticast fd77:1::1 ok\n", run.stdout(), run::toString);
        List<String> arrived = ROOM.arrivedInside().stream().filter(line -> line.endsWith(":8002")).toList(); // of the others the answers
        List<String> v6 = List.of("udp [::1]:8002");
        assertEquals(outcome.equals("ok") ? List.of("udp 127.0.0.1:8002", "udp 127.0.0.1:8002", v6.get(0)) : v6, arrived, run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** What came in was translated too, from an address that is allowed. */
    @Test
    void an_answer_is_not_judged_by_where_the_question_went() throws IOException {
        String server = """
                import errno, socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.77.1.2", 8003)); s.settimeout(20); print("ready", flush=True)
                data, peer = s.recvfrom(9)
                try: s.sendto(data, peer); print("ok", flush=True)
                except OSError as e: print(errno.errorcode[e.errno], flush=True)
                """;
        bash(Backend.NFT, TRANSLATE + "iptables -t nat -A PREROUTING -p udp --dport 8004 -j REDIRECT --to-ports 8003").run().exited(0);
        Process serving = ROOM.startInside(Built.program().toString(), "--no-supervisor", "--allowed-netmask=10.77.1.2", "/usr/bin/python3", "-c", server);
        try {
            ROOM.commandOutside("bash", "-c", "echo x > /dev/udp/10.77.1.2/8004").run().exited(0);
            assertEquals("EPERM", serving.inputReader().readLine());
        } finally {
            ROOM.end(serving);
        }
    }

    /** Moved into a profile is who may still name an interface. */
    @Test
    void loopbacks_address_does_not_leave_by_another_interface_whatever_it_is_translated_to() throws IOException {
        String sender = """
                import errno, socket
                for device in b"lo", b"veth0":
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
                    for address in "127.0.0.1", "127.0.0.3":
                        try:
                            s.sendto(b"x", (address, 8001)); outcome = "ok"
                        except OSError as e:
                            outcome = errno.errorcode[e.errno]
                        print(device.decode(), address, outcome)
                """;
        Outcome run = bash(Backend.NFT, """
                iptables -t nat -A OUTPUT -p udp -d 127.0.0.1 --dport 8001 -j DNAT --to-destination 127.0.0.2:8002
                $SECFILT profile install -q t $1
                (pid=$BASHPID; $SECFILT assign t $pid && exec /usr/bin/python3 -c "$2")
                $SECFILT profile remove -q t""", policy("mode: local"), sender).run().exited(0);
        assertEquals("lo 127.0.0.1 ok\nlo 127.0.0.3 ok\nveth0 127.0.0.1 EPERM\nveth0 127.0.0.3 EPERM\n", run.stdout(), run::toString);
        List<String> arrived = ROOM.arrivedInside().stream().filter(line -> line.contains(":80")).toList(); // of the others the answers
        assertEquals(List.of("udp 127.0.0.2:8002", "udp 127.0.0.3:8001"), arrived, run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--cgroups=net_cls"})
    void a_profile_holds_what_the_sender_wrote(String option) throws IOException {
        Outcome run = bash(Backend.NFT, TRANSLATE + """
                $SECFILT profile install -q t $1 $3 || exit
                $SECFILT --profile=t /usr/bin/python3 $2 echo 10.77.2.1 10.77.1.1 fd77:2::1 fd77:1::1; $SECFILT profile remove -q t
                """, policy("mode: allow, deny: [10.77.2.1, \"fd77:2::1\"]"), Built.fixture("packets.py"), option).run().exited(0);
        assertEquals("echo 10.77.2.1 EPERM\necho 10.77.1.1 ok\necho fd77:2::1 EPERM\necho fd77:1::1 ok\n", run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived());
    }

    /** Tracking costs every packet of the host. Who translates a packet that leaves here tracks it already. */
    @ParameterizedTest
    @EnumSource
    void connections_are_not_tracked_where_nothing_that_leaves_here_is_translated(Backend backend) {
        String tracked = "$SECFILT --firewall=require --allowed-netmask=10.77.2.1 bash -c 'touch begun; until [ -e looked ]; do sleep 0.05; done' &"
                + " for i in $(seq 400); do [ -e begun ] && break; sleep 0.05; done"
                + "; for save in iptables-save ip6tables-save; do $save -t filter | grep SECFILT | grep -c conntrack; done; touch looked; wait; rm begun looked\n";
        Outcome run = bash(backend, "for t in iptables ip6tables; do $t -t nat -A POSTROUTING -j MASQUERADE;"
                + " $t -t nat -A PREROUTING -p tcp --dport 7 -j REDIRECT; done\n" + tracked
                + "ip6tables -t nat -A OUTPUT -p tcp --dport 7 -j REDIRECT\n" + tracked).run().exited(0);
        List<String> counts = run.stdout().lines().toList();
        assertEquals(List.of("0", "0", "0"), counts.subList(0, 3), run::toString);
        assertTrue(Integer.parseInt(counts.get(3)) > 0, run::toString);
    }

    @Test
    void rules_that_iptables_does_not_show_count_too() {
        Outcome run = ROOM.bash("""
                unshare -n bash -c '
                    ip link set lo up
                    for rules in 0 1; do
                        /usr/bin/python3 "$0" $rules
                        $SECFILT --firewall=require --allowed-netmask=10.77.2.1 bash -c "touch begun; until [ -e looked ]; do sleep 0.05; done" &
                        for i in $(seq 400); do [ -e begun ] && break; sleep 0.05; done
                        iptables-save -t filter | grep -c "SECFILT.*--ctorigdst 10.77.2.1"; touch looked; wait; rm begun looked
                    done' "$1"
                """, Built.fixture("nat-chain.py")).run().exited(0);
        assertEquals("0\n1\n", run.stdout(), run::toString);
    }

    /** As root of a user namespace may have one, with rules of its own. */
    @Test
    void where_a_run_has_the_network_to_itself_the_same_holds() throws IOException {
        // Nobody else may have a socket there, so the run hears itself.
        String both = """
                import socket, sys
                hears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); hears.bind(("127.0.0.1", 8002)); hears.settimeout(1)
                sends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                for text, to in (sys.argv[1], ("127.0.0.9", 8001)), (sys.argv[1] + " directly", ("127.0.0.1", 8002)):
                    try:
                        sends.sendto(text.encode(), to)
                        print(hears.recv(99).decode())
                    except OSError:
                        pass
                """;
        Outcome run = ROOM.bash("""
                unshare -Urn bash -c '
                    ip link set lo up
                    iptables -t nat -A OUTPUT -p udp -d 127.0.0.9 --dport 8001 -j DNAT --to-destination 127.0.0.1:8002
                    $SECFILT -q --firewall=require --allowed-netmask=127.0.0.9 /usr/bin/python3 -c "$0" allowed
                    $SECFILT -q --firewall=require --policy $1 /usr/bin/python3 -c "$0" denied' "$1" $2
                """, both, policy("mode: allow, deny: 127.0.0.9")).run().exited(0);
        assertEquals("allowed\ndenied directly\n", run.stdout(), run::toString);
    }
}
