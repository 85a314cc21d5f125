package org.secfilt.verdict;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;

/**
 * Which rules of a list have an address: a list may be long, and all of it would be passed over for each call.
 *
 * <p>Two networks are one within the other, or have no address in common. So in the order of their first addresses, the wider one first, the last one
 * that does not begin above the address holds it, or else one of those that this one lies in.
 *
 * <pre>
 *   0  10.0.0.0/8       outer -1   rules 3
 *   1    10.1.0.0/16    outer 0    rules 0, 2
 *   2      10.1.0.7/32  outer 1    rules 1         10.1.0.8 comes to 2, which has it not, so to 1, and on to 0
 *   3    10.9.0.0/16    outer 0    rules 0
 * </pre>
 */
final class InetIndex {
    private final Cidr[] networks;
    /** Of each the next one that it lies in; -1 if it lies in none. */
    private final int[] outer;
    private final int[][] rules;
    /** Those that name no addresses. */
    private final int[] anywhere;

    /** @param lists the networks of each rule; none if it is about all addresses */
    InetIndex(List<Cidr[]> lists) {
        List<Entry> entries = new ArrayList<>();
        int[] without = new int[lists.size()];
        int count = 0;
        for (int rule = 0; rule < lists.size(); rule++) {
            for (Cidr network : lists.get(rule)) {
                entries.add(new Entry(network, rule));
            }
            if (lists.get(rule).length == 0) {
                without[count++] = rule;
            }
        }
        this.anywhere = Arrays.copyOf(without, count);
        Entry[] sorted = entries.toArray(new Entry[0]);
        Arrays.sort(sorted);
        int size = 0;
        for (int i = 0; i < sorted.length; i++) {
            size += i == 0 || !sorted[i].isOfNetwork(sorted[i - 1]) ? 1 : 0;
        }
        this.networks = new Cidr[size];
        this.outer = new int[size];
        this.rules = new int[size][];
        fill(sorted);
    }

    private void fill(Entry[] sorted) {
        int last = -1;
        for (int i = 0; i < sorted.length;) {
            int end = i + 1;
            while (end < sorted.length && sorted[end].isOfNetwork(sorted[i])) {
                end++;
            }
            int[] those = new int[end - i];
            for (int j = i; j < end; j++) {
                those[j - i] = sorted[j].rule;
            }
            int around = last;
            while (around >= 0 && !networks[around].contains(sorted[i].network.first())) {
                around = outer[around];
            }
            last++;
            networks[last] = sorted[i].network;
            outer[last] = around;
            rules[last] = those;
            i = end;
        }
    }

    /** Where in the index the narrowest network is that has the address; -1 if none has. */
    int narrowest(IpAddress address) {
        int low = 0;
        int high = networks.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (networks[middle].first().compareTo(address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int at = low - 1;
        while (at >= 0 && !networks[at].contains(address)) {
            at = outer[at];
        }
        return at;
    }

    /** The next wider network, which has the address too; -1 if there is none. */
    int wider(int at) {
        return outer[at];
    }

    /** The numbers of the rules that have the network there, ascending. */
    int[] rules(int at) {
        return rules[at];
    }

    /** The numbers of those that name no addresses, and so have all, ascending. */
    int[] anywhere() {
        return anywhere;
    }

    /** A network of a rule. */
    private static final class Entry implements Comparable<Entry> {
        private final Cidr network;
        private final int rule;

        Entry(Cidr network, int rule) {
            this.network = network;
            this.rule = rule;
        }

        boolean isOfNetwork(Entry other) {
            return network.prefix() == other.network.prefix() && network.first().compareTo(other.network.first()) == 0;
        }

        @Override
        public int compareTo(Entry other) {
            int byFirst = network.first().compareTo(other.network.first());
            if (byFirst != 0) {
                return byFirst;
            }
            int byPrefix = Integer.compare(network.prefix(), other.network.prefix());
            return byPrefix != 0 ? byPrefix : Integer.compare(rule, other.rule);
        }
    }
}
