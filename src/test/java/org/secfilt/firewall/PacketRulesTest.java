package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Requirements;
import org.secfilt.policy.IniConfig;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Policy;
import org.secfilt.policy.yaml.PolicyFiles;

/** Policies and the rules that packets meet. */
class PacketRulesTest {
    private static final String LEAVES4 = "-m u32 --u32 \"0>>24&0xF=6:15\" -j DROP\n-d 127.0.0.0/8 ! -o lo -j DROP\n";
    private static final String LEAVES6 = "-m rt -j DROP\n-m frag -j DROP\n-d ::1/128 ! -o lo -j DROP\n";
    private static final String SPOOFED = "-m addrtype ! --src-type LOCAL -j DROP\n";
    private static final String ROUTED = LEAVES4 + SPOOFED;
    private static final String ROUTED6 = LEAVES6 + SPOOFED;
    private static final String ANSWERS = "-p tcp ! --syn -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN\n";
    private static final String WRITTEN = "-m conntrack --ctstate DNAT --ctdir ORIGINAL";
    /** Of these the programs take every rule. */
    private static final Reading[] TAKEN = {
        () -> options("allowed-netmask=10.0.0.0/8\nallowed-netmask=fd00::/8\nallowed-port=443\nallowed-port=1-9\nallowed-bind=127.0.0.1:80"),
        () -> yaml("connect: {mode: local, deny: [10.0.0.1, \"fd00::1\", {port: 22, protocol: udp}], allow: {protocol: tcp}}\nbind: {deny: 10.0.0.1}"),
    };
    private static final String REST = "-p tcp -j REJECT --reject-with tcp-reset\n-j DROP\n";

    @Test
    void a_policy_that_restricts_no_destination_needs_no_rules() throws Exception {
        assertEquals("", v4(Policy.OPEN));
        assertEquals("", v4(options("allowed-bind=127.0.0.1")));
    }

    @Test
    void masks_hold_every_protocol() throws Exception {
        Policy policy = options("allowed-netmask=127.0.0.0/8\nallowed-netmask=10.0.0.7\nallowed-netmask=fd00::/8");
        assertEquals(ROUTED + ANSWERS + "-d 127.0.0.0/8 -j RETURN\n-d 10.0.0.7/32 -j RETURN\n" + REST, v4(policy));
        assertEquals(ROUTED6 + ANSWERS + "-d fd00::/8 -j RETURN\n" + REST, v6(policy));
    }

    @Test
    void ports_are_those_of_every_protocol_that_has_some_and_an_address_that_is_named_can_be_pinged() throws Exception {
        assertEquals(ROUTED + ANSWERS + """
                -d 10.0.0.0/8 -p tcp -m multiport --dports 443,8000:8099 -j RETURN
                -d 10.0.0.0/8 -p udp -m multiport --dports 443,8000:8099 -j RETURN
                -d 10.0.0.0/8 -p udplite -m multiport --dports 443,8000:8099 -j RETURN
                -d 10.0.0.0/8 -p sctp -m multiport --dports 443,8000:8099 -j RETURN
                -d 10.0.0.0/8 -p dccp -m multiport --dports 443,8000:8099 -j RETURN
                -d 10.0.0.0/8 -p icmp -m icmp --icmp-type 8 -j RETURN
                """ + REST, v4(options("allowed-netmask=10.0.0.0/8\nallowed-port=443\nallowed-port=8000-8099")));
        assertTrue(!v4(options("allowed-port=443")).contains("icmp"), "a port names no address");
    }

    @Test
    void without_raw_sockets_only_what_opens_a_connection_is_looked_at() throws Exception {
        Policy policy = options("allowed-netmask=10.0.0.7\nallowed-bind=127.0.0.1:80");
        assertEquals("-d 127.0.0.0/8 ! -o lo -j DROP\n-d 10.0.0.7/32 -j RETURN\n" + REST,
                text(PacketRules.ofPlain(policy, IpVersion.V4, false)));
        assertEquals("-d ::1/128 ! -o lo -j DROP\n" + REST, text(PacketRules.ofPlain(policy, IpVersion.V6, false)));
        assertEquals("", text(PacketRules.ofPlain(options("allowed-bind=127.0.0.1"), IpVersion.V4, false)));
    }

