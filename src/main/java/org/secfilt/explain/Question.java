package org.secfilt.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.firewall.Packet;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * One destination, put to the judge under the policy and under parts of it. A rule has spoken for a destination if a policy that denies
 * all else and holds this rule alone allows it.
 */
final class Question {
    private final Plan plan;
    private final Destination destination;
    /** The rules that are asked, and as the user wrote them. */
    private final Access access;
    private final Access written;

    Question(Plan plan, Destination destination) {
        this.plan = plan;
        this.destination = destination;
        Policy policy = plan.policy();
        this.access = destination.isUnix() ? policy.unix()
                : destination.call().equals("bind") ? policy.bind() : policy.connect();
        this.written = access;
    }

    /** What the firewall says of such a packet to there. */
    Question(Plan plan, Destination destination, Packet packet) {
        this.written = plan.policy().connect();
        this.access = packet.read(written);
        this.plan = planOf(plan, Policy.ofRules(access, Access.OPEN, Access.OPEN));
        this.destination = destination;
    }

    /** The rules of the destination's direction or kind. */
    Access access() {
        return written;
    }

    Verdict verdict() {
        return new Judge(plan).judge(destination.action(), destination.address(), destination.protocol());
    }

    /** Whether it would be allowed if nothing denied it expressly. */
    boolean allowedWithoutDenials() {
        return allowedBy(new Access(access.mode(), access.modeOrigin(), access.allow(), List.of()));
    }

    /** Whether the mode alone, without any list, allows it. */
    boolean allowedByMode() {
        return allowedBy(new Access(access.mode(), access.modeOrigin(), List.of(), List.of()));
    }

    /** The first rule that allows it; empty if none does, or the mode does it without. */
    Optional<Rule> allowingRule() {
        if (allowedByMode()) {
            return Optional.empty();
        }
        for (int i = 0; i < access.allow().size(); i++) {
            if (allows(access.allow().get(i))) {
                return Optional.of(written.allow().get(i));
            }
        }
        return Optional.empty();
    }

    /** An allow rule that misses the destination, and by what. */
    record Near(Rule rule, String differs) {}

    /** The allow rule that misses it by least; empty if none is about anything like it. */
    Optional<Near> nearest() {
        Optional<Near> nearest = Optional.empty();
        int least = Integer.MAX_VALUE;
        for (int i = 0; i < access.allow().size(); i++) {
            Rule rule = access.allow().get(i);
            if (rule.match() instanceof Match.Inet inet) {
                Miss miss = miss(rule, inet);
                if (miss.size() < least) {
                    least = miss.size();
                    nearest = Optional.of(new Near(written.allow().get(i), miss.words()));
                }
            } else {
                int miss = -commonLength(rule.match());
                if (miss < -1 && miss < least) {
                    least = miss;
                    nearest = Optional.of(new Near(rule, "another name"));
                }
            }
        }
        return nearest;
    }

    private record Miss(int size, String words) {}

    /** By protocol is less than by port is less than by address; of addresses, by how many bits. */
    private Miss miss(Rule rule, Match.Inet inet) {
        List<Cidr> anywhere = List.of();
        Match.Inet anyProtocol = new Match.Inet(inet.networks(), inet.ports(), Optional.empty());
        if (allows(rule, anyProtocol)) {
            return new Miss(1, "another protocol");
        }
        if (allows(rule, new Match.Inet(inet.networks(), List.of(), inet.protocol()))) {
            return new Miss(2, "another port");
        }
        if (allows(rule, new Match.Inet(inet.networks(), List.of(), Optional.empty()))) {
            return new Miss(3, "another port and protocol");
        }
        int bits = 4 + farness(inet.networks());
        if (allows(rule, new Match.Inet(anywhere, inet.ports(), inet.protocol()))) {
            return new Miss(bits, "another address");
        }
        return new Miss(bits + 200, "another address and " + (allows(rule, new Match.Inet(anywhere, inet.ports(), Optional.empty()))
                ? "protocol" : "port"));
    }

    /** The bits of a network that are not the address's; more than any for a network of the other family. */
    private int farness(List<Cidr> networks) {
        IpAddress address = destination.address() instanceof Sockaddr.Inet inet
                ? inet.address() : ((Sockaddr.Inet6) destination.address()).address().canonical();
        int least = 150;
        for (Cidr network : networks) {
            if (network.base().isV4() == address.isV4()) {
                int common = 0;
                while (common < network.prefix() && new Cidr(network.base(), common + 1).contains(address)) {
                    common++;
                }
                least = Math.min(least, network.prefix() - common);
            }
        }
        return least;
    }

    /** How many characters a unix rule shares with the name; 0 for a rule of the other kind. */
    private int commonLength(Match match) {
        String name = destination.address() instanceof Sockaddr.UnixPath path ? path.path().toString()
                : destination.address() instanceof Sockaddr.UnixAbstract unix ? unix.name().toString() : "";
        boolean isPath = destination.address() instanceof Sockaddr.UnixPath;
        String pattern = match instanceof Match.UnixPath path ? path.pattern()
                : match instanceof Match.UnixAbstract unix ? unix.pattern() : "";
        if (isPath != match instanceof Match.UnixPath) {
            return 0;
        }
        int common = 0;
        while (common < name.length() && common < pattern.length() && name.charAt(common) == pattern.charAt(common)) {
            common++;
        }
        return common;
    }

    private boolean allows(Rule rule) {
        return allows(rule, rule.match());
    }

    private boolean allows(Rule rule, Match match) {
        List<Rule> alone = new ArrayList<>();
        alone.add(new Rule(match, rule.reason(), rule.origin()));
        return allowedBy(new Access(Mode.DENY, access.modeOrigin(), alone, List.of()));
    }

    private boolean allowedBy(Access rules) {
        Policy part = destination.isUnix() ? Policy.ofRules(Access.OPEN, Access.OPEN, rules)
                : destination.call().equals("bind") ? Policy.ofRules(Access.OPEN, rules, Access.OPEN)
                : Policy.ofRules(rules, Access.OPEN, Access.OPEN);
        Judge judge = new Judge(planOf(plan, part));
        return judge.judge(destination.action(), destination.address(), destination.protocol()) instanceof Verdict.Allow;
    }

    private static Plan planOf(Plan plan, Policy part) {
        try {
            return plan.with(part);
        } catch (RefusedPolicyException e) {
            throw new IllegalStateException("a part of a policy that can be held cannot", e);
        }
    }
}
