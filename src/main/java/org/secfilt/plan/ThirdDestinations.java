package org.secfilt.plan;

import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/**
 * Whether the rules are such that the kernel could make a third destination, which is denied, out of two that are allowed: the one's address and the
 * other's port, or half the one's IPv6 address and half the other's. With IPv4 alone, and no ports, there is nothing to mix.
 */
public final class ThirdDestinations {
    private ThirdDestinations() {}

    public static boolean canBeMade(Policy policy) {
        Access connect = policy.connect();
        boolean six = connect.mode() != Mode.DENY;
        for (Rule rule : connect.allow()) {
            six |= rule.match() instanceof Match.Inet match && (match.networks().isEmpty() || anyV6(match.networks()));
        }
        return policy.noOutbound().isEmpty() && !connect.open() && (six || tellsPorts(connect));
    }

    /** Whether some rule is about ports. */
    public static boolean tellsPorts(Access connect) {
        for (int i = 0; i < connect.allow().size() + connect.deny().size(); i++) {
            Rule rule = i < connect.allow().size() ? connect.allow().get(i) : connect.deny().get(i - connect.allow().size());
            if (rule.match() instanceof Match.Inet match && !match.ports().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private static boolean anyV6(List<Cidr> networks) {
        for (Cidr network : networks) {
            if (!network.base().isV4()) {
                return true;
            }
        }
        return false;
    }
}