    @Test
    void no_outbound_network_leaves_answers_alone() throws Exception {
        assertEquals(ROUTED + ANSWERS + REST, v4(options("no-outbound-network=")));
        assertEquals(ROUTED6 + ANSWERS + REST, v6(options("no-outbound-network=")));
    }

    @Test
    void where_all_of_a_network_is_judged_the_kernels_own_packets_pass_and_nobody_sends_under_a_foreign_address() throws Exception {
        Policy policy = options("allowed-netmask=10.0.0.7");
        assertEquals(LEAVES4 + """
                -p icmp -m owner ! --uid-owner 0-4294967294 -j RETURN
                -p 2 -m owner ! --uid-owner 0-4294967294 -j RETURN
                -p tcp -m tcp --tcp-flags RST RST -m owner ! --uid-owner 0-4294967294 -j RETURN
                -m addrtype ! --src-type LOCAL -j DROP
                """ + ANSWERS + "-d 10.0.0.7/32 -j RETURN\n" + REST,
                text(PacketRules.ofNetwork(policy, IpVersion.V4, false, List.of("0-4294967294"))));
        assertEquals(LEAVES6 + """
                -p icmpv6 -m owner ! --uid-owner 0-0 -m owner ! --uid-owner 1-65536 -j RETURN
                -p tcp -m tcp --tcp-flags RST RST -m owner ! --uid-owner 0-0 -m owner ! --uid-owner 1-65536 -j RETURN
                -m addrtype ! --src-type LOCAL -j DROP
                """ + ANSWERS + REST, text(PacketRules.ofNetwork(policy, IpVersion.V6, false, List.of("0-0", "1-65536"))));
        assertEquals("*filter\n:SECFILT-N - [0:0]\n-A SECFILT-N -j DROP\n-I OUTPUT 1 -j SECFILT-N\nCOMMIT\n",
                new Chain("SECFILT-N", Members.EVERYBODY).install(List.of("-j DROP")));
        assertEquals("*filter\n-D OUTPUT -j SECFILT-N\n-F SECFILT-N\n-X SECFILT-N\nCOMMIT\n", new Chain("SECFILT-N", Members.EVERYBODY).remove());
    }

    @Test
    void who_is_no_member_of_a_profile_may_send_under_any_address() throws Exception {
        assertEquals(LEAVES4 + ANSWERS + "-d 10.0.0.7/32 -j RETURN\n" + REST, text(PacketRules.ofOthers(options("allowed-netmask=10.0.0.7"), IpVersion.V4, false)));
    }

    @Test
    void deny_comes_before_allow() throws Exception {
        Policy policy = yaml("""
                connect:
                  allow: [{address: 10.0.0.0/8, protocol: tcp}, 10.1.0.1:53]
                  deny: [10.9.0.0/16, {address: "fd00::1", port: 22, protocol: udp}]
                """);
        assertEquals(ROUTED + ANSWERS + """
                -d 10.9.0.0/16 -p tcp -j REJECT --reject-with tcp-reset
                -d 10.9.0.0/16 -j DROP
                -d 10.0.0.0/8 -p tcp -j RETURN
                -d 10.0.0.0/8 -p icmp -m icmp --icmp-type 8 -j RETURN
                -d 10.1.0.1/32 -p tcp -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p udp -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p udplite -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p sctp -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p dccp -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p icmp -m icmp --icmp-type 8 -j RETURN
                """ + REST, v4(policy));
        assertEquals(ROUTED6 + ANSWERS + """
                -d fd00::1/128 -p udp -m multiport --dports 22 -j DROP
                -d fd00::1/128 -p udplite -m multiport --dports 22 -j DROP
                -d fd00::1/128 -p sctp -m multiport --dports 22 -j DROP
                -d fd00::1/128 -p dccp -m multiport --dports 22 -j DROP
                """ + REST, v6(policy));
    }

    @Test
    void modes() throws Exception {
        assertEquals(ROUTED + ANSWERS + "-d 10.9.0.0/16 -p tcp -j REJECT --reject-with tcp-reset\n-d 10.9.0.0/16 -j DROP\n",
                v4(yaml("connect: {deny: 10.9.0.0/16}")));
        assertEquals(ROUTED + ANSWERS + "-d 127.0.0.0/8 -j RETURN\n" + REST, v4(yaml("connect: {mode: local}")));
        assertEquals(ROUTED6 + ANSWERS + "-d ::1/128 -j RETURN\n" + REST, v6(yaml("connect: {mode: local}")));
    }

