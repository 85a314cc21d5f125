package org.secfilt.tracer;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.plan.Plan;
import org.secfilt.plan.ThirdDestinations;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * What sockets were connected to before. Of that and of the next peer the kernel can make a third, which nobody named:
 *
 * <pre>
 *   UDP  a send reads its peer's address and port, and either half of an IPv6 address, one after the other, without the lock that a connect holds,
 *        and may sleep for its payload before it looks again: beside a connect it may take the one's address and the other's port; and where the
 *        one is an IPv4-mapped address and the other is not, the last 32 bits of that for an IPv4 address. Likewise beside a datagram that is
 *        begun (MSG_MORE) for another than the peer     // net/ipv4/udp.c udp_sendmsg(), net/ipv6/udp.c udpv6_sendmsg(), net/ipv4/datagram.c
 *   TCP  an IPv6 socket that was connected to an IPv4-mapped address, by connect or by being accepted, goes on sending there, to the port of the
 *        IPv6 address that it is connected to next                                                   // net/ipv6/tcp_ipv6.c tcp_v6_connect()
 * </pre>
 *
 * <p>No call shows it. A firewall sees the packets; without one a socket does not get such a second peer, where the rules are such that a third could
 * be denied. Whoever connects a socket holds the lock of this object meanwhile: there are two such threads.
 */
final class FormerPeers {
    private static final int LAST_OF_FIRST_BYTE = 24;

    private final Judge judge;
    private final Policy policy;
    private final boolean tellsPartsApart;
    private final boolean tellsPorts;
    private final boolean allowsAllV6;
    /** Of UDP sockets. */
    private final SocketAddresses peers = new SocketAddresses();
    /** For what they have begun datagrams: two of these are one's flow at a time, and come together with peers alone. */
    private final SocketAddresses begun = new SocketAddresses();
    /** TCP sockets that had an IPv4-mapped peer. */
    private final CookieSet mapped = new CookieSet();
    /** TCP sockets that had no peer before they were connected in the run, as far as is remembered; of use where there are others. */
    private final RecentCookies own = new RecentCookies();
    /** Those that tracees connect themselves. */
    private final HeldSockets held = new HeldSockets();
    private volatile boolean matter;
    /** Of a socket from outside nobody knows what it was connected to. */
    private volatile boolean outsiders;

    FormerPeers(Plan plan) {
        this.judge = new Judge(plan);
        this.policy = plan.policy();
        this.tellsPartsApart = ThirdDestinations.canBeMade(policy);
        this.tellsPorts = ThirdDestinations.tellsPorts(policy.connect());
        this.allowsAllV6 = ThirdDestinations.allowsAllV6(policy.connect());
        this.matter = plan.mixesPeers();
    }

    /** An internet socket that was made outside of the run is in it, of which the firewall sees nothing. */
    void outsiderCame() {
        outsiders = true;
        matter = tellsPartsApart;
    }

    /** Whether the rules are such that it matters at all. Any thread. */
    boolean matter() {
        return matter;
    }

    /** To be asked, and added to, under the lock. */
    HeldSockets held() {
        return held;
    }

    /** Whether it is the address of a peer, or of none (AF_UNSPEC). */
    static boolean concerns(Sockaddr next) {
        return address(next) != null || next instanceof Sockaddr.Unspec;
    }

    /**
     * Whether the socket, connected to this address, could send to what is denied. Under the lock.
     *
     * @param protocol IPPROTO_TCP or IPPROTO_UDP
     */
    boolean mixes(SocketCopy socket, int protocol, Sockaddr next) {
        if (address(next) == null) {
            return false;
        }
        if (protocol == Protocol.TCP.number()) {
            return isNative(next) && socket.wasConnected() && (mapped.has(socket.cookie()) || outsiders && !own.has(socket.cookie()));
        }
        return protocol == Protocol.UDP.number() && (mixes(before(socket), next) || mixes(begunBy(socket), next));
    }

    /**
     * Whether a datagram that is begun for this address could come together with a peer of the socket's into a third; if not, it is noted for the
     * peers that the socket may get. Under the lock.
     */
    boolean mixesBegun(SocketCopy socket, Sockaddr next) {
        if (address(next) == null) {
            return false;
        }
        for (Sockaddr one : before(socket)) {
            if (address(one) != null && mixes(next, one)) {
                return true;
            }
        }
        if (mixes(before(socket), next)) {
            return true;
        }
        begun.note(socket.cookie(), begunBy(socket), next);
        return false;
    }

    private List<Sockaddr> begunBy(SocketCopy socket) {
        List<Sockaddr> known = begun.of(socket.cookie());
        return known == null ? List.of() : known;
    }

    /** Whether it is a UDP socket that never had a peer. Under the lock. */
    boolean hadNone(SocketCopy socket) {
        return socket.number() == Protocol.UDP.number() && before(socket).isEmpty();
    }

    /** It has none still: it could not be connected, and nobody sends by a socket without a peer. Under the lock. */
    void forget(SocketCopy socket) {
        peers.remove(socket.cookie());
    }

