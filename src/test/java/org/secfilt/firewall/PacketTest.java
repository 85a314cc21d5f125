package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RandomPolicies;
import org.secfilt.policy.Access;
import org.secfilt.policy.Policy;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

class PacketTest {
    /** A socket | what it can send. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "mptcp | TCP", "udplite | UDPLITE", "sctp | SCTP", "dccp | DCCP", "icmp | PING", "icmpv6 | PING", "l2tp | OTHER", "raw:1 | PING, OTHER",
        "raw:58 | PING, OTHER", "raw:6 | TCP", "raw:17 | UDP", "raw:47 | OTHER", "raw:255 | TCP, UDP, UDPLITE, SCTP, DCCP, PING, OTHER",
    })
    void a_socket_sends(String socket, String packets) {
        assertEquals("[" + packets + "]", Packet.of(SocketKind.of(Family.INET, socket).orElseThrow()).stream().map(Enum::name).toList().toString());
    }

    /** {@code -Dsecfilt.seed} repeats a run. */
    @Test
    void rules_as_they_are_read_for_a_packet_decide_as_the_chain_does() throws Exception {
        RandomPolicies random = new RandomPolicies();
        int denied = 0;
        int allowed = 0;
        for (int round = 0; round < 20_000; round++) {
            Policy policy = random.policy();
            Sockaddr address = random.address();
            Optional<IpAddress> to = ip(address);
            if (policy.noOutbound().isPresent() || !policy.restrictsDestinations() || to.isEmpty() || to.get().isAny()) {
                continue;
            }
            int port = address instanceof Sockaddr.Inet inet ? inet.port() : ((Sockaddr.Inet6) address).port();
            for (Packet packet : Packet.values()) {
                Plan plan = Plan.of(Policy.ofRules(packet.read(policy.connect()), Access.OPEN, Access.OPEN), new Host(Arch.X86_64, 7, true));
                boolean read = new Judge(plan).judge(Action.CONNECT, address, Optional.empty()) instanceof Verdict.Allow;
                List<String> rules = PacketRules.of(policy, to.get().isV4() ? IpVersion.V4 : IpVersion.V6, false);
                assertEquals(passes(rules, to.get(), port, packet), read,
                        () -> "seed " + random.seed + ": " + packet.name() + " to " + address + "\n" + String.join("\n", rules));
                allowed += read ? 1 : 0;
                denied += read ? 0 : 1;
            }
        }
        assertTrue(allowed > 1000 && denied > 1000, allowed + " " + denied);
    }

    private static Optional<IpAddress> ip(Sockaddr address) {
        return address instanceof Sockaddr.Inet inet ? Optional.of(inet.address())
                : address instanceof Sockaddr.Inet6 inet6 ? Optional.of(inet6.address().canonical()) : Optional.empty();
    }

    /** By the first rule that the packet meets. Those that tell packets by other things than where they go to are left out. */
    private static boolean passes(List<String> rules, IpAddress to, int port, Packet packet) {
        for (String rule : rules) {
            boolean other = rule.contains("conntrack") || rule.contains("u32") || rule.contains("-m rt") || rule.contains("-m frag") || rule.contains("addrtype") || rule.contains("-o lo");
            if (!other && matches(rule, to, port, packet)) {
                return rule.contains("-j RETURN");
            }
        }
        return true; // mode allow
    }

    private static boolean matches(String rule, IpAddress to, int port, Packet packet) {
        String[] words = rule.split(" ");
        boolean matches = true;
        for (int i = 0; i + 1 < words.length; i++) {
            String value = words[i + 1];
            switch (words[i]) {
                case "-d" -> matches &= Cidr.parse(value).contains(to);
                case "-p" -> matches &= value.startsWith("icmp") || value.startsWith("ipv6-icmp") ? packet == Packet.PING
                        : value.equals(packet.name().toLowerCase(java.util.Locale.ROOT));
                case "--dports" -> matches &= has(value, port);
                default -> { }
            }
        }
        return matches;
    }

    private static boolean has(String list, int port) {
        for (String range : list.split(",")) {
            if (PortRange.parse(range.replace(':', '-')).contains(port)) {
                return true;
            }
        }
        return false;
    }
}