    @Test
    void answers_leave_from_where_bind_allows_it() throws Exception {
        String connect = "connect: {mode: deny}\n";
        String answer = "-p tcp ! --syn -m conntrack --ctstate ESTABLISHED --ctdir REPLY";
        assertEquals(ROUTED + "-s 10.0.0.1/32 " + answer + " -m multiport --sports 80 -j RETURN\n" + answer
                        + " -m multiport --sports 81 -j RETURN\n-s 10.0.0.2/32 " + answer + " -j RETURN\n" + REST,
                v4(yaml(connect + "bind: {allow: [10.0.0.1:80, 0.0.0.0:81, 10.0.0.2:0, {address: 10.0.0.3, protocol: udp}]}")));
        assertEquals(ROUTED + "-s 127.0.0.0/8 " + answer + " -j RETURN\n" + REST, v4(yaml(connect + "bind: {mode: local}")));
        assertEquals(ROUTED + "-s 10.0.0.1/32 " + answer + " -j DROP\n" + answer + " -j RETURN\n" + REST,
                v4(yaml(connect + "bind: {deny: 10.0.0.1}")));
        assertEquals(ROUTED + REST, v4(yaml(connect + "bind: {mode: deny}")));
    }

    @Test
    void where_destinations_are_translated_each_rule_is_about_the_one_that_was_written_too() throws Exception {
        Policy policy = yaml("""
                connect:
                  mode: local
                  allow: [{address: 10.0.0.0/8, protocol: tcp}, {address: 10.1.0.1, port: 53, protocol: udp}, {protocol: udp}, {port: 80-90, protocol: tcp}]
                  deny: [10.9.0.0/16, {address: 10.8.0.1, port: [22, 7000-7009], protocol: udp}]
                """);
        assertEquals("""
                -d 127.0.0.0/8 ! -o lo -m conntrack ! --ctstate DNAT -j DROP
                -d 127.0.0.0/8 ! -o lo -m conntrack --ctdir REPLY -j DROP
                -d 127.0.0.0/8 ! -o lo -m conntrack --ctorigdst 127.0.0.0/8 -j DROP
                -d 10.9.0.0/16 -p tcp -j REJECT --reject-with tcp-reset
                -d 10.9.0.0/16 -j DROP
                -d 10.8.0.1/32 -p udp -m multiport --dports 22,7000:7009 -j DROP
                -d 10.8.0.1/32 -p udplite -m multiport --dports 22,7000:7009 -j DROP
                -d 10.8.0.1/32 -p sctp -m multiport --dports 22,7000:7009 -j DROP
                -d 10.8.0.1/32 -p dccp -m multiport --dports 22,7000:7009 -j DROP
                WRITTEN --ctorigdst 10.9.0.0/16 -p tcp -j REJECT --reject-with tcp-reset
                WRITTEN --ctorigdst 10.9.0.0/16 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p udp --ctorigdstport 22 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p udp --ctorigdstport 7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p udplite --ctorigdstport 0 -m multiport --dports 22,7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p udplite --ctorigdstport 22 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p udplite --ctorigdstport 7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p sctp --ctorigdstport 0 -m multiport --dports 22,7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p sctp --ctorigdstport 22 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p sctp --ctorigdstport 7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p dccp --ctorigdstport 0 -m multiport --dports 22,7000:7009 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p dccp --ctorigdstport 22 -j DROP
                WRITTEN --ctorigdst 10.8.0.1/32 -p dccp --ctorigdstport 7000:7009 -j DROP
                -d 127.0.0.0/8 -j RETURN
                -d 10.0.0.0/8 -p tcp -j RETURN
                -d 10.0.0.0/8 -p icmp -m icmp --icmp-type 8 -j RETURN
                -d 10.1.0.1/32 -p udp -m multiport --dports 53 -j RETURN
                -d 10.1.0.1/32 -p icmp -m icmp --icmp-type 8 -j RETURN
                -p udp -j RETURN
                -p tcp -m multiport --dports 80:90 -j RETURN
                WRITTEN --ctorigdst 127.0.0.0/8 -j RETURN
                WRITTEN --ctorigdst 10.0.0.0/8 -p tcp -j RETURN
                WRITTEN --ctorigdst 10.0.0.0/8 -p icmp -m icmp --icmp-type 8 -j RETURN
                WRITTEN --ctorigdst 10.1.0.1/32 -p udp --ctorigdstport 53 -j RETURN
                WRITTEN --ctorigdst 10.1.0.1/32 -p icmp -m icmp --icmp-type 8 -j RETURN
                WRITTEN -p tcp --ctorigdstport 80:90 -j RETURN
                """ + REST, text(PacketRules.ofPlain(policy, IpVersion.V4, true)).replace(WRITTEN, "WRITTEN"));
        assertEquals(REST, text(PacketRules.ofPlain(options("no-outbound-network="), IpVersion.V6, true))
                .replaceAll("-d ::1.*\n", ""), "nothing to translate");
        assertEquals("", text(PacketRules.of(Policy.OPEN, IpVersion.V4, true)));
    }

