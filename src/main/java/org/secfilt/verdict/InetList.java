package org.secfilt.verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** The internet rules of one list, in its order. */
final class InetList {
    private final InetRule[] rules;
    private final InetIndex index;

    InetList(List<Rule> list) {
        List<InetRule> inet = new ArrayList<>();
        List<Cidr[]> networks = new ArrayList<>();
        for (Rule rule : list) {
            if (rule.match() instanceof Match.Inet match) {
                inet.add(new InetRule(rule, match));
                networks.add(match.networks().toArray(new Cidr[0]));
            }
        }
        this.rules = inet.toArray(new InetRule[0]);
        this.index = new InetIndex(networks);
    }

    /**
     * The first rule that matches.
     *
     * @param unknown what an unknown protocol counts as, where a rule names one: in doubt a denial matches and a permission does not
     */
    Optional<Rule> first(IpAddress address, int port, Optional<Protocol> protocol, boolean unknown) {
        int first = first(index.anywhere(), rules.length, port, protocol, unknown);
        for (int at = index.narrowest(address); at >= 0; at = index.wider(at)) {
            first = first(index.rules(at), first, port, protocol, unknown);
        }
        return first == rules.length ? Optional.empty() : Optional.of(rules[first].rule);
    }

    /** The first of those, that have the address; {@code before} if none before that matches. */
    private int first(int[] those, int before, int port, Optional<Protocol> protocol, boolean unknown) {
        for (int rule : those) {
            if (rule >= before) {
                return before;
            }
            if (rules[rule].hasPort(port) && rules[rule].hasProtocol(protocol, unknown)) {
                return rule;
            }
        }
        return before;
    }

    /** Whether a rule names the address, at whatever port. */
    boolean names(IpAddress address) {
        return index.narrowest(address) >= 0;
    }

    /** What of a destination that no rule matches keeps all from it. */
    Denials.Missing missing(IpAddress address, int port) {
        int narrowest = index.narrowest(address);
        boolean hasPort = hasPort(index.anywhere(), port);
        for (int at = narrowest; at >= 0 && !hasPort; at = index.wider(at)) {
            hasPort = hasPort(index.rules(at), port);
        }
        if (hasPort) {
            return Denials.Missing.PROTOCOL;
        }
        return narrowest >= 0 || index.anywhere().length > 0 ? Denials.Missing.PORT : Denials.Missing.ADDRESS;
    }

    private boolean hasPort(int[] those, int port) {
        for (int rule : those) {
            if (rules[rule].hasPort(port)) {
                return true;
            }
        }
        return false;
    }
}
