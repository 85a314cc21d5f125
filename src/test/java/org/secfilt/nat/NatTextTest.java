package org.secfilt.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Publication;

/** The addresses chosen, and the texts that ip(8) and iptables-restore(8) are given. */
class NatTextTest {
    @TempDir
    private Path directory;

    private static final Subnets V4 = Subnets.chooseV4(List.of(), 0).orElseThrow();
    private static final Subnets V6 = Subnets.chooseV6(List.of(), 0).orElseThrow();

    @Test
    void what_is_installed_is_taken_away_rule_by_rule() {
        NatRules rules = new NatRules("sfn1", V4, "61000-65535", List.of(new Publication(81, 80, Protocol.TCP)), "127.0.0.0/8");
        rules.addBehind(NatListing.forwardingOff("eth0", false));
        List<String> made = new ArrayList<>(
                rules.install().lines().filter(line -> line.startsWith("-I ")).map(line -> line.substring(3).replaceFirst(" 1 ", " ")).toList());
        List<String> away = rules.uninstall().lines().filter(line -> line.startsWith("-D ")).map(line -> line.substring(3)).toList();
        assertTrue(made.removeAll(away), made::toString);
        assertEquals(List.of(NatListing.forwardingOff("eth0", false)), made);
        assertEquals(List.of("*raw", "COMMIT", "*nat", "COMMIT", "*filter", "COMMIT"), rules.uninstall().lines().filter(line -> !line.startsWith("-D ")).toList());
    }

