package org.secfilt.lint;

import java.util.BitSet;
import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.policy.Match;

/** The internet destinations of a rule, as a set. */
final class Extent {
    static final Cidr ALL_V4 = Cidr.parse("0.0.0.0/0");
    static final Cidr ALL_V6 = Cidr.parse("::/0");

    private Extent() {}

    /** Whether the first rule is for every destination of the second. */
    static boolean covers(Match.Inet broad, Match.Inet narrow) {
        return (broad.protocol().isEmpty() || broad.protocol().equals(narrow.protocol()))
                && coversNetworks(broad.networks(), narrow.networks())
                && coversPorts(broad.ports(), narrow.ports());
    }

    /** Whether a list of networks, of which none means all, holds a block: alone or together. */
    static boolean covers(List<Cidr> networks, Cidr block) {
        if (networks.isEmpty()) {
            return true;
        }
        boolean inside = false;
        for (Cidr network : networks) {
            if (network.prefix() <= block.prefix() && network.contains(block.base())) {
                return true;
            }
            inside |= block.contains(network.base());
        }
        if (!inside) {
            return false;
        }
        // Two halves, each held by what the list has of it.
        IpAddress end = block.last();
        int half = block.prefix() + 1;
        return half <= block.base().bits() && covers(networks, new Cidr(block.base(), half)) && covers(networks, new Cidr(end, half));
    }

    private static boolean coversNetworks(List<Cidr> broad, List<Cidr> narrow) {
        for (Cidr network : narrow.isEmpty() ? List.of(ALL_V4, ALL_V6) : narrow) {
            if (!covers(broad, network)) {
                return false;
            }
        }
        return true;
    }

    private static boolean coversPorts(List<PortRange> broad, List<PortRange> narrow) {
        if (broad.isEmpty() || broad.equals(narrow)) {
            return true;
        }
        BitSet missing = ports(narrow);
        missing.andNot(ports(broad));
        return missing.isEmpty();
    }

    /** None means all. */
    static BitSet ports(List<PortRange> ranges) {
        BitSet ports = new BitSet();
        for (PortRange range : ranges.isEmpty() ? List.of(PortRange.ALL) : ranges) {
            ports.set(range.first(), range.last() + 1);
        }
        return ports;
    }
}
