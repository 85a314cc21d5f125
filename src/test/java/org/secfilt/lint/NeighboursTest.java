package org.secfilt.lint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

class NeighboursTest {
    private static final Host HOST = new Host(Arch.X86_64, 6, false);
    private static final Plan PLAN = plan(Policy.OPEN);

    /** Lists of few addresses, ports and entries, so that rules cover each other. {@code -Dsecfilt.seed} repeats a run. */
    @Test
    void finds_what_a_look_at_all_pairs_finds() {
        long seed = Long.getLong("secfilt.seed", System.nanoTime());
        Random random = new Random(seed);
        int one = 0;
        int several = 0;
        for (int round = 0; round < 4_000; round++) {
            List<Rule> rules = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                rules.add(rule(random.nextInt(3) > 0 ? inet(random) : unix(random), rules.size()));
            }
            Neighbours neighbours = new Neighbours(new Names(PLAN), rules);
            List<Rule> asked = new ArrayList<>(rules);
            asked.add(rule(inet(random), 99));
            asked.add(rule(unix(random), 99));
            for (Rule rule : asked) {
                int first = random.nextInt(rules.size() + 1);
                List<Rule> expected = covering(rules.subList(0, first), rule);
                assertEquals(expected, neighbours.covering(rule, first), "seed " + seed + ": " + rule + " of the first " + first + " of " + rules);
                one += expected.size() == 1 ? 1 : 0;
                several += expected.size() > 1 ? 1 : 0;
            }
        }
        assertTrue(one > 1000 && several > 100, one + " by one, " + several + " by several");
    }

    private static List<Rule> covering(List<Rule> among, Rule rule) {
        Names names = new Names(PLAN);
        List<Match.Inet> all = new ArrayList<>();
        List<Rule> needed = new ArrayList<>();
        for (Rule other : among) {
            boolean inet = other.match() instanceof Match.Inet && rule.match() instanceof Match.Inet;
            if (other != rule && (inet ? Extent.covers((Match.Inet) other.match(), (Match.Inet) rule.match())
                    : names.covers(other.match(), rule.match()))) {
                return List.of(other);
            }
            if (other != rule && inet) {
                needed.add(other);
                all.add((Match.Inet) other.match());
            }
        }
        if (!(rule.match() instanceof Match.Inet narrow) || !Extent.covers(all, narrow)) {
            return List.of();
        }
        for (Rule other : List.copyOf(needed)) {
            List<Match.Inet> rest = new ArrayList<>(all);
            rest.remove((Match.Inet) other.match());
            if (Extent.covers(rest, narrow)) {
                needed.remove(other);
                all = rest;
            }
        }
        return needed;
    }

    private static Match inet(Random random) {
        List<Cidr> networks = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            networks.add(random.nextInt(8) == 0 ? Cidr.parse(random.nextBoolean() ? "::/1" : "8000::/1")
                    : new Cidr(IpAddress.v4(random.nextInt(4) << 30), random.nextInt(3)));
        }
        List<PortRange> ports = new ArrayList<>();
        int[] bounds = {0, 1, 2, 80, 81, 82, 500, 65534, 65535};
        for (int i = random.nextInt(3); i > 0; i--) {
            int first = random.nextInt(bounds.length);
            int last = first + random.nextInt(bounds.length - first);
            ports.add(new PortRange(bounds[first], bounds[last]));
        }
        Optional<Protocol> protocol = random.nextInt(4) > 0 ? Optional.empty() : Optional.of(random.nextBoolean() ? Protocol.TCP : Protocol.UDP);
        return new Match.Inet(networks, ports, protocol);
    }

    private static Match unix(Random random) {
        String[] parts = {"/", "/", "a", "b", "*", "**", "/**/", "/*/"};
        StringBuilder text = new StringBuilder("/");
        for (int i = random.nextInt(5); i > 0; i--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return random.nextInt(4) > 0 ? new Match.UnixPath(text.toString()) : new Match.UnixAbstract(text.toString());
    }

    /** As many as a file holds: where each were compared with each, minutes. */
    @Test
    @Timeout(value = 20, unit = TimeUnit.SECONDS)
    void long_lists_are_looked_at_in_a_moment() {
        assertEquals(0, warnings(20_000, i -> network(i, 32, List.of())));
        assertEquals(0, warnings(12_000, i -> network(i, 32, List.of(PortRange.of(1 + i)))));
        assertEquals(0, warnings(12_000, i -> network(0, 8, List.of(PortRange.of(1 + 2 * i)))));
        assertEquals(0, warnings(12_000, i -> new Match.Inet(List.of(), List.of(PortRange.of(1 + 2 * i)), Optional.empty())));
        assertEquals(12_000, warnings(12_001, i -> network(0, 8, List.of(PortRange.of(1)))));
        assertEquals(0, warnings(12_000, i -> new Match.UnixPath("/run/*/" + i + "/**")));
        assertEquals(0, warnings(12_000, i -> new Match.UnixPath("/run/" + i)));
        assertEquals(0, warnings(12_000, i -> new Match.UnixPath("/run/n" + i + ".*")));
        assertEquals(0, warnings(12_000, i -> new Match.UnixAbstract("n" + i + ".*")));
    }

    @Test
    void what_more_rules_do_together_than_can_be_told_is_not_told() {
        for (int bits : new int[] {6, 7}) {
            List<Rule> parts = new ArrayList<>();
            for (int i = 0; i < 1 << bits; i++) {
                Cidr part = new Cidr(IpAddress.v4(0x0a000000 + (i << 24 - bits)), 8 + bits);
                parts.add(rule(new Match.Inet(List.of(part), List.of(), Optional.empty()), i));
            }
            Neighbours neighbours = new Neighbours(new Names(PLAN), parts);
            assertEquals(1 << bits <= Neighbours.MAX_TOGETHER ? parts : List.of(), neighbours.covering(rule(network(0, 8, List.of()), 0)));
        }
    }

    private static Match network(int number, int prefix, List<PortRange> ports) {
        return new Match.Inet(List.of(new Cidr(IpAddress.v4(0x0a000000 + 2 * number), prefix)), ports, Optional.empty());
    }

    private static int warnings(int count, IntFunction<Match> match) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rules.add(rule(match.apply(i), i));
        }
        boolean inet = rules.get(0).match() instanceof Match.Inet;
        Match elsewhere = new Match.Inet(List.of(Cidr.parse("192.0.2.1")), List.of(), Optional.empty());
        Access allow = new Access(Mode.DENY, Origin.DEFAULT, rules, List.of(rule(elsewhere, 0)));
        Policy policy = Policy.ofRules(inet ? allow : Access.OPEN, Access.OPEN, inet ? Access.OPEN : allow);
        return Lint.ofPolicy(policy, plan(policy), Origin.file("p.yaml", 1, 1), Optional.empty(), path -> path).size();
    }

    private static Rule rule(Match match, int column) {
        return new Rule(match, Optional.empty(), Origin.file("p.yaml", 2, 1 + column));
    }

    private static Plan plan(Policy policy) {
        try {
            return Plan.of(policy, HOST);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
