package org.secfilt.lint;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** The rules of a list, to ask which of them cover another: of a long list, few have to do with any one rule. */
final class Neighbours {
    /** What more rules than these cover together is not told: nobody would read their places, and time is the square of their number. */
    static final int MAX_TOGETHER = 64;

    private static final BitSet NONE = new BitSet();

    private final Names names;
    private final List<Rule> rules;
    private final InetPlaces inet;
    private final UnixPlaces paths;
    private final UnixPlaces abstracts;

    Neighbours(Names names, List<Rule> rules) {
        this.names = names;
        this.rules = rules;
        this.inet = new InetPlaces(rules);
        this.paths = new UnixPlaces(rules, true);
        this.abstracts = new UnixPlaces(rules, false);
    }

    /** Those that cover a rule, of the first so many: one, or as few as do so together; none if they do not. */
    List<Rule> covering(Rule rule, int first) {
        List<Rule> one = one(rule, first, NONE);
        return one.isEmpty() ? several(rule, first, NONE) : one;
    }

    /** Of all of them. */
    List<Rule> covering(Rule rule) {
        return covering(rule, rules.size());
    }

    /**
     * The first that covers a rule.
     *
     * @param first so many are looked at
     * @param without the indexes of those that do not count
     */
    List<Rule> one(Rule rule, int first, BitSet without) {
        int found = first;
        if (rule.match() instanceof Match.Inet narrow) {
            IpAddress address = narrow.networks().isEmpty() ? Extent.ALL_V4.base() : narrow.networks().get(0).base();
            int port = lowest(narrow);
            for (List<Integer> near : inet.near(address, port)) {
                found = firstInet(near, rule, narrow, port, found, without);
            }
        } else {
            boolean path = rule.match() instanceof Match.UnixPath;
            UnixPlaces places = path ? paths : abstracts;
            for (List<Integer> near : places.near(Names.pattern(rule.match(), path))) {
                found = firstUnix(near, rule, places, Names.pattern(rule.match(), path), found, without);
            }
        }
        return found == first ? List.of() : List.of(rules.get(found));
    }

    private int firstInet(List<Integer> near, Rule rule, Match.Inet narrow, int port, int end, BitSet without) {
        for (int index : near) {
            if (index >= end) {
                break;
            }
            if (counts(index, rule, without) && Extent.hasPort(inet(index).ports(), port) && Extent.covers(inet(index), narrow)) {
                return index;
            }
        }
        return end;
    }

    private int firstUnix(List<Integer> near, Rule rule, UnixPlaces places, String pattern, int end, BitSet without) {
        for (int index : near) {
            if (index >= end) {
                break;
            }
            if (counts(index, rule, without) && places.mayCover(index, pattern) && names.covers(rules.get(index).match(), rule.match())) {
                return index;
            }
        }
        return end;
    }

    private boolean counts(int index, Rule rule, BitSet without) {
        return !without.get(index) && rules.get(index) != rule;
    }

    private Match.Inet inet(int index) {
        return (Match.Inet) rules.get(index).match();
    }

    /** As few as cover a rule together, if none does alone. */
    List<Rule> several(Rule rule, int first, BitSet without) {
        if (!(rule.match() instanceof Match.Inet narrow) || !holdCorners(rule, narrow, first, without)) {
            return List.of();
        }
        List<Rule> needed = new ArrayList<>();
        List<Match.Inet> matches = new ArrayList<>();
        for (int i = 0; i < first && needed.size() <= MAX_TOGETHER; i++) {
            if (rules.get(i).match() instanceof Match.Inet match && counts(i, rule, without) && Extent.share(match, narrow)) {
                needed.add(rules.get(i));
                matches.add(match);
            }
        }
        if (needed.size() > MAX_TOGETHER || !Extent.covers(matches, narrow)) {
            return List.of();
        }
        for (int i = 0; i < needed.size();) {
            Match.Inet match = matches.remove(i);
            if (Extent.covers(matches, Extent.shared(match, narrow))) {
                needed.remove(i);
            } else {
                matches.add(i++, match);
            }
        }
        return needed;
    }

    /** Whether what is outermost in a rule is in others, be it each in another: of most rules it is not. */
    private boolean holdCorners(Rule rule, Match.Inet narrow, int first, BitSet without) {
        List<Cidr> networks = narrow.networks().isEmpty() ? List.of(Extent.ALL_V4, Extent.ALL_V6) : narrow.networks();
        IpAddress last = networks.get(networks.size() - 1).last();
        for (IpAddress address : List.of(networks.get(0).base(), last)) {
            for (int port : List.of(lowest(narrow), highest(narrow))) {
                if (!isHeld(address, port, rule, first, without)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean isHeld(IpAddress address, int port, Rule rule, int first, BitSet without) {
        for (List<Integer> near : inet.near(address, port)) {
            for (int index : near) {
                if (index >= first) {
                    break;
                }
                if (counts(index, rule, without) && Extent.hasPort(inet(index).ports(), port)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int lowest(Match.Inet match) {
        int lowest = match.ports().isEmpty() ? 0 : PortRange.MAX_PORT;
        for (PortRange range : match.ports()) {
            lowest = Math.min(lowest, range.first());
        }
        return lowest;
    }

    private static int highest(Match.Inet match) {
        int highest = match.ports().isEmpty() ? PortRange.MAX_PORT : 0;
        for (PortRange range : match.ports()) {
            highest = Math.max(highest, range.last());
        }
        return highest;
    }
}
