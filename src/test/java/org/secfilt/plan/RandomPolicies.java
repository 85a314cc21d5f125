package org.secfilt.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Access;
import org.secfilt.policy.Families;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/**
 * Policies and addresses at random, from pools so small that they often meet. {@code -Dsecfilt.seed} repeats a run.
 */
public final class RandomPolicies {
    private static final String[] NETWORKS = {
        "0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.2.3", "127.0.0.0/8", "127.0.0.1", "0.0.0.0", "224.0.0.0/4", "169.254.169.254", "::1", "::",
        "fe80::/10", "2001:db8::/33", "2001:db8::7", "ff00::/8", "::/1", "128.0.0.0/1", "10.1.2.2/31", "64:ff9b::/96",
    };
    private static final String[] ADDRESSES = {
        "0.0.0.0", "::", "::ffff:0.0.0.0", "127.0.0.1", "127.255.255.254", "::ffff:127.0.0.1", "::1", "10.1.2.3", "10.1.2.2", "10.1.2.4",
        "::ffff:10.1.2.3", "11.0.0.0", "9.255.255.255", "169.254.169.254", "::ffff:169.254.169.254", "224.0.0.251", "255.255.255.255",
        "fe80::1", "2001:db8::7", "2001:db8:8000::", "2001:db8:7fff:ffff::", "ff02::1", "8000::", "7fff::", "::127.0.0.1", "::2",
        "64:ff9b::a01:203", "0.0.0.1", "::fffe:10.1.2.3",
    };
    private static final int[] PORTS = {0, 1, 22, 53, 80, 443, 8000, 8099, 8100, 65535};
    private static final String[] PATTERNS = {"/run/*", "/run/**", "/run/a", "/**/bus", "/run/*/bus", "**", "*", "/tmp/a", "/", "/r*n/a*", ""};
    private static final String[] NAMES = {"/run/a", "/run/ab", "/run/a/b", "/run/bus", "/bus", "/run/x/bus", "/run/xbus", "/tmp/a", "/tmp/ab", "/tmp/a/b", "/"};

    public final long seed;
    public final Random random;

    public RandomPolicies() {
        this.seed = Long.getLong("secfilt.seed", System.nanoTime());
        this.random = new Random(seed);
    }

    public Policy policy() {
        return new Policy(
                chance(8) ? Optional.of(Origin.flag("--no-outbound-network")) : Optional.empty(),
                access(true), access(true), access(false),
                chance(3) ? Optional.of(families()) : Optional.empty(),
                chance(4) ? Errno.ECONNREFUSED : Errno.EPERM, Inherit.CLOSE, Policy.OPEN.firewall(), Optional.empty(), Policy.OPEN.surroundings(),
                chance(3) ? new FileAccess(Optional.of(Origin.flag("--read-only")), List.of()) : FileAccess.OPEN);
    }

    private Families families() {
        Family[] all = {Family.UNIX, Family.INET, Family.INET6, Family.NETLINK};
        List<Family> some = new ArrayList<>();
        for (Family family : all) {
            if (!chance(3)) {
                some.add(family);
            }
        }
        return new Families(some, Origin.flag("families"));
    }

    private Access access(boolean inet) {
        if (chance(4)) {
            return Access.OPEN;
        }
        return new Access(Mode.values()[random.nextInt(3)], Origin.file("p.yaml", 1, 1), rules(inet, 4), rules(inet, 2));
    }

    private List<Rule> rules(boolean inet, int most) {
        List<Rule> rules = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            Match match = inet ? inet() : chance(2) ? new Match.UnixPath(pick(PATTERNS)) : new Match.UnixAbstract(pick(PATTERNS));
            rules.add(new Rule(match, Optional.empty(), Origin.file("p.yaml", 2 + i, 1)));
        }
        return rules;
    }

    private Match.Inet inet() {
        List<Cidr> networks = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            networks.add(Cidr.parse(pick(NETWORKS)));
        }
        List<PortRange> ports = new ArrayList<>();
        for (int i = chance(2) ? random.nextInt(3) : 0; i > 0; i--) {
            int a = port();
            int b = chance(2) ? a : port();
            ports.add(new PortRange(Math.min(a, b), Math.max(a, b)));
        }
        return new Match.Inet(networks, ports, chance(4) ? Optional.of(Protocol.values()[random.nextInt(2)]) : Optional.empty());
    }

    public Sockaddr address() {
        switch (random.nextInt(12)) {
            case 0:
                return new Sockaddr.UnixPath(ByteString.of(pick(NAMES)));
            case 1:
                return new Sockaddr.UnixAbstract(ByteString.of(pick(NAMES)));
            case 2:
                return chance(2) ? new Sockaddr.UnixUnnamed() : new Sockaddr.Netlink(0, 0);
            case 3:
                return chance(2) ? new Sockaddr.Other(Family.VSOCK) : new Sockaddr.Malformed(Errno.EINVAL, "short");
            case 4:
                return new Sockaddr.Unspec(Optional.empty());
            default:
                IpAddress ip = IpAddress.parse(pick(ADDRESSES));
                if (!ip.isV4()) {
                    return new Sockaddr.Inet6(ip, port(), 0, random.nextInt(3));
                }
                Sockaddr.Inet inet = new Sockaddr.Inet(ip, port());
                return chance(6) ? new Sockaddr.Unspec(Optional.of(inet)) : inet;
        }
    }

    public Optional<Protocol> protocol() {
        return chance(4) ? Optional.empty() : Optional.of(Protocol.values()[random.nextInt(2)]);
    }

    private int port() {
        return PORTS[random.nextInt(PORTS.length)];
    }

    public boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String pick(String[] of) {
        return of[random.nextInt(of.length)];
    }
}
