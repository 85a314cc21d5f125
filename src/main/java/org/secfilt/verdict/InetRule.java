package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** What an internet rule says besides addresses, laid out for comparing. */
final class InetRule {
    final Rule rule;
    private final PortRange[] ports;
    private final Optional<Protocol> protocol;

    InetRule(Rule rule, Match.Inet match) {
        this.rule = rule;
        this.ports = match.ports().toArray(new PortRange[0]);
        this.protocol = match.protocol();
    }

    boolean hasPort(int port) {
        for (PortRange range : ports) {
            if (range.contains(port)) {
                return true;
            }
        }
        return ports.length == 0;
    }

    /** @param unknown what an unknown protocol counts as, if the rule names one */
    boolean hasProtocol(Optional<Protocol> of, boolean unknown) {
        if (protocol.isEmpty()) {
            return true;
        }
        return of.isPresent() ? of.get() == protocol.get() : unknown;
    }
}
