package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;

/**
 * The addresses of the two ends of a pair, chosen free of clashes.
 *
 * @param host of this host's end
 * @param own of the command's end
 * @param block that has both and no other
 */
record Subnets(IpAddress host, IpAddress own, Cidr block) {
    /** The private blocks tried for IPv4, each cut into blocks of four addresses. 10.200 is what nobody numbers by hand. */
    private static final int[] V4_SIXTEENS = {
        10 << 8 | 200, 10 << 8 | 201, 10 << 8 | 202, 10 << 8 | 203, 172 << 8 | 31, 172 << 8 | 30, 192 << 8 | 168,
    };
    private static final int BLOCKS_OF_FOUR = 1 << 14;
    /** RFC 4193, with a global id of ours; the next 16 bits tell the blocks apart. */
    private static final long V6_PREFIX = 0xfd5e_cf17_2a77_0000L;
    private static final int V6_BLOCKS = 1 << 16;
    private static final int V4_PREFIX_BITS = 16;
    private static final int V6_PREFIX_BITS = 48;
    private static final String LOCAL = "local ";

    /**
     * @param taken the networks and addresses this host has routes for
     * @param seed where to begin to look, so that runs that start together rarely want the same
     */
    static Optional<Subnets> chooseV4(List<Cidr> taken, int seed) {
        for (int sixteen : V4_SIXTEENS) {
            for (int i = 0; i < BLOCKS_OF_FOUR; i++) {
                int first = sixteen << 16 | Math.floorMod(seed + i, BLOCKS_OF_FOUR) << 2;
                Cidr block = Cidr.parse(IpAddress.v4(first) + "/30");
                if (isFree(block, taken)) {
                    return Optional.of(new Subnets(IpAddress.v4(first + 1), IpAddress.v4(first + 2), block));
                }
            }
        }
        return Optional.empty();
    }

    static Optional<Subnets> chooseV6(List<Cidr> taken, int seed) {
        for (int i = 0; i < V6_BLOCKS; i++) {
            long high = V6_PREFIX | Math.floorMod(seed + i, V6_BLOCKS);
            Cidr block = Cidr.parse(IpAddress.v6(high, 0) + "/64");
            if (isFree(block, taken)) {
                return Optional.of(new Subnets(IpAddress.v6(high, 1), IpAddress.v6(high, 2), block));
            }
        }
        return Optional.empty();
    }

    /** All that can be chosen of one family. */
    static List<Cidr> choices(boolean v4) {
        List<Cidr> choices = new ArrayList<>();
        if (!v4) {
            return List.of(new Cidr(IpAddress.v6(V6_PREFIX, 0), V6_PREFIX_BITS));
        }
        for (int sixteen : V4_SIXTEENS) {
            choices.add(new Cidr(IpAddress.v4(sixteen << 16), V4_PREFIX_BITS));
        }
        return choices;
    }

    private static boolean isFree(Cidr block, List<Cidr> taken) {
        for (Cidr other : taken) {
            if (other.contains(block.first()) || block.contains(other.first())) {
                return false;
            }
        }
        return true;
    }

    /**
     * The networks and addresses in a listing of routes, {@code ip -o route show table all}: whatever reads as one, but for default routes,
     * which clash with nothing.
     */
    static List<Cidr> taken(String routes) {
        List<Cidr> taken = new ArrayList<>();
        for (String word : routes.split("[ \\n\\\\]+")) {
            if (word.indexOf('.') >= 0 || word.indexOf(':') >= 0) {
                read(word).filter(cidr -> !cidr.first().isAny()).ifPresent(taken::add);
            }
        }
        return taken;
    }

    /** Whom this host itself is, in such a listing: what iptables calls LOCAL. */
    static List<Cidr> local(String routes) {
        List<Cidr> local = new ArrayList<>();
        for (String line : routes.split("\n")) {
            if (line.startsWith(LOCAL)) {
                int end = line.indexOf(' ', LOCAL.length());
                read(line.substring(LOCAL.length(), end < 0 ? line.length() : end)).ifPresent(local::add);
            }
        }
        return local;
    }

    static Optional<Cidr> read(String word) {
        try {
            return Optional.of(Cidr.parse(word));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // an interface's name, a time: no address
        }
    }
}
