package org.secfilt.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/** A list that is looked up, and the same one rule after the other. */
class InetListTest {
    private static final int[] PORTS = {0, 22, 53, 80, 443, 65535};

    private final long seed = Long.getLong("secfilt.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 30, 200})
    void the_first_rule_that_speaks_is_the_one_that_a_walk_finds(int most) {
        Map<Denials.Missing, Integer> missing = new EnumMap<>(Denials.Missing.class);
        int spoken = 0;
        for (int i = 0; i < 400; i++) {
            List<Rule> rules = rules(random.nextInt(most + 1));
            InetList list = new InetList(rules);
            for (int j = 0; j < 100; j++) {
                IpAddress address = address().canonical();
                int port = PORTS[random.nextInt(PORTS.length)];
                Optional<Protocol> protocol = protocol();
                boolean unknown = random.nextBoolean();
                String told = "-Dsecfilt.seed=" + seed + ": " + address + " " + port + " " + protocol + " " + unknown + "\n" + rules;
                Optional<Rule> expected = first(rules, address, port, protocol, unknown);
                Optional<Rule> found = list.first(address, port, protocol, unknown);
                assertSame(expected.orElse(null), found.orElse(null), told);
                assertEquals(names(rules, address), list.names(address), told);
                assertEquals(missing(rules, address, port), list.missing(address, port), told);
                spoken += found.isPresent() ? 1 : 0;
                missing.merge(list.missing(address, port), 1, Integer::sum);
            }
        }
        assertTrue(spoken > 1000 && spoken < 39_000, "of 40000 destinations rules spoke of " + spoken);
        assertEquals(3, missing.size(), missing::toString);
    }

    /** Walked, this is 16 thousand million comparisons. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_long_list_is_not_passed_over_for_each_call(boolean allows) throws Exception {
        List<Cidr> networks = new ArrayList<>();
        for (int i = 20_000; i > 0; i--) {
            networks.add(Cidr.of(IpAddress.v4(10 << 24 | i)));
        }
        List<Rule> rules = List.of(new Rule(new Match.Inet(networks, List.of(new PortRange(80, 80)), Optional.empty()), Optional.empty(), Origin.DEFAULT));
        Access access = allows ? new Access(Mode.DENY, Origin.DEFAULT, rules, List.of()) : new Access(Mode.ALLOW, Origin.DEFAULT, List.of(), rules);
        Policy policy = new Policy(Optional.empty(), access, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(), Policy.OPEN.surroundings(), FileAccess.OPEN);
        Judge judge = new Judge(Plan.of(policy, new Host(Arch.X86_64, 7, false)));
        assertTimeoutPreemptively(Duration.ofSeconds(8), () -> {
            for (int i = 0; i < 800_000; i++) {
                int last = i % 40_001;
                Sockaddr to = new Sockaddr.Inet(IpAddress.v4(10 << 24 | last), i % 3 == 0 ? 81 : 80);
                boolean listed = last > 0 && last <= 20_000 && i % 3 != 0;
                assertEquals(allows == listed, judge.judge(Action.CONNECT, to, Optional.empty()) instanceof Verdict.Allow);
            }
        });
    }

    private static Optional<Rule> first(List<Rule> rules, IpAddress address, int port, Optional<Protocol> protocol, boolean unknown) {
        for (Rule rule : rules) {
            Match.Inet match = (Match.Inet) rule.match();
            boolean protocols = match.protocol().isEmpty() || (protocol.isPresent() ? match.protocol().equals(protocol) : unknown);
            if (hasAddress(match, address) && hasPort(match, port) && protocols) {
                return Optional.of(rule);
            }
        }
        return Optional.empty();
    }

    private static boolean names(List<Rule> rules, IpAddress address) {
        return rules.stream().map(rule -> (Match.Inet) rule.match()).anyMatch(match -> !match.networks().isEmpty() && hasAddress(match, address));
    }

    private static Denials.Missing missing(List<Rule> rules, IpAddress address, int port) {
        List<Match.Inet> having = rules.stream().map(rule -> (Match.Inet) rule.match()).filter(match -> hasAddress(match, address)).toList();
        return having.isEmpty() ? Denials.Missing.ADDRESS
                : having.stream().anyMatch(match -> hasPort(match, port)) ? Denials.Missing.PROTOCOL : Denials.Missing.PORT;
    }

    private static boolean hasAddress(Match.Inet match, IpAddress address) {
        return match.networks().isEmpty() || match.networks().stream().anyMatch(network -> network.contains(address));
    }

    private static boolean hasPort(Match.Inet match, int port) {
        return match.ports().isEmpty() || match.ports().stream().anyMatch(range -> range.contains(port));
    }

    private List<Rule> rules(int count) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Cidr> networks = new ArrayList<>();
            for (int j = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(4); j > 0; j--) {
                IpAddress base = address().canonical();
                networks.add(new Cidr(base, random.nextInt(6) == 0 ? random.nextInt(base.bits() + 1) : base.bits() - random.nextInt(5)));
            }
            List<PortRange> ports = new ArrayList<>();
            for (int j = random.nextInt(3); j > 0; j--) {
                int first = PORTS[random.nextInt(PORTS.length)];
                ports.add(new PortRange(first, Math.min(65535, first + random.nextInt(40))));
            }
            rules.add(new Rule(new Match.Inet(networks, ports, random.nextInt(3) == 0 ? protocol() : Optional.empty()), Optional.empty(),
                    Origin.file("p.yaml", 1 + i, 1)));
        }
        return rules;
    }

    /** Of few, near each other and at the ends of all numbers. */
    private IpAddress address() {
        int low = random.nextInt(24);
        return switch (random.nextInt(8)) {
            case 0 -> IpAddress.v6(0x2001_0db8_0000_0000L, low);
            case 1 -> IpAddress.v6(0, 0xffff_0a00_0000L + low);
            case 2 -> IpAddress.v6(-1, -1 - low);
            case 3 -> IpAddress.v4(-1 - low);
            case 4 -> random.nextBoolean() ? IpAddress.v4(low) : IpAddress.v6(0, low);
            case 5 -> IpAddress.v6(0x8000_0000_0000_0000L | low, 0x8000_0000_0000_0000L + random.nextInt(3));
            default -> IpAddress.v4(10 << 24 | low);
        };
    }

    private Optional<Protocol> protocol() {
        return random.nextInt(4) == 0 ? Optional.empty() : Optional.of(Protocol.values()[random.nextInt(2)]);
    }
}
