package org.secfilt.lint;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Match;

/** The internet destinations of a rule, as a set. */
final class Extent {
    static final Cidr ALL_V4 = Cidr.parse("0.0.0.0/0");
    static final Cidr ALL_V6 = Cidr.parse("::/0");

    private static final List<Optional<Protocol>> EVERY_PROTOCOL =
            List.of(Optional.of(Protocol.TCP), Optional.of(Protocol.UDP), Optional.empty());

    private Extent() {}

    /** Whether the first rule is for every destination of the second. */
    static boolean covers(Match.Inet broad, Match.Inet narrow) {
        return (broad.protocol().isEmpty() || broad.protocol().equals(narrow.protocol()))
                && meet(broad, narrow) // most of a long list do not
                && coversNetworks(broad.networks(), narrow.networks())
                && coversPorts(broad.ports(), narrow.ports());
    }

    /** Whether rules together are for every destination of one: port by port, and for each protocol, sockets of neither among them. */
    static boolean covers(List<Match.Inet> broad, Match.Inet narrow) {
        BitSet cuts = new BitSet();
        for (Match.Inet one : broad) {
            for (PortRange range : one.ports()) {
                cuts.set(range.first());
                cuts.set(range.last() + 1);
            }
        }
        BitSet ports = ports(narrow.ports());
        for (int port = ports.nextSetBit(0); port >= 0; port = nextPiece(ports, cuts, port)) {
            for (Optional<Protocol> protocol : narrow.protocol().isPresent() ? List.of(narrow.protocol()) : EVERY_PROTOCOL) {
                List<Cidr> there = new ArrayList<>();
                for (Match.Inet one : broad) {
                    if ((one.protocol().isEmpty() || one.protocol().equals(protocol)) && hasPort(one.ports(), port)) {
                        there.addAll(one.networks().isEmpty() ? List.of(ALL_V4, ALL_V6) : one.networks());
                    }
                }
                if (there.isEmpty() || !coversNetworks(there, narrow.networks())) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether some address is in both. */
    private static boolean meet(Match.Inet one, Match.Inet other) {
        for (Cidr network : one.networks()) {
            for (Cidr block : other.networks()) {
                if (network.contains(block.base()) || block.contains(network.base())) {
                    return true;
                }
            }
        }
        return one.networks().isEmpty() || other.networks().isEmpty();
    }

    /** Whether some destination is in both. */
    static boolean share(Match.Inet one, Match.Inet other) {
        boolean protocols = one.protocol().isEmpty() || other.protocol().isEmpty() || one.protocol().equals(other.protocol());
        return protocols && sharePorts(one.ports(), other.ports()) && meet(one, other);
    }

    /** The destinations that are in both, of two that share some. */
    static Match.Inet shared(Match.Inet one, Match.Inet other) {
        List<Cidr> networks = new ArrayList<>(one.networks().isEmpty() ? other.networks() : other.networks().isEmpty() ? one.networks() : List.of());
        for (Cidr network : networks.isEmpty() ? one.networks() : List.<Cidr>of()) {
            for (Cidr block : other.networks()) {
                if (network.contains(block.base()) || block.contains(network.base())) {
                    networks.add(network.prefix() > block.prefix() ? network : block);
                }
            }
        }
        List<PortRange> ports = new ArrayList<>(one.ports().isEmpty() ? other.ports() : other.ports().isEmpty() ? one.ports() : List.of());
        for (PortRange range : ports.isEmpty() ? one.ports() : List.<PortRange>of()) {
            for (PortRange block : other.ports()) {
                int first = Math.max(range.first(), block.first());
                int last = Math.min(range.last(), block.last());
                if (first <= last) {
                    ports.add(new PortRange(first, last));
                }
            }
        }
        return new Match.Inet(networks, ports, one.protocol().isPresent() ? one.protocol() : other.protocol());
    }

    private static boolean sharePorts(List<PortRange> some, List<PortRange> others) {
        for (PortRange range : some) {
            for (PortRange other : others) {
                if (range.first() <= other.last() && other.first() <= range.last()) {
                    return true;
                }
            }
        }
        return some.isEmpty() || others.isEmpty();
    }

    static boolean hasPort(List<PortRange> ranges, int port) {
        for (PortRange range : ranges) {
            if (range.contains(port)) {
                return true;
            }
        }
        return ranges.isEmpty();
    }

    /** Where the next run of ports begins that all rules treat alike, or -1. */
    private static int nextPiece(BitSet ports, BitSet cuts, int port) {
        int gap = ports.nextClearBit(port);
        int cut = cuts.nextSetBit(port + 1);
        return ports.nextSetBit(cut < 0 ? gap : Math.min(gap, cut));
    }

    /** Whether a list of networks, of which none means all, holds a block: alone or together. */
    static boolean covers(List<Cidr> networks, Cidr block) {
        if (networks.isEmpty()) {
            return true;
        }
        List<Cidr> inside = new ArrayList<>();
        for (Cidr network : networks) {
            if (network.prefix() <= block.prefix() && network.contains(block.base())) {
                return true;
            }
            if (block.contains(network.base())) {
                inside.add(network);
            }
        }
        if (inside.isEmpty()) {
            return false;
        }
        // Two halves, each held by what the list has of it.
        IpAddress end = block.last();
        int half = block.prefix() + 1;
        return half <= block.base().bits() && covers(inside, new Cidr(block.base(), half)) && covers(inside, new Cidr(end, half));
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
