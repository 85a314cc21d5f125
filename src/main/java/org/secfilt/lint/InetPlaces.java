package org.secfilt.lint;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** Where to look for those internet rules of a long list that hold an address and a port: most hold others. */
final class InetPlaces {
    /** Rules of one network, by their indexes, which ascend. */
    private static final class Ports {
        private final Map<Integer, List<Integer>> single = new HashMap<>();
        /** Short ranges, by each stretch of ports that they have part in. */
        private final Map<Integer, List<Integer>> stretches = new HashMap<>();
        /** Of all ports, or of many. */
        private final List<Integer> others = new ArrayList<>();

        void add(int index, List<PortRange> ports) {
            if (ports.isEmpty()) {
                others.add(index);
            }
            for (PortRange range : ports) {
                int first = range.first() / STRETCH;
                int last = range.last() / STRETCH;
                if (range.first() == range.last()) {
                    add(single, range.first(), index);
                } else if (last - first >= MAX_STRETCHES) {
                    addOnce(others, index);
                } else {
                    for (int stretch = first; stretch <= last; stretch++) {
                        add(stretches, stretch, index);
                    }
                }
            }
        }

        private static void add(Map<Integer, List<Integer>> lists, int key, int index) {
            addOnce(lists.computeIfAbsent(key, port -> new ArrayList<>()), index);
        }

        private static void addOnce(List<Integer> list, int index) {
            if (list.isEmpty() || list.get(list.size() - 1) != index) {
                list.add(index);
            }
        }
    }

    private static final int STRETCH = 64;
    private static final int MAX_STRETCHES = 4;

    private final Map<Cidr, Ports> networks = new HashMap<>();
    private final BitSet prefixesV4 = new BitSet();
    private final BitSet prefixesV6 = new BitSet();
    private final Ports anywhere = new Ports();

    InetPlaces(List<Rule> rules) {
        for (int i = 0; i < rules.size(); i++) {
            if (!(rules.get(i).match() instanceof Match.Inet match)) {
                continue;
            }
            if (match.networks().isEmpty()) {
                anywhere.add(i, match.ports());
            }
            for (Cidr network : new HashSet<>(match.networks())) {
                (network.base().isV4() ? prefixesV4 : prefixesV6).set(network.prefix());
                networks.computeIfAbsent(network, block -> new Ports()).add(i, match.ports());
            }
        }
    }

    /** Lists of indexes, each of which ascends: all rules that hold both are in one of them, besides such as may not have the port. */
    List<List<Integer>> near(IpAddress address, int port) {
        List<List<Integer>> near = new ArrayList<>();
        add(near, anywhere, port);
        BitSet prefixes = address.isV4() ? prefixesV4 : prefixesV6;
        for (int prefix = prefixes.nextSetBit(0); prefix >= 0; prefix = prefixes.nextSetBit(prefix + 1)) {
            Ports there = networks.get(new Cidr(address, prefix));
            if (there != null) {
                add(near, there, port);
            }
        }
        return near;
    }

    private static void add(List<List<Integer>> near, Ports there, int port) {
        near.add(there.others);
        near.add(there.stretches.getOrDefault(port / STRETCH, List.of()));
        near.add(there.single.getOrDefault(port, List.of()));
    }
}
