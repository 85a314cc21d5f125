package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;

/**
 * Decides on one call after the other.
 *
 * <p>What is compared with the rules is the canonical destination: an IPv4-mapped IPv6 address is its IPv4 address; 0.0.0.0 and :: in
 * connect and send are loopback, and the verdict then says to act on loopback; AF_UNSPEC disconnects in connect, and elsewhere means
 * AF_INET. Scopes are not compared: a rule for fe80::/10 holds on every link. But a bind to a scope is denied where sockets may not choose
 * their interface.
 */
public final class Judge {
    private static final Verdict ALLOW = new Verdict.Allow(Optional.empty());
    private static final Verdict INVALID = new Verdict.Answer(Errno.EINVAL);
    private static final IpAddress ANY_V4 = IpAddress.v4(0);
    private static final IpAddress LOOPBACK_V4 = IpAddress.v4(0x7f000001);
    private static final IpAddress LOOPBACK_V6 = IpAddress.v6(0, 1);
    private static final IpAddress LOOPBACK_MAPPED = IpAddress.v6(0, 0xffff_7f00_0001L);

    private final Errno errno;
    private final Optional<Origin> noOutbound;
    private final InetRules connect;
    private final InetRules bind;
    private final UnixRules unix;
    private final boolean judgesScopes;
    private final boolean limitsInet;
    private final Origin inetOrigin;

    public Judge(Plan plan) {
        Policy policy = plan.policy();
        this.errno = policy.denial();
        this.noOutbound = policy.noOutbound();
        this.connect = new InetRules(policy.connect(), errno);
        this.bind = new InetRules(policy.bind(), errno);
        this.unix = new UnixRules(policy.unix(), errno);
        this.judgesScopes = plan.judgesScopes();
        this.limitsInet = plan.limitsInet();
        this.inetOrigin = plan.inetOrigin();
    }

    /**
     * @param address of a unix socket in the file system, the canonical absolute path ({@link #judgePath} takes one of any length)
     * @param protocol of the socket; empty if it is neither or was not asked for, see {@link Plan#needsProtocol}
     */
    public Verdict judge(Action action, Sockaddr address, Optional<Protocol> protocol) {
        return address.accept(new Call(action, protocol));
    }

    /** The verdict on a unix socket in the file system, by its canonical absolute path. */
    public Verdict judgePath(Action action, ByteString path) {
        if (action == Action.BIND) {
            return ALLOW;
        }
        if (noOutbound.isPresent()) {
            return Denials.noOutbound(errno, noOutbound.get());
        }
        return unix.open() ? ALLOW : orAllow(unix.denialOfPath(path));
    }

    /** Whether connect's allow rules name the address, at whatever port and for whatever protocol. */
    public boolean namesDestination(Sockaddr address) {
        if (noOutbound.isPresent()) {
            return false;
        }
        if (address instanceof Sockaddr.Inet inet) {
            return connect.names(inet.address());
        }
        if (address instanceof Sockaddr.Inet6 inet6) {
            return connect.names(inet6.address().canonical());
        }
        return address instanceof Sockaddr.Unspec unspec && unspec.asInet().isPresent() && namesDestination(unspec.asInet().get());
    }

    /**
     * What a deny rule says of a name that a unix socket bears besides its path; empty if none names it. Allow rules and the mode are for
     * paths alone: many servers bind one name and then rename it.
     */
    public Optional<Verdict.Deny> denialByRule(ByteString boundName) {
        return unix.denialByRule(boundName);
    }

    private static Verdict orAllow(Optional<Verdict.Deny> denial) {
        return denial.isPresent() ? denial.get() : ALLOW;
    }

    private final class Call implements Sockaddr.Visitor<Verdict> {
        private final Action action;
        private final Optional<Protocol> protocol;

        Call(Action action, Optional<Protocol> protocol) {
            this.action = action;
            this.protocol = protocol;
        }

        @Override
        public Verdict inet(Sockaddr.Inet address) {
            IpAddress ip = address.address();
            return ip.isAny() && goesOut()
                    ? loopback(LOOPBACK_V4, address.port(), new Sockaddr.Inet(LOOPBACK_V4, address.port()))
                    : internet(ip, address.port());
        }

        @Override
        public Verdict inet6(Sockaddr.Inet6 address) {
            IpAddress ip = address.address();
            if (!goesOut()) {
                return bind(address);
            }
            if (!ip.isAny()) {
                return internet(ip.canonical(), address.port());
            }
            IpAddress to = ip.isMapped() ? LOOPBACK_MAPPED : LOOPBACK_V6;
            return loopback(to.canonical(), address.port(),
                    new Sockaddr.Inet6(to, address.port(), address.flowInfo(), address.scopeId()));
        }

        /** Who listens at :: hears IPv4 too (unless IPV6_V6ONLY), so what a rule denies to 0.0.0.0 it denies here. */
        private Verdict bind(Sockaddr.Inet6 address) {
            if (judgesScopes && address.choosesInterface()) {
                return Denials.scope(errno, inetOrigin);
            }
            Verdict verdict = internet(address.address().canonical(), address.port());
            return verdict == ALLOW && address.address().isAny()
                    ? orAllow(bind.denialByRule(ANY_V4, address.port(), protocol))
                    : verdict;
        }

        private boolean goesOut() {
            return action != Action.BIND;
        }

        private Verdict loopback(IpAddress canonical, int port, Sockaddr rewritten) {
            Verdict verdict = internet(canonical, port);
            // Where nothing is compared, nothing need be pinned: the kernel may go on reading it in its own way.
            return verdict == ALLOW && !connect.open() ? new Verdict.Allow(Optional.of(rewritten)) : verdict;
        }

        private Verdict internet(IpAddress canonical, int port) {
            if (goesOut() && noOutbound.isPresent()) {
                return Denials.noOutbound(errno, noOutbound.get());
            }
            InetRules rules = goesOut() ? connect : bind;
            return rules.open() ? ALLOW : orAllow(rules.denial(canonical, port, protocol));
        }

        @Override
        public Verdict unixPath(Sockaddr.UnixPath address) {
            return judgePath(action, address.path());
        }

        @Override
        public Verdict unixAbstract(Sockaddr.UnixAbstract address) {
            if (!goesOut()) {
                return ALLOW;
            }
            if (noOutbound.isPresent()) {
                return Denials.noOutbound(errno, noOutbound.get());
            }
            return unix.open() ? ALLOW : orAllow(unix.denialOfName(address.name()));
        }

        /** bind(2) chooses a name; to connect and send it is no address. */
        @Override
        public Verdict unixUnnamed(Sockaddr.UnixUnnamed address) {
            return goesOut() ? INVALID : ALLOW;
        }

        @Override
        public Verdict netlink(Sockaddr.Netlink address) {
            return goesOut() && noOutbound.isPresent() ? Denials.noOutbound(errno, noOutbound.get()) : ALLOW;
        }

        @Override
        public Verdict unspec(Sockaddr.Unspec address) {
            if (action == Action.CONNECT) {
                return ALLOW;
            }
            return address.asInet().isPresent() ? inet(address.asInet().get()) : INVALID;
        }

        @Override
        public Verdict other(Sockaddr.Other address) {
            if (goesOut() && noOutbound.isPresent()) {
                return Denials.noOutbound(errno, noOutbound.get());
            }
            return limitsInet ? Denials.family(errno, address.family().name(), inetOrigin) : ALLOW;
        }

        @Override
        public Verdict malformed(Sockaddr.Malformed address) {
            return new Verdict.Answer(address.answer());
        }
    }
}
