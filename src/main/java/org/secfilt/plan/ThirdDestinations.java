package org.secfilt.plan;

import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
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

    /** Whether no IPv6 address is denied, at whatever port. */
    public static boolean allowsAllV6(Access connect) {
        boolean all = connect.mode() == Mode.ALLOW;
        for (Rule rule : connect.allow()) {
            all |= rule.match() instanceof Match.Inet match && match.ports().isEmpty() && match.protocol().isEmpty() && holdsAllV6(match.networks());
        }
        for (Rule rule : connect.deny()) {
            all &= !(rule.match() instanceof Match.Inet match && (match.networks().isEmpty() || anyV6(match.networks())));
        }
        return all;
    }

    private static boolean holdsAllV6(List<Cidr> networks) {
        for (Cidr network : networks) {
            if (network.contains(IpAddress.v6(0, 0)) && network.contains(IpAddress.v6(-1, -1))) {
                return true;
            }
        }
        return networks.isEmpty();
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
