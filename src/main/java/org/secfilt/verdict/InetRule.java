package org.secfilt.verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** An internet rule, laid out for comparing. */
final class InetRule {
    final Rule rule;
    private final Cidr[] networks;
    private final PortRange[] ports;
    private final Optional<Protocol> protocol;

    private InetRule(Rule rule, Match.Inet match) {
        this.rule = rule;
        this.networks = match.networks().toArray(new Cidr[0]);
        this.ports = match.ports().toArray(new PortRange[0]);
        this.protocol = match.protocol();
    }

    static InetRule[] of(List<Rule> rules) {
        List<InetRule> inet = new ArrayList<>();
        for (Rule rule : rules) {
            if (rule.match() instanceof Match.Inet match) {
                inet.add(new InetRule(rule, match));
            }
        }
        return inet.toArray(new InetRule[0]);
    }

    /** @param unknown what an unknown protocol counts as, where the rule names one: in doubt a denial matches and a permission does not */
    boolean matches(IpAddress address, int port, Optional<Protocol> of, boolean unknown) {
        return hasAddress(address) && hasPort(port) && hasProtocol(of, unknown);
    }

    boolean hasAddress(IpAddress address) {
        for (Cidr network : networks) {
            if (network.contains(address)) {
                return true;
            }
        }
        return networks.length == 0;
    }

    boolean namesAddresses() {
        return networks.length > 0;
    }

    boolean hasPort(int port) {
        for (PortRange range : ports) {
            if (range.contains(port)) {
                return true;
            }
        }
        return ports.length == 0;
    }

    private boolean hasProtocol(Optional<Protocol> of, boolean unknown) {
        if (protocol.isEmpty()) {
            return true;
        }
        return of.isPresent() ? of.get() == protocol.get() : unknown;
    }
}
