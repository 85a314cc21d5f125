package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/** Policies that are too much for the packet filter. */
class WeightTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            20000 | port: 80                  | 1:7: the firewall would have 120003 rules, 10 MiB, and takes 4 MiB; 120000 of them come of this rule, for its \
            20000 addresses and their ports, each for every protocol that has some; write masks in place of addresses, or name the protocol, which \
            makes two rules of six, or leave it
            20000 | {port: 80, protocol: udp} |
            60000 |                           |
            90000 |                           | 1:7: the firewall would have 90003 rules, 5 MiB, and takes 4 MiB; 90000 of them come of this rule, for its \
            90000 addresses; write masks in place of addresses, or leave it
            """)
    void a_rule_of_too_many_addresses_is_refused_by_its_place(int count, String terms, String refusal) throws Exception {
        List<Cidr> networks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            networks.add(Cidr.of(IpAddress.v4(10 << 24 | i)));
        }
        assertEquals(refusal == null ? Optional.empty() : Optional.of("p.yaml:" + refusal), refusal(List.of(rule(networks, terms))));
    }

    @Test
    void so_are_too_many_rules_by_the_first_of_them() {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < 90_000; i++) {
            rules.add(rule(List.of(Cidr.of(IpAddress.v4(10 << 24 | i))), null));
        }
        assertEquals(Optional.of("p.yaml:1:7: the firewall would have 90003 rules, 5 MiB, and takes 4 MiB; they come of 90000 rules, of which this is"
                + " one; write masks in place of addresses, or leave it"), refusal(rules));
    }

    private static Rule rule(List<Cidr> networks, String terms) {
        Match.Inet match = new Match.Inet(networks, terms == null ? List.of() : List.of(new PortRange(80, 80)),
                terms != null && terms.contains("udp") ? Optional.of(Protocol.UDP) : Optional.empty());
        return new Rule(match, Optional.empty(), Origin.file("p.yaml", 1, 7));
    }

    private static Optional<String> refusal(List<Rule> rules) {
        Access connect = new Access(Mode.DENY, Origin.DEFAULT, rules, List.of());
        Policy policy = new Policy(Optional.empty(), connect, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(), Policy.OPEN.surroundings(), FileAccess.OPEN);
        Weight weight = new Weight();
        PacketRules.weigh(policy, IpVersion.V4, false, weight);
        return weight.refusal("leave it").map(Refusal::toString);
    }
}
