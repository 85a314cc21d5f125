package org.secfilt.firewall;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/**
 * What a policy would weigh as packet rules: how many bytes they have, and of which of the policy's rules most of them come.
 * A rule becomes as many as it has addresses, times the protocols that have ports. All are held in memory more than once, here and by whoever
 * looks at the tables later; and a packet that is not let through passes them all.
 */
public final class Weight implements RuleSink {
    /** Of both families together, some 40 000 rules. A profile of twice as many could not be installed again in the supervisor's 32 MiB. */
    private static final int MOST_BYTES = 4 << 20;
    /** Of {@code -A CHAIN } and the line's end: the longest name has 28 characters. */
    private static final int LINE_BYTES = 32;
    /** With a smaller part of all one rule is not what to change. */
    private static final int LARGE_SHARE = 10;
    /** With fewer addresses and ports no policy is too heavy; most are not weighed at all. */
    private static final int LIGHT = 1000;

    private long all;
    private int count;
    private Optional<Rule> rule = Optional.empty();
    private final Map<Rule, Integer> counts = new IdentityHashMap<>();
    private Optional<Rule> heaviest = Optional.empty();
    private int most;

    Weight() {}

    /**
     * What there is to say against the policy's being held by the packet filter.
     *
     * @param ownNetwork whether by that of a network of the command's own, in which nothing is translated
     */
    public static Optional<Refusal> refusal(Policy policy, Tables tables, boolean ownNetwork, String instead) {
        if (places(policy.connect()) + places(policy.bind()) < LIGHT) {
            return Optional.empty();
        }
        Weight weight = new Weight();
        for (IpVersion version : tables.versions()) {
            PacketRules.weigh(policy, version, !ownNetwork && tables.translate(version), weight);
        }
        return weight.refusal(instead);
    }

    private static long places(Access access) {
        long places = 0;
        for (int i = 0; i < access.allow().size() + access.deny().size(); i++) {
            Rule rule = i < access.allow().size() ? access.allow().get(i) : access.deny().get(i - access.allow().size());
            if (rule.match() instanceof Match.Inet match) {
                places += (long) Math.max(1, match.networks().size()) * Math.max(1, match.ports().size());
            }
        }
        return places;
    }

    @Override
    public void of(Rule next) {
        rule = Optional.of(next);
    }

    @Override
    public void ofNone() {
        rule = Optional.empty();
    }

    @Override
    public void add(String line) {
        all += line.length() + LINE_BYTES;
        count++;
        if (rule.isPresent()) {
            Integer before = counts.get(rule.get());
            int now = before == null ? 1 : before + 1;
            counts.put(rule.get(), now);
            if (now > most) {
                most = now;
                heaviest = rule;
            }
        }
    }

    Optional<Refusal> refusal(String instead) {
        if (all <= MOST_BYTES || heaviest.isEmpty()) {
            return Optional.empty();
        }
        Match.Inet match = (Match.Inet) heaviest.get().match();
        boolean nameless = match.protocol().isEmpty() && !match.ports().isEmpty();
        boolean many = most < count / LARGE_SHARE;
        String why = "the firewall would have " + count + " rules, " + (all >> 20) + " MiB, and takes " + (MOST_BYTES >> 20) + " MiB; "
                + (many ? "they come of " + counts.size() + " rules, of which this is one" : most + " of them come of this rule, for its "
                        + match.networks().size() + " addresses"
                        + (match.ports().isEmpty() ? "" : " and their ports, each for every protocol that has some"));
        return Optional.of(new Refusal(heaviest.get().origin(), Printable.escape(why), "write masks in place of addresses, "
                + (nameless ? "or name the protocol, which makes two rules of six, " : "") + "or " + instead));
    }
}
