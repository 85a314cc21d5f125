package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/**
 * What sockets can be told to get past rules on addresses, by {@code test-fixtures/socket-attack-*.c}, one for each subject: each attack is
 * first seen to get through without secfilt, by what arrives.
 */
class SocketAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final SocketAttacks NAMES = new SocketAttacks(ROOM, "names");
    private static final SocketAttacks INTERFACES = new SocketAttacks(ROOM, "interfaces");
    private static final SocketAttacks ROUTES = new SocketAttacks(ROOM, "routes");
    private static final SocketAttacks GROUPS = new SocketAttacks(ROOM, "groups");
    private static final SocketAttacks KINDS = new SocketAttacks(ROOM, "kinds");
    private static final SocketAttacks RIGHTS = new SocketAttacks(ROOM, "rights");
    private static final SocketAttacks UNCONNECTED = new SocketAttacks(ROOM, "unconnected");
    private static final int FIRST_PORT = 9000;

    /** What each sends where it should not be: F is FORBIDDEN, L loopback's address on the wire, A what is allowed and arrives always. */
    private static final String NAMING = """
            fastopen_sendto                      | 46 | tcp F
            fastopen_sendmsg                     | 46 | tcp F
            fastopen_sendmmsg                    | 46 | tcp F
            fastopen_connect                     | 46 | tcp F
            second_message                       | 46 | udp F, udp A
            second_message_after_an_allowed_one  | 46 | udp F, udp A
            second_name_under_the_first_length   | 4  | udp F, udp A
            reconnect_udp                        | 46 | udp F
            name_on_connected_udp                | 46 | udp F
            unspec_sendto                        | 4  | udp F
            unspec_sendmsg                       | 4  | udp F
            unspec_sendmmsg                      | 4  | udp F
            unspec_then_connect                  | 46 | tcp F
            accepted_then_connect                | 46 | tcp F
            mapped_connect                       | 4  | tcp F
            mapped_sendto                        | 4  | udp F
            inet_name_on_inet6                   | 4  | udp F
            inet_connect_on_inet6                | 4  | udp F
            name_of_24_bytes                     | 46 | udp F
            name_of_128_bytes                    | 46 | udp F
            message_name_of_200_bytes            | 46 | udp F
            zerocopy                             | 46 | udp F
            segmented                            | 46 | udp F
            corked                               | 46 | udp F
            """;

    private static final String BY_INTERFACES = """
            bind_to_device                       | 46 | udp L
            bind_to_ifindex                      | 46 | udp L
            unicast_interface                    | 46 | udp L
            packet_info                          | 46 | udp L
            sticky_packet_info                   | 6  | udp L
            scoped_bind                          | 46 | udp L
            scoped_multicast_bind                | 6  | udp L
            scoped_bind_then_connect             | 46 | tcp L
            """;

    private static final String BY_ROUTES = """
            routing_header                       | 6  | ip-43 F
            """;

    private static final String BY_ROUTES_AS_ROOT = """
            loose_source_route                   | 4  | udp F
            loose_source_route_of_a_connection   | 4  | tcp F
            loose_source_route_of_a_message      | 4  | udp F
            """;

    private static final String OTHER_KINDS = """
            mptcp                                | 46 | tcp F
            udp_lite                             | 46 | ip-136 F
            ping                                 | 46 | ping F
            """;

    private static final String OTHER_KINDS_AS_ROOT = """
            raw                                  | 46 | ping F
            raw_by_odd_words                     | 46 | ping F
            packet                               | 46 | ip-253 F
            old_packet                           | 46 |
            """;

    private static final String JOINING = """
            join                                 | 46 | group
            join_by_the_common_option            | 46 | group
            join_source                          | 46 | group
            """;
    /** The kernel tells the neighbours of a group that it leaves twice within a second (RFC 3376, RFC 3810). */
    private static final int LEAVING_MILLIS = 2500;

    private record Row(String attack, String families, String arrives) {
        static List<Row> of(int family, String... tables) {
            List<Row> rows = new ArrayList<>();
            for (String line : String.join("", tables).lines().toList()) {
                String[] cells = line.split("\\|", -1);
                if (cells[1].contains(String.valueOf(family))) {
                    rows.add(new Row(cells[0].trim(), cells[1].trim(), cells[2].trim()));
                }
            }
            return rows;
        }

        /** As the receiver tells it. */
        Set<String> arrivals(int family, int port, boolean allowedAlone) {
            Set<String> arrivals = new TreeSet<>();
            for (String word : arrives.isEmpty() ? new String[0] : arrives.split(", ")) {
                if (allowedAlone && !word.endsWith(" A")) {
                    continue;
                }
                String address = switch (word.substring(word.length() - 1)) {
                    case "A" -> family == 4 ? NetworkRoom.NEAR : NetworkRoom.NEAR6;
                    case "F" -> family == 4 ? NetworkRoom.FAR : NetworkRoom.FAR6;
                    default -> family == 4 ? "127.0.0.1" : "::1";
                };
                String shown = family == 4 ? address : "[" + address + "]";
                if (word.equals("group")) {
                    arrivals.add(family == 4 ? "ip-2 224.0.0.22" : attack.equals("join_source") ? "join [ff38::7777]" : "join [ff08::7777]");
                } else if (word.startsWith("ping")) {
                    arrivals.add((family == 4 ? "ip-1 " : "ip-58 ") + address);
                } else {
                    arrivals.add(word.startsWith("ip-")
                            ? word.substring(0, word.length() - 1) + address
                            : word.substring(0, word.length() - 1) + shown + ":" + port);
                }
            }
            return arrivals;
        }
    }

    /** Hop-by-hop and destination options, as an option of a socket and as control data; by root, as the kernel gives them to nobody else. */
    @Test
    void headers_that_no_socket_may_set_come_by_no_control_data_either() {
        String script = """
                import errno, socket
                def word(do):
                    try: do(); return "ok"
                    except OSError as e: return errno.errorcode[e.errno]
                for option in (54, 59): # IPV6_HOPOPTS, IPV6_DSTOPTS
                    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                    padding = b"\\0\\0\\1\\4\\0\\0\\0\\0"
                    print(option, word(lambda: s.sendmsg([b"x"], [(41, option, padding)], 0, ("fd77:1::1", 8001))), word(lambda: s.setsockopt(41, option, padding)))
                """;
        Outcome bare = ROOM.command("/usr/bin/python3", "-c", script).run().exited(0);
        assertEquals("54 ok ok\n59 ok ok\n", bare.stdout(), bare::toString);
        assertEquals(List.of("ip-0 fd77:1::1", "ip-60 fd77:1::1"), ROOM.arrived());
        for (String firewall : List.of("--firewall=off", "--firewall=require")) {
            Outcome run = ROOM.secfilt(firewall, "--allowed-netmask=" + NetworkRoom.NEAR6, "/usr/bin/python3", "-c", script).run().exited(0);
            assertEquals("54 EPERM EPERM\n59 EPERM EPERM\n", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived());
            assertTrue(run.reports().get(0).contains("denied sendmsg [fd77:1::1]:8001/udp by python3["), run::toString);
        }
    }

    @BeforeAll
    static void every_user_may_ping() {
        ROOM.bash("echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range").run().exited(0);
    }

    @ParameterizedTest
    @EnumSource
    void what_is_sent_does_not_arrive(User user) throws InterruptedException {
        for (int family : new int[] {4, 6}) {
            boolean root = user == User.ROOT;
            doesNotArrive(NAMES, user, family, 0, Row.of(family, NAMING));
            doesNotArrive(INTERFACES, user, family, 0, Row.of(family, BY_INTERFACES));
            doesNotArrive(ROUTES, user, family, 0, root ? Row.of(family, BY_ROUTES, BY_ROUTES_AS_ROOT) : Row.of(family, BY_ROUTES));
            doesNotArrive(KINDS, user, family, 0, root ? Row.of(family, OTHER_KINDS, OTHER_KINDS_AS_ROOT) : Row.of(family, OTHER_KINDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void no_group_is_joined(User user) throws InterruptedException {
        for (int family : new int[] {4, 6}) {
            doesNotArrive(GROUPS, user, family, LEAVING_MILLIS, Row.of(family, JOINING));
        }
    }

    /** Nor where all the rest is allowed; a host that is denied is another matter. */
    @ParameterizedTest
    @EnumSource
    void no_group_is_joined_where_groups_are_denied(User user) throws IOException, InterruptedException {
        Path policy = ROOM.directory().resolve("groups.yaml");
        for (int family : new int[] {4, 6}) {
            List<Row> rows = Row.of(family, JOINING);
            List<String> attacks = rows.stream().map(Row::attack).toList();
            Set<String> arriving = new TreeSet<>();
            rows.forEach(row -> arriving.addAll(row.arrivals(family, FIRST_PORT, false)));
            List<String> words = new ArrayList<>(List.of("-q", "--firewall=off", "--policy", policy.toString(), "--"));
            words.addAll(GROUPS.words(family, attacks));
            for (String denied : List.of(NetworkRoom.FAR, "[224.0.0.0/4, \"ff00::/8\"]")) {
                Files.writeString(policy, "version: 1\nconnect:\n  mode: allow\n  deny: " + denied + "\n");
                boolean joins = denied.equals(NetworkRoom.FAR);
                Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0);
                assertEquals(SocketAttacks.said(attacks, joins ? "ok" : "EPERM"), run.stdout(), run::toString);
                assertEquals(joins ? arriving : Set.of(), new TreeSet<>(ROOM.arrived()), "IPv" + family + " by " + user);
                Thread.sleep(LEAVING_MILLIS);
                ROOM.arrived();
            }
        }
    }

    private static void doesNotArrive(SocketAttacks subject, User user, int family, int quietAfterMillis, List<Row> rows)
            throws InterruptedException {
        if (rows.isEmpty()) {
            return; // there are none of this family
        }
        List<String> attacks = rows.stream().map(Row::attack).toList();
        Set<String> arriving = new TreeSet<>();
        Set<String> allowed = new TreeSet<>();
        for (int i = 0; i < rows.size(); i++) {
            arriving.addAll(rows.get(i).arrivals(family, FIRST_PORT + i, false));
            allowed.addAll(rows.get(i).arrivals(family, FIRST_PORT + i, true));
        }
        assertEquals(SocketAttacks.said(attacks, "ok"), subject.bare(user, family, attacks));
        assertEquals(arriving, new TreeSet<>(ROOM.arrived()));
        Thread.sleep(quietAfterMillis);
        ROOM.arrived();
        assertEquals(SocketAttacks.said(attacks, "EPERM"), subject.inside(user, family, attacks));
        assertEquals(allowed, new TreeSet<>(ROOM.arrived()), "IPv" + family + " by " + user);
    }

    /** What was begun would go on to what the kernel reads as an IPv6 address: those that the connect wrote, its own first. */
    @ParameterizedTest
    @EnumSource
    void a_datagram_begun_over_ipv6_does_not_go_astray_by_a_connect_over_ipv4(User user) {
        String begun = Fixtures.compile("begun-connect").toString();
        for (String how : List.of("mapped", "inet", "restricted")) {
            String[] words = {begun, how, NetworkRoom.FAR6, NetworkRoom.NEAR, "8001"};
            assertEquals("sent\n", ROOM.command(words).as(user).run().exited(0).stdout());
            assertTrue(ROOM.arrived().get(0).startsWith("udp [a4d:102:a4d:101:"), how);
            for (String notifications : List.of("auto", "off")) {
                Outcome run = ROOM.secfilt("-q", "--firewall=off", "--notifications=" + notifications, "--allowed-netmask=" + NetworkRoom.FAR6,
                        "--allowed-netmask=" + NetworkRoom.NEAR, begun, how, NetworkRoom.FAR6, NetworkRoom.NEAR, "8001").as(user).run().exited(0);
                assertEquals(how.equals("restricted") ? "EPERM\n" : "ENETUNREACH\n", run.stdout(), run::toString);
                assertEquals(List.of(), ROOM.arrived(), how + " by " + user);
            }
        }
    }

    /** What this kernel lacks it refuses in its own words, so that EPERM is ours. */
    @ParameterizedTest
    @EnumSource
    void sockets_of_other_kinds_are_refused_whether_the_kernel_has_them_or_not(User user) {
        List<String> attacks = List.of("sctp", "sctp_connectx", "dccp", "smc", "l2tp");
        for (int family : new int[] {4, 6}) {
            assertEquals(List.of(), KINDS.bare(user, family, attacks).lines().filter(line -> line.contains("EPERM")).toList());
            assertEquals(SocketAttacks.said(attacks, "EPERM"), KINDS.inside(user, family, attacks));
        }
        assertEquals("other_families other-than-EPERM\n", KINDS.bare(user, 4, List.of("other_families")));
        assertEquals("other_families ok\n", KINDS.inside(user, 4, List.of("other_families")));
        assertEquals(Set.of(), new TreeSet<>(ROOM.arrived()));
    }

    /** SMC, which few kernels have, would take the data elsewhere. */
    @ParameterizedTest
    @EnumSource
    void no_protocol_is_put_on_top_of_tcp(User user) {
        List<String> attacks = List.of("upper_protocol", "upper_protocol_smc");
        for (int family : new int[] {4, 6}) {
            assertEquals("upper_protocol EOPNOTSUPP", KINDS.bare(user, family, attacks).lines().findFirst().orElseThrow());
            assertEquals(SocketAttacks.said(attacks, "ENOENT"), KINDS.inside(user, family, attacks));
        }
    }

    /** In a namespace that is gone with the command, for without secfilt these change it. */
    @ParameterizedTest
    @EnumSource
    void root_cannot_change_where_addresses_lead(User user) {
        List<String> attacks = new ArrayList<>(List.of("repair", "mark", "mark_of_a_message", "transparent", "add_address", "add_route", "add_rule",
                "destroy", "ioctl_address", "ioctl_multicast", "ioctl_flags"));
        for (int family : new int[] {6, 4}) {
            if (family == 4) {
                attacks.remove("add_route");
                attacks.addAll(List.of("ioctl_route", "ioctl_neighbour"));
            } else {
                attacks.remove("ioctl_address");
            }
            if (user == User.ROOT) {
                assertEquals(SocketAttacks.said(attacks, "ok"), inOwnNetwork(family, attacks, "").exited(0).stdout());
            }
            String sandbox = "\"$SECFILT\" -q " + String.join(" ", SocketAttacks.options()) + " -- ";
            if (user == User.ROOT) {
                assertEquals(SocketAttacks.said(attacks, "EPERM"), inOwnNetwork(family, attacks, sandbox).exited(0).stdout());
            } else {
                assertEquals(SocketAttacks.said(attacks, "EPERM"), RIGHTS.inside(user, family, attacks));
            }
        }
    }

    private static Outcome inOwnNetwork(int family, List<String> attacks, String sandbox) {
        // An address on loopback, for what the attacks call their own.
        String prepare = "ip link set lo up; ip link add veth0 type veth peer name veth1; ip link set veth0 up; ip addr add " + NetworkRoom.INSIDE
                + "/24 dev lo; ip addr add " + NetworkRoom.INSIDE6 + "/64 dev lo nodad; ";
        return ROOM.bash("unshare -n bash -c '" + prepare + sandbox + String.join(" ", RIGHTS.words(family, attacks)) + "'").run();
    }

    /** Says for each error message that comes in whether it is about what foreign-sender.py sent. */
    private static final String ERRORS = """
            import os, socket, sys
            s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            print("ready", flush=True)
            while True:
                if b"reflected" in s.recv(2000):
                    open(sys.argv[1], "w").close()
            """;

    @ParameterizedTest
    @EnumSource
    void no_error_message_of_the_kernel_goes_to_who_sent_nothing(User user) throws IOException {
        Path heard = ROOM.directory().resolve("heard-" + user);
        Process listening = ROOM.serveOutside("/usr/bin/python3", "-c", ERRORS, heard.toString());
        try {
            for (String option : List.of("freebind", "freebind-of-ipv4", "packet-info")) {
                String[] words = {"/usr/bin/python3", Built.fixture("foreign-sender.py"), option, NetworkRoom.INSIDE6, NetworkRoom.FAR6};
                String bare = ROOM.bash("for i in $(seq 40); do [ -e HEARD ] && break; \"$@\"; sleep 0.25; done; [ -e HEARD ] && echo heard; rm -f HEARD"
                        .replace("HEARD", heard.toString()), words).as(user).run().exited(0).stdout();
                assertTrue(bare.startsWith("ok\n") && bare.endsWith("heard\n"), bare);
                List<String> all = new ArrayList<>(List.of("-q", "--firewall=off", "--allowed-netmask=" + NetworkRoom.INSIDE6));
                all.addAll(List.of(words));
                assertEquals("EPERM\n", ROOM.secfilt(all.toArray(new String[0])).as(user).run().exited(0).stdout());
            }
            ROOM.command("sleep", "0.5").run();
            assertTrue(!Files.exists(heard));
        } finally {
            ROOM.end(listening);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_network_of_ones_own_leads_nowhere(User user) {
        List<String> attacks = List.of("own_network", "send_from_own_network");
        for (int family : new int[] {4, 6}) {
            assertEquals("own_network ok\nsend_from_own_network ENETUNREACH\n", RIGHTS.bare(user, family, attacks));
            assertEquals("own_network ok\nsend_from_own_network EPERM\n", RIGHTS.inside(user, family, attacks));
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    /** An AF_UNSPEC name is none to an IPv6 socket. */
    @ParameterizedTest
    @EnumSource
    void what_has_no_address_is_answered_as_without(User user) {
        List<String> attacks = List.of("splice_unconnected", "sendfile_unconnected", "sendfile_unconnected_tcp", "vmsplice_to_a_socket",
                "write_unconnected");
        List<String> unspec = List.of("unspec_sendto", "unspec_sendmsg", "unspec_sendmmsg");
        assertEquals(UNCONNECTED.bare(user, 4, attacks), UNCONNECTED.inside(user, 4, attacks));
        assertEquals(UNCONNECTED.bare(user, 6, attacks), UNCONNECTED.inside(user, 6, attacks));
        assertEquals(SocketAttacks.said(unspec, "EDESTADDRREQ"), NAMES.bare(user, 6, unspec));
        assertEquals(SocketAttacks.said(unspec, "EDESTADDRREQ"), NAMES.inside(user, 6, unspec));
        assertEquals(List.of(), ROOM.arrived());
    }
}