    /** All connections have an original destination: alone it would let through an answer, or what a rule about -d has refused. */
    @ParameterizedTest
    @EnumSource
    void what_was_written_counts_where_it_was_translated_and_changes_no_other_rule(IpVersion version) throws Exception {
        List<Policy> policies = List.of(TAKEN[0].read(), TAKEN[1].read(), yaml("connect: {mode: allow, deny: [10.0.0.1:22, \"::/0\", \"fd00::1\"]}"));
        for (Policy policy : policies) {
            for (boolean plain : List.of(false, true)) {
                List<String> rules = plain ? PacketRules.ofPlain(policy, version, true) : PacketRules.of(policy, version, true);
                List<String> others = new ArrayList<>();
                for (String rule : rules) {
                    if (rule.startsWith("-d " + version.loopback() + " ! -o lo ")) {
                        others.remove("-d " + version.loopback() + " ! -o lo -j DROP");
                        others.add("-d " + version.loopback() + " ! -o lo -j DROP");
                    } else if (rule.contains("--ctorig") || rule.contains("DNAT")) {
                        assertTrue(rule.startsWith(WRITTEN + " "), rule);
                    } else {
                        others.add(rule);
                    }
                }
                assertTrue(rules.size() > others.size() + 2, rules::toString);
                assertEquals(plain ? PacketRules.ofPlain(policy, version, false) : PacketRules.of(policy, version, false), others);
            }
        }
    }

    @Test
    void a_long_list_of_ports_is_cut_where_multiport_ends() throws Exception {
        StringBuilder ini = new StringBuilder("allowed-netmask=10.0.0.0/8\n");
        for (int port = 1; port <= 14; port++) {
            ini.append("allowed-port=").append(port * 10).append('\n');
        }
        String rules = v4(options(ini + "allowed-port=1000-2000\nallowed-port=3000"));
        assertTrue(rules.contains("-d 10.0.0.0/8 -p tcp -m multiport --dports 10,20,30,40,50,60,70,80,90,100,110,120,130,140 -j RETURN\n"
                + "-d 10.0.0.0/8 -p tcp -m multiport --dports 1000:2000,3000 -j RETURN\n"), rules);
    }

    @Test
    void a_chain_is_installed_and_removed_in_one_piece() {
        Chain chain = new Chain("SECFILT-ab", new Members(Optional.of("a/secfilt-1"), Optional.of(0xfff00001)));
        assertEquals("""
                *filter
                :SECFILT-ab - [0:0]
                -A SECFILT-ab -j DROP
                -I OUTPUT 1 -m cgroup --path "a/secfilt-1" -j SECFILT-ab
                -I OUTPUT 1 -m cgroup --cgroup 4293918721 -j SECFILT-ab
                COMMIT
                """, chain.install(List.of("-j DROP")));
        assertEquals("""
                *filter
                -D OUTPUT -m cgroup --path "a/secfilt-1" -j SECFILT-ab
                -D OUTPUT -m cgroup --cgroup 4293918721 -j SECFILT-ab
                -F SECFILT-ab
                -X SECFILT-ab
                COMMIT
                """, chain.remove());
    }