    @Test
    void addresses_are_chosen_past_what_is_taken() {
        assertEquals("Subnets[host=10.200.0.1, own=10.200.0.2, block=10.200.0.0/30]", V4.toString());
        assertEquals("10.200.0.4/30", Subnets.chooseV4(List.of(Cidr.parse("10.200.0.2")), 0).orElseThrow().block().toString());
        assertEquals("10.200.1.0/30", Subnets.chooseV4(List.of(Cidr.parse("10.200.0.0/24")), 0).orElseThrow().block().toString());
        assertEquals("172.31.0.0/30", Subnets.chooseV4(List.of(Cidr.parse("10.0.0.0/8")), 0).orElseThrow().block().toString());
        assertEquals("10.200.255.252/30", Subnets.chooseV4(List.of(), -1).orElseThrow().block().toString());
        assertEquals(Optional.empty(), Subnets.chooseV4(
                List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("172.16.0.0/12"), Cidr.parse("192.168.0.0/16")), 7));
        assertEquals("fd5e:cf17:2a77::/64", V6.block().toString());
        assertEquals("fd5e:cf17:2a77:1::/64",
                Subnets.chooseV6(List.of(Cidr.parse("fd5e:cf17:2a77::9")), 0).orElseThrow().block().toString());
    }

    @Test
    void reads_what_is_taken_from_a_listing_of_routes() {
        assertEquals("[10.0.0.1/32, 10.1.0.0/16, 10.1.0.9/32, 127.0.0.0/8, 127.0.0.1/32]", Subnets.taken("""
                default via 10.0.0.1 dev eth0
                10.1.0.0/16 dev eth0.7 proto kernel scope link src 10.1.0.9\s
                local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\s
                """).toString());
        assertEquals("[fe80::/64, fd77:1::2/128]", Subnets.taken("""
                fe80::/64 dev eth0 proto kernel metric 256 pref medium
                local fd77:1::2 dev eth0 table local proto kernel metric 0 pref medium
                unreachable default dev lo metric 4294967295 error -101\s
                """).toString());
    }

    @Test
    void reads_whom_the_host_is_from_a_listing_of_routes() {
        assertEquals("[127.0.0.0/8, 10.1.0.9/32, fd77:1::2/128]", Subnets.local("""
                default via 10.0.0.1 dev eth0
                10.1.0.0/16 dev eth0.7 proto kernel scope link src 10.1.0.9\s
                local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\s
                local 10.1.0.9 dev eth0.7 table local proto kernel scope host src 10.1.0.9\s
                broadcast 10.1.255.255 dev eth0.7 table local proto kernel scope link src 10.1.0.9\s
                local fd77:1::2 dev eth0 table local proto kernel metric 0 pref medium
                """).toString());
    }

    @Test
    void ipv6_is_as_ipv4() {
        String installed = new NatRules("sfn1f", V6, "61000-65535", List.of(), "").install();
        String about = " -m comment --comment \"secfilt sfn1f\" -j ";
        assertEquals(List.of(
                "-I INPUT 1 -i sfn1f -p ipv6-icmp -m icmp6 --icmpv6-type 2" + about + "DROP",
                "-I INPUT 1 -i sfn1f -d ff00::/8 ! -p ipv6-icmp" + about + "DROP",
                "-I INPUT 1 -i sfn1f -m conntrack --ctstate RELATED ! --ctorigsrc fd5e:cf17:2a77::2 ! --ctreplsrc fd5e:cf17:2a77::2" + about + "DROP",
                "-I INPUT 1 -i sfn1f -m conntrack --ctstate INVALID" + about + "DROP"),
                installed.lines().filter(line -> line.contains(" INPUT ")).toList());
        assertTrue(installed.startsWith("*raw\n-I PREROUTING 1 -i sfn1f" + about + "ACCEPT\n-I PREROUTING 1 -i sfn1f ! -s fd5e:cf17:2a77::2" + about + "DROP\n"), installed);
        assertTrue(installed.contains("-I FORWARD 1 -i sfn1f ! -o sfn+ -p ipv6-icmp" + about + "ACCEPT\n"), installed);
        assertTrue(installed.contains("-I POSTROUTING 1 -s fd5e:cf17:2a77::/64 ! -o sfn1f -p udp" + about + "MASQUERADE --to-ports 61000-65535\n"), installed);
    }

    @Test
    void connections_leave_from_ports_that_the_host_does_not_connect_from() throws IOException {
        for (String[] each : new String[][] {{"32768\t60999\n", "61000-65535"}, {"32768 50000", "50001-65535"}, {"1024 65535", "61000-65535"}, {"x", "61000-65535"}}) {
            Files.writeString(Files.createDirectories(directory.resolve("ipv4")).resolve("ip_local_port_range"), each[0]);
            assertEquals(each[1], Forwarding.ports(directory));
        }
        assertEquals("61000-65535", Forwarding.ports(directory.resolve("none")));
    }

    @Test
    void a_pair_is_made_by_two_batches() {
        NatLink link = new NatLink("sfn1f", V4, Optional.of(V6));
        assertEquals("""
                link add sfn1f address 02:5e:cf:17:00:01 type veth peer name eth0 address 02:5e:cf:17:00:02 netns 31
                addr add 10.200.0.1/30 dev sfn1f
                addr add fd5e:cf17:2a77::1/64 dev sfn1f nodad
                link set sfn1f up
                neigh replace 10.200.0.2 lladdr 02:5e:cf:17:00:02 dev sfn1f nud permanent
                neigh replace fd5e:cf17:2a77::2 lladdr 02:5e:cf:17:00:02 dev sfn1f nud permanent
                """, link.addition(31) + link.atHost());
        assertEquals("""
                addr add 10.200.0.2/30 dev eth0
                link set eth0 up
                neigh replace 10.200.0.1 lladdr 02:5e:cf:17:00:01 dev eth0 nud permanent
                route add default via 10.200.0.1
                """, new NatLink("sfn1f", V4, Optional.empty()).atCommand());
        assertTrue(NatLink.isName(NatLink.freshName(4194304)));
        assertTrue(NatLink.freshName(4194304).length() < 16);
        for (String other : List.of("sfn", "sfnet0", "veth0", "xsfn1")) {
            assertFalse(NatLink.isName(other), other);
        }
    }

    @Test
    void a_port_that_the_host_leads_elsewhere_is_known() {
        List<Cidr> local = List.of(Cidr.parse("10.77.1.2"));
        for (String rule : List.of("-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8088 -j DNAT --to-destination 172.17.0.2:80",
                "-A PREROUTING -d 10.77.1.0/24 -p tcp -m multiport --dports 80,8000:8090 -j REDIRECT --to-ports 1")) {
            assertEquals(Optional.of(rule), NatListing.leading("*nat\n" + rule + "\nCOMMIT\n", Protocol.TCP, 8088, local));
            assertEquals(Optional.empty(), NatListing.leading(rule, Protocol.TCP, 8091, local));
            assertEquals(Optional.empty(), NatListing.leading(rule, Protocol.UDP, 8088, local));
        }
        for (String rule : List.of("-A PREROUTING -d 10.77.2.0/24 -p tcp -m tcp --dport 8088 -j DNAT --to-destination 172.17.0.2:80",
                "-A INPUT -p tcp -m tcp --dport 8088 -j ACCEPT", "-A PREROUTING -p tcp -m tcp ! --dport 8088 -j DNAT --to-destination 172.17.0.2:80")) {
            assertEquals(Optional.empty(), NatListing.leading(rule, Protocol.TCP, 8088, local));
        }
        for (String rule : List.of("-A PREROUTING -d 10.77.1.2/32 -j DNAT --to-destination 172.17.0.2",
                "-A PREROUTING -d 10.77.1.2/32 -p tcp -j REDIRECT --to-ports 1", "-A X -d 10.0.1.2/255.0.255.255 -j DNAT --to-destination 172.17.0.2")) {
            assertEquals(Optional.of(rule), NatListing.leading(rule, Protocol.TCP, 8088, local));
        }
        for (String rule : List.of("-A PREROUTING -d 10.77.1.2/32 -p tcp -m tcp ! --dport 22 -j DNAT --to-destination 172.17.0.2",
                "-A PREROUTING -d 10.77.1.2/32 ! -p icmp -j DNAT --to-destination 172.17.0.2",
                "-A PREROUTING -p tcp -m multiport --ports 22 -j REDIRECT --to-ports 1",
                "-A X ! -d 10.77.9.9/32 -p tcp -m tcp --dport 22 -j DNAT --to-destination 172.17.0.2")) {
            assertEquals(!rule.contains(" 22 ") || !rule.contains("! --dport"), NatListing.leading(rule, Protocol.TCP, 22, local).isPresent(), rule);
            assertEquals(rule.contains("! --dport") || rule.contains("icmp"), NatListing.leading(rule, Protocol.TCP, 8088, local).isPresent(), rule);
        }
        for (String said : List.of("open --dport http only", "was --dport 22", "see -j LOG", "say \\\" --dport 22")) {
            String rule = "-A PREROUTING -d 10.77.1.2/32 -p tcp -m comment --comment \"" + said + "\" -m tcp --dport 8088 -j DNAT --to-destination 10.77.9.9";
            assertEquals(Optional.of(rule), NatListing.leading(rule, Protocol.TCP, 8088, local));
            assertEquals(Optional.empty(), NatListing.leading(rule, Protocol.TCP, 22, local));
        }
        assertEquals(Optional.empty(), NatListing.leading("-A PREROUTING -p tcp -j REDIRECT --to-ports 1", Protocol.TCP, 8088, local));
        assertTrue(NatListing.isOurs("-A PREROUTING -p tcp -m comment --comment \"secfilt sfn1f\" -j DNAT"));
    }

    @Test
    void what_is_installed_is_what_a_later_listing_has_removed() {
        NatRules rules = new NatRules("sfn1f", V4, "61000-65535", List.of(Publication.parse("10105:5432")), "127.0.0.0/8");
        rules.addBehind(NatListing.forwardingOff("eth0", false));
        String installed = rules.install();
        assertTrue(installed.endsWith("""
                *filter
                -I FORWARD 1 -i eth0 ! -o sfn+ -m comment --comment "secfilt forwarding of eth0" -j DROP
                -I INPUT 1 -d 127.0.0.0/8 -i sfn1f -m conntrack ! --ctstate DNAT -m comment --comment "secfilt sfn1f" -j DROP
                -I INPUT 1 -i sfn1f -p icmp -m icmp --icmp-type 3/4 -m comment --comment "secfilt sfn1f" -j DROP
                -I INPUT 1 -i sfn1f -m addrtype ! --dst-type LOCAL -m comment --comment "secfilt sfn1f" -j DROP
                -I OUTPUT 1 -o sfn1f -m conntrack ! --ctstate RELATED,ESTABLISHED,UNTRACKED,DNAT -m comment --comment "secfilt sfn1f" -j DROP
                -I FORWARD 1 -o sfn1f -m comment --comment "secfilt sfn1f" -j DROP
                -I FORWARD 1 -d 10.200.0.2 -o sfn1f -p tcp -m tcp --dport 5432 -m conntrack --ctstate DNAT -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -o sfn1f -p icmp -m conntrack --ctstate RELATED -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -o sfn1f -m conntrack --ctstate ESTABLISHED -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f ! -o sfn+ -m comment --comment "secfilt sfn1f" -j DROP
                -I FORWARD 1 -i sfn1f ! -o sfn+ -p icmp -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f ! -o sfn+ -p 33 -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f ! -o sfn+ -p sctp -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f ! -o sfn+ -p udp -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f ! -o sfn+ -p tcp -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I FORWARD 1 -i sfn1f -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -m comment --comment "secfilt sfn1f" -j DROP
                -I INPUT 1 -i sfn1f -m conntrack --ctstate RELATED ! --ctorigsrc 10.200.0.2 ! --ctreplsrc 10.200.0.2 -m comment --comment "secfilt sfn1f" -j DROP
                -I INPUT 1 -i sfn1f -m conntrack --ctstate INVALID -m comment --comment "secfilt sfn1f" -j DROP
                -I FORWARD 1 -i sfn1f -m conntrack --ctstate RELATED ! --ctorigsrc 10.200.0.2 ! --ctreplsrc 10.200.0.2 -m comment --comment "secfilt sfn1f" -j DROP
                -I FORWARD 1 -i sfn1f -m conntrack --ctstate INVALID,UNTRACKED -m comment --comment "secfilt sfn1f" -j DROP
                COMMIT
                """), installed);
        assertTrue(installed.startsWith("""
                *raw
                -I PREROUTING 1 -i sfn1f -m comment --comment "secfilt sfn1f" -j ACCEPT
                -I PREROUTING 1 -i sfn1f ! -s 10.200.0.2 -m comment --comment "secfilt sfn1f" -j DROP
                COMMIT
                *nat
                """), installed);
        String saved = installed.replaceAll("-I (\\S+) 1", "-A $1").replace("COMMIT", "-A INPUT -s 192.0.2.1 -j DROP\nCOMMIT");
        assertEquals("", NatListing.removal(saved, List.of("sfn1f")));
        String removal = NatListing.removal(saved, List.of());
        assertEquals(installed.replaceAll("-I (\\S+) 1", "-D $1"), removal);
        String other = NatListing.removal(saved, List.of("sfn2"));
        assertTrue(other.contains("\"secfilt sfn1f\"") && !other.contains("forwarding of"), other);
        assertEquals(List.of(NatListing.forwardingOff("eth0", false)), NatListing.forwardingsOff(saved));
        assertEquals(List.of("eth0", "br0"), NatListing.remembered(List.of(NatListing.forwardingOff("eth0", false), NatListing.forwardingOff("br0", true))));
    }
}
