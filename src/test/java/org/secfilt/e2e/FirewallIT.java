package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.secfilt.e2e.FirewallHost.NEAR;
import static org.secfilt.e2e.FirewallHost.REQUIRE;
import static org.secfilt.e2e.FirewallHost.near;

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

/** Packets of every kind under the host's packet filter, told by who receives them. */
class FirewallIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    private static final FirewallHost HOST = new FirewallHost(ROOM);

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            NFT    | echo         | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            NFT    | echo         | fd77:1::1 | fd77:2::1 | ip-58 fd77:1::1
            NFT    | raw-132      | 10.77.1.1 | 10.77.2.1 | ip-132 10.77.1.1
            NFT    | raw-253      | fd77:1::1 | fd77:2::1 | ip-253 fd77:1::1
            NFT    | segment      | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | segment      | fd77:1::1 | fd77:2::1 | segment [fd77:1::1]:8001
            NFT    | odd-segment  | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | behind-10.77.1.1 | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | header       | 10.77.1.1 | 10.77.2.1 | udp 10.77.1.1:8001
            NFT    | udplite      | 10.77.1.1 | 10.77.2.1 | ip-136 10.77.1.1
            NFT    | udplite      | fd77:1::1 | fd77:2::1 | ip-136 fd77:1::1
            NFT    | mptcp        | 10.77.1.1 | 10.77.2.1 | tcp 10.77.1.1:8001
            NFT    | mptcp        | fd77:1::1 | fd77:2::1 | tcp [fd77:1::1]:8001
            NFT    | multicast    | 10.77.1.1 | 239.77.1.1 | udp 10.77.1.1:8001
            LEGACY | echo         | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            LEGACY | echo         | fd77:1::1 | fd77:2::1 | ip-58 fd77:1::1
            LEGACY | raw-253      | 10.77.1.1 | 10.77.2.1 | ip-253 10.77.1.1
            LEGACY | behind-10.77.1.1 | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            LEGACY | header       | 10.77.1.1 | 10.77.2.1 | udp 10.77.1.1:8001
            LEGACY | udplite      | fd77:1::1 | fd77:2::1 | ip-136 fd77:1::1
            """)
    void packets_reach_allowed_hosts_alone(Backend backend, String kind, String allowed, String denied, String arrives) {
        Outcome run = HOST.packets(backend, near(), kind, allowed, denied).run().exited(0);
        assertEquals(kind + " " + allowed + " ok\n" + kind + " " + denied + " EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(arrives), ROOM.arrived(), run::toString);
    }

    /** Connection tracking costs every packet of the host, so it waits for who can make a packet by hand. */
    @ParameterizedTest
    @EnumSource
    void connections_are_tracked_once_there_is_a_raw_socket(Backend backend) {
        Outcome run = HOST.bash(backend, """
                await() { for i in $(seq 400); do [ -e $1 ] && return; sleep 0.05; done; echo no $1; }
                tracked() { (iptables-save -t filter; ip6tables-save -t filter) | grep -c conntrack; }
                export -f await
                $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 bash -c 'touch begun; await looked; "$@"; touch sent; await over' - \
                    /usr/bin/python3 "$1" udplite,behind-10.77.1.1 10.77.1.1 10.77.2.1 &
                await begun; tracked; touch looked; await sent; tracked; touch over; wait; tracked; rm begun looked sent over
                """, Built.fixture("packets.py")).run();
        assertEquals("""
                0
                udplite 10.77.1.1 ok
                udplite 10.77.2.1 EPERM
                behind-10.77.1.1 10.77.1.1 ok
                behind-10.77.1.1 10.77.2.1 EPERM
                2
                0
                """, run.stdout(), run::toString);
    }

    @Test
    void a_source_route_of_a_header_made_by_hand_is_not_followed() {
        Outcome run = HOST.packets(Backend.NFT, near(), "routed", NetworkRoom.NEAR).run().exited(0);
        assertEquals("routed 10.77.1.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Nor one that a rule could overlook: where the packet ends with it, or in fragments that are not put together before they leave. */
    @ParameterizedTest
    @EnumSource
    void nor_a_routing_header(Backend backend) {
        String kinds = "route-end,route-end+1,route-nested";
        ROOM.command("/usr/bin/python3", Built.fixture("packets.py"), kinds, "fd77:1::1").run().exited(0);
        assertEquals(List.of("ip-43 fd77:1::1", "ip-43 fd77:1::1", "ip-44 fd77:1::1", "ip-44 fd77:1::1"), ROOM.arrived());
        Outcome run = HOST.packets(backend, near(), kinds, "fd77:1::1").run().exited(0);
        assertEquals("route-end fd77:1::1 EPERM\nroute-end+1 fd77:1::1 EPERM\nroute-nested fd77:1::1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void no_answer_of_the_kernel_goes_to_who_sent_nothing() {
        Outcome run = HOST.packets(Backend.NFT, near("--allowed-netmask=" + NetworkRoom.INSIDE), "spoofed-" + NetworkRoom.INSIDE, NetworkRoom.FAR)
                .run().exited(0);
        assertEquals("spoofed-10.77.1.2 10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void without_the_firewall_the_makers_of_such_packets_are_refused() {
        Outcome run = HOST.packets(Backend.NFT, List.of("--firewall=off", NEAR[0]), "echo,raw-253,header,udplite,mptcp", NetworkRoom.NEAR).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\nraw-253 10.77.1.1 EPERM\nheader 10.77.1.1 EPERM\nudplite 10.77.1.1 EPERM\nmptcp 10.77.1.1 EPERM\n",
                run.stdout());
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void ping_reaches_allowed_hosts_alone(Backend backend) {
        String[] allowed = {"--allowed-netmask=10.77.1.0/24", "--allowed-netmask=fd77:1::/64", "ping", "-c1", "-W2"};
        assertEquals(0, code(HOST.secfilt(backend, words(allowed, NetworkRoom.NEAR)).run()));
        assertEquals(0, code(HOST.secfilt(backend, words(allowed, NetworkRoom.NEAR6)).run()));
        ROOM.arrived();
        for (String denied : List.of(NetworkRoom.FAR, NetworkRoom.FAR6)) {
            Outcome run = HOST.secfilt(backend, words(allowed, denied)).run();
            assertTrue(code(run) != 0 && run.stderr().contains("Operation not permitted"), run::toString);
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    private static String[] words(String[] first, String last) {
        List<String> words = new ArrayList<>(List.of(first));
        words.add(last);
        return words.toArray(new String[0]);
    }

    private static int code(Outcome run) {
        return Integer.parseInt(run.end().replace("exit ", ""));
    }

    @ParameterizedTest
    @EnumSource
    void where_ports_are_restricted_too_a_named_host_can_be_pinged_and_no_other_port_reached(Backend backend) {
        Outcome run = HOST.packets(backend, near("--allowed-port=8002"), "echo,raw-253,udplite,header", NetworkRoom.NEAR, NetworkRoom.FAR).run().exited(0);
        assertEquals("echo 10.77.1.1 ok\necho 10.77.2.1 EPERM\nraw-253 10.77.1.1 EPERM\nraw-253 10.77.2.1 EPERM\n"
                + "udplite 10.77.1.1 EPERM\nudplite 10.77.2.1 EPERM\nheader 10.77.1.1 EPERM\nheader 10.77.2.1 EPERM\n", run.stdout());
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
    }

    /** Its packets are TCP's, and so is a call of it: what a rule denies does not begin, and is told. */
    @ParameterizedTest
    @CsvSource({"port: 8002, EPERM", "'port: 8001, protocol: udp', EPERM", "'port: 8001, protocol: tcp', ok"})
    void mptcp_connects_where_tcp_may(String rule, String outcome) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("mptcp.yaml"), """
                version: 1
                connect: {mode: deny, allow: [{address: 10.77.1.1, %s}]}
                """.formatted(rule)).toString();
        Outcome run = HOST.packets(Backend.NFT, List.of(REQUIRE, "--policy=" + policy), "mptcp", NetworkRoom.NEAR).run().exited(0);
        assertEquals("mptcp 10.77.1.1 " + outcome + "\n", run.stdout(), run::toString);
        boolean denied = outcome.equals("EPERM");
        assertEquals(denied, run.stderr().contains("secfilt: denied connect 10.77.1.1:8001/mptcp"), run::toString);
        assertEquals(denied ? List.of() : List.of("tcp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"port: 8262, ok ok EPERM", "'port: 8262, protocol: tcp', ok ok EPERM", "'port: 8262, protocol: udp', EPERM"})
    void mptcp_binds_where_tcp_may(String rule, String outcome) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("mptcp.yaml"), """
                version: 1
                connect: {mode: deny}
                bind: {mode: deny, allow: [{address: 127.0.0.1, %s}]}
                """.formatted(rule)).toString();
        Outcome run = HOST.bash(Backend.NFT, """
                $SECFILT -q --firewall=require --policy $1 /usr/bin/python3 -c 'if 1:
                    import errno, socket
                    def tried(call, *words):
                        try:
                            call(*words); return "ok"
                        except OSError as e:
                            return errno.errorcode[e.errno]
                    s = socket.socket(2, 1, 262)
                    first = tried(s.bind, ("127.0.0.1", 8262))
                    other = socket.socket(2, 1, 262)
                    print(first, *([tried(s.listen), tried(other.bind, ("127.0.0.1", 8263))] if first == "ok" else []))'""", policy).run().exited(0);
        assertEquals(outcome + "\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void no_outbound_network_is_of_every_kind(Backend backend) {
        Outcome run = HOST.packets(backend, List.of(REQUIRE, "--no-outbound-network"), "echo,raw-253,header", NetworkRoom.NEAR).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\nraw-253 10.77.1.1 EPERM\nheader 10.77.1.1 EPERM\n", run.stdout());
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void a_server_answers_whom_it_may_not_call(Backend backend) {
        String server = """
                import socket
                s = socket.create_server(("10.77.1.2", 9001)); print("ready", flush=True)
                c, _ = s.accept(); c.sendall(c.recv(9) * 2); c.close()
                """;
        Outcome run = HOST.bash(backend, """
                coproc $SECFILT --firewall=require --allowed-netmask=10.77.9.9 /usr/bin/python3 -c "$1"
                read -u ${COPROC[0]} ready; [ "$ready" = ready ] || exit 9
                /usr/bin/python3 -c 'import socket
                s = socket.create_connection(("10.77.1.2", 9001)); s.settimeout(10); s.sendall(b"hello"); print(s.recv(20))'
                wait""", server).run().exited(0);
        assertEquals("b'hellohello'\n", run.stdout(), run::toString);
    }

    /** Connection tracking believes whose first segment it sees, so a denied address of this host can seem to have called. */
    @ParameterizedTest
    @EnumSource
    void who_seems_to_have_called_is_not_answered_with_a_call(Backend backend) {
        for (String[] own : new String[][] {{"127.0.0.1", NetworkRoom.INSIDE}, {"::1", NetworkRoom.INSIDE6}}) {
            String denied = own[1].contains(":") ? "tcp [" + own[1] + "]:8001" : "tcp " + own[1] + ":8001";
            for (String kind : List.of("begun", "answered")) {
                Outcome bare = HOST.bash(backend, "/usr/bin/python3 \"$@\"", Built.fixture("packets.py"), kind + "-" + own[0], own[1]).run().exited(0);
                assertEquals(kind + "-" + own[0] + " " + own[1] + " ok\n", bare.stdout(), bare::toString);
                assertTrue(ROOM.arrivedInside().contains(denied), bare::toString);
                Outcome run = HOST.packets(backend, List.of(REQUIRE, "--no-supervisor", "--allowed-netmask=" + own[0]), kind + "-" + own[0], own[1])
                        .run().exited(0);
                List<String> arrived = ROOM.arrivedInside();
                assertTrue(!arrived.contains(denied) && arrived.contains(denied.startsWith("tcp [") ? "tcp [::1]:4000" : "tcp 127.0.0.1:4000"),
                        () -> run + "\n" + arrived);
            }
        }
        Outcome supervised = HOST.packets(backend, List.of(REQUIRE, "--allowed-netmask=127.0.0.1"), "begun-127.0.0.1", NetworkRoom.INSIDE).run().exited(0);
        assertTrue(!ROOM.arrivedInside().contains("tcp " + NetworkRoom.INSIDE + ":8001"), supervised::toString);
    }

    /** The server's answers go to a port that no rule allows: it is the client that called. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--no-supervisor"})
    void a_server_answers_a_client_of_the_same_run(String option) {
        Outcome run = ROOM.bash("$SECFILT -q --firewall=require $1 --allowed-netmask=127.0.0.1 --allowed-port=9003 /usr/bin/python3 -c \"$2\"", option, """
                import socket
                socket.socket(socket.AF_INET, socket.SOCK_RAW, 253) # now the rules are those for packets made by hand too
                server = socket.create_server(("127.0.0.1", 9003))
                client = socket.create_connection(("127.0.0.1", 9003)); client.settimeout(10); client.sendall(b"hello")
                served, _ = server.accept(); served.sendall(served.recv(9) * 2); print(client.recv(20))""").run().exited(0);
        assertEquals("b'hellohello'\n", run.stdout(), run::toString);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            --no-outbound-network                                 | no-outbound-network is about unix sockets too
            --allowed-bind=127.0.0.1                              | binds are judged call by call
            --allowed-netmask=10.77.1.1 --errno=EACCES            | EPERM
            --allowed-netmask=10.77.1.1 --firewall=off            | the firewall cannot hold the rules, it is off
            --allowed-netmask=10.77.1.1 --violation-exit=3        | nobody sees
            """)
    void without_a_supervisor_what_no_packet_shows_is_refused(String options, String why) {
        Outcome run = ROOM.bash("$SECFILT --no-supervisor " + options + " echo ran").run().exited(2);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().contains(why) && run.stderr().contains("; leave out --no-supervisor"), run::toString);
    }

    @Test
    void a_required_firewall_that_is_missing_is_named() {
        Outcome run = ROOM.secfilt(REQUIRE, NEAR[0], "echo", "ran").as(User.ORDINARY).run().exited(2);
        assertEquals("", run.stdout());
        assertEquals(List.of("secfilt: --firewall=require: packets cannot be judged here, for want of CAP_NET_ADMIN;"
                + " write --firewall=auto, which runs without"), run.reports());
        ROOM.secfilt("--firewall=auto", NEAR[0], "true").as(User.ORDINARY).run().exited(0);
    }
}