    @Test
    void a_chain_of_beginnings_becomes_a_whole_one_in_one_piece() {
        Chain chain = new Chain("SECFILT-ab", new Members(Optional.of("a"), Optional.empty()), true);
        assertEquals("""
                *filter
                :SECFILT-ab - [0:0]
                -A SECFILT-ab -j DROP
                -I OUTPUT 1 -p tcp --syn -m cgroup --path "a" -j SECFILT-ab
                -I OUTPUT 1 ! -p tcp -m cgroup --path "a" -j SECFILT-ab
                COMMIT
                """, chain.install(List.of("-j DROP")));
        assertEquals("""
                *filter
                :SECFILT-ab - [0:0]
                -A SECFILT-ab -j RETURN
                -I OUTPUT 1 -m cgroup --path "a" -j SECFILT-ab
                -D OUTPUT -p tcp --syn -m cgroup --path "a" -j SECFILT-ab
                -D OUTPUT ! -p tcp -m cgroup --path "a" -j SECFILT-ab
                COMMIT
                """, chain.widen(List.of("-j RETURN")));
        assertEquals("""
                *filter
                -D OUTPUT -m cgroup --path "a" -j SECFILT-ab
                -F SECFILT-ab
                -X SECFILT-ab
                COMMIT
                """, chain.whole().remove());
    }

    @Test
    void names_and_paths_that_cannot_stand_in_a_rule_are_refused() {
        Members members = new Members(Optional.empty(), Optional.of(1));
        assertThrows(IllegalArgumentException.class, () -> new Chain("OUTPUT", members));
        assertThrows(IllegalArgumentException.class, () -> new Chain("SECFILT-" + "x".repeat(21), members));
        for (String path : List.of("/a", "a\"b", "a\nb", "a\\b", "\u00e9", "x".repeat(512))) {
            assertThrows(IllegalArgumentException.class, () -> new Members(Optional.of(path), Optional.empty()), path);
        }
        assertThrows(IllegalArgumentException.class, () -> new Members(Optional.empty(), Optional.empty()));
    }

    /** With a net_cls class as member: a path would have to exist. */
    @ParameterizedTest
    @CsvSource({
        "iptables-restore, false", "iptables-legacy-restore, false", "ip6tables-restore, false", "ip6tables-legacy-restore, false",
        "iptables-restore, true", "iptables-legacy-restore, true", "ip6tables-restore, true", "ip6tables-legacy-restore, true",
    })
    void the_programs_take_every_kind_of_rule(String program, boolean translated) throws Exception {
        Requirements.root();
        Requirements.program("iptables");
        IpVersion version = program.startsWith("ip6") ? IpVersion.V6 : IpVersion.V4;
        Members members = new Members(Optional.empty(), Optional.of(7));
        for (Reading policy : TAKEN) {
            Chain chain = new Chain("SECFILT-test", members);
            Path text = Files.writeString(Files.createTempFile("rules", ""), chain.install(PacketRules.of(policy.read(), version, translated)));
            // In a namespace of its own: the tables of this machine are not ours, not even to look whether they would take it.
            Process restore = new ProcessBuilder("unshare", "-n", program, "--noflush", "--test", text.toString())
                    .redirectErrorStream(true).start();
            String said = new String(restore.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, restore.waitFor(), said);
            Files.delete(text);
        }
    }

    private static String v4(Policy policy) {
        return text(PacketRules.of(policy, IpVersion.V4, false));
    }

    private static String v6(Policy policy) {
        return text(PacketRules.of(policy, IpVersion.V6, false));
    }

    private static String text(List<String> rules) {
        return rules.isEmpty() ? "" : String.join("\n", rules) + "\n";
    }

    private static Policy options(String ini) throws InvalidPolicyException {
        return Policy.merge(List.of(IniConfig.read(List.of("x"), new OneFile(ini)).part(List.of())), List.of());
    }

    private static Policy yaml(String text) throws InvalidPolicyException {
        return Policy.merge(new ArrayList<>(PolicyFiles.read(List.of("x.yaml"), new OneFile("version: 1\n" + text))), List.of());
    }

    private interface Reading {
        Policy read() throws InvalidPolicyException;
    }

    /** Whatever the name. */
    private record OneFile(String text) implements Opener {
        @Override
        public byte[] read(String name, int limitBytes) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String identity(String name) {
            return name;
        }
    }
}