    /** Of one that was not noted, what it is connected to: it may have been before the run. */
    private List<Sockaddr> before(SocketCopy socket) {
        List<Sockaddr> known = peers.of(socket.cookie());
        if (known != null) {
            return known;
        }
        Optional<Sockaddr> peer = socket.peer();
        return peer.isPresent() ? List.of(peer.get()) : List.of();
    }

    /**
     * The socket is about to be connected to this address; or to none (AF_UNSPEC), when one that was accepted has its peer for the last time. Under
     * the lock.
     */
    void note(SocketCopy socket, int protocol, Sockaddr next) {
        if (protocol == Protocol.TCP.number()) {
            boolean leaves = next instanceof Sockaddr.Unspec && socket.localAddress().isPresent() && isMapped(socket.localAddress().get());
            if (leaves || tellsPorts && isMapped(next)) { // without ports what was allowed to be the peer is so at any
                mapped.add(socket.cookie());
            } else if (outsiders && isNative(next) && !socket.wasConnected()) {
                own.add(socket.cookie());
            }
        } else if (protocol == Protocol.UDP.number() && address(next) != null) {
            peers.note(socket.cookie(), before(socket), next);
        }
    }

    private boolean mixes(List<Sockaddr> before, Sockaddr next) {
        if (before.size() > SocketAddresses.MOST_OF_ONE) {
            return true;
        }
        for (Sockaddr one : before) {
            if (address(one) != null && mixes(one, next)) {
                return true;
            }
        }
        return false;
    }

    private boolean mixes(Sockaddr one, Sockaddr next) {
        IpAddress first = address(one);
        IpAddress second = address(next);
        if (first.isV4() && second.isV4()) {
            return isDenied(first, port(next)) || isDenied(second, port(one));
        }
        if (!first.isV4() && second.isV4() && !allowsAllV6) {
            return true; // over the IPv6 address of a datagram that was begun the kernel writes the IPv4 one   // __ip4_datagram_connect()
        }
        IpAddress[] addresses = {wide(first), wide(second)};
        // A send to its peer by name has a port of its own, and takes the next one's address, or half of that.
        for (int mix = 1; tellsPorts && mix < 1 << 2; mix++) {
            if (!isAlike(first, IpAddress.v6(addresses[mix & 1].high(), addresses[mix >> 1].low()).canonical())) {
                return true;
            }
        }
        int[] ports = {port(one), port(next)};
        for (int mix = 1; mix < (1 << 3) - 1; mix++) { // a bit each for either half and the port; all of one or all of the other is no mix
            IpAddress address = IpAddress.v6(addresses[mix & 1].high(), addresses[mix >> 1 & 1].low());
            if (isDenied(address.canonical(), ports[mix >> 2])) {
                return true;
            }
        }
        int last32 = (int) (first.isV4() ? second : first).low();
        if (first.isV4() == second.isV4() || last32 >>> LAST_OF_FIRST_BYTE == 0) {
            return false; // 0.0.0.0/8, as of ::1, is nobody
        }
        IpAddress last = IpAddress.v4(last32);
        return tellsPorts && !isAlike(first, last) || isDenied(last, ports[0]) || isDenied(last, ports[1]);
    }

    /** Whether the rules are the same for both, whichever the port. */
    private boolean isAlike(IpAddress one, IpAddress other) {
        Access connect = policy.connect();
        return one.isLoopback() == other.isLoopback() && isAlike(connect.allow(), one, other) && isAlike(connect.deny(), one, other);
    }

    private static boolean isAlike(List<Rule> rules, IpAddress one, IpAddress other) {
        for (Rule rule : rules) {
            if (rule.match() instanceof Match.Inet match && isIn(match.networks(), one) != isIn(match.networks(), other)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isIn(List<Cidr> networks, IpAddress address) {
        for (Cidr network : networks) {
            if (network.contains(address)) {
                return true;
            }
        }
        return networks.isEmpty();
    }

    private boolean isDenied(IpAddress address, int port) {
        Sockaddr destination = address.isV4() ? new Sockaddr.Inet(address, port) : new Sockaddr.Inet6(address, port, 0, 0);
        return judge.judge(Action.CONNECT, destination, Optional.of(Protocol.UDP)) instanceof Verdict.Deny;
    }

    private static IpAddress wide(IpAddress address) {
        return address.isV4() ? IpAddress.v6(0, 0xffff_0000_0000L | address.hostOrder() & 0xffff_ffffL) : address;
    }

    /** Canonical; null if it names no peer. */
    private static IpAddress address(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.address() : of instanceof Sockaddr.Inet6 inet6 ? inet6.address().canonical() : null;
    }

    /** Whether this is what a socket is connected to that was connected to that. */
    static boolean isPeer(Optional<Sockaddr> peer, Sockaddr to) {
        return peer.isPresent() && address(peer.get()) != null && address(peer.get()).equals(address(to)) && port(peer.get()) == port(to);
    }

    /** Of the address of a peer. */
    static int port(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.port() : ((Sockaddr.Inet6) of).port();
    }

    private static boolean isMapped(Sockaddr of) {
        return of instanceof Sockaddr.Inet6 inet6 && inet6.address().isMapped();
    }

    private static boolean isNative(Sockaddr of) {
        return of instanceof Sockaddr.Inet6 inet6 && !inet6.address().isMapped();
    }
}
