package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * What sockets were connected to before. Of that and of the next peer the kernel can make a third, which nobody named:
 *
 * <pre>
 *   UDP  a send reads its peer's address and port, and either half of an IPv6 address, one after the other, without the lock that a connect holds:
 *        beside one it may take the one's address and the other's port                              // net/ipv4/udp.c udp_sendmsg()
 *   TCP  an IPv6 socket that was connected to an IPv4-mapped address goes on sending there, to the port of the IPv6 address that it is connected
 *        to next                                                                                     // net/ipv6/tcp_ipv6.c tcp_v6_connect()
 * </pre>
 *
 * <p>No call shows it. A firewall sees the packets; without one this does, where rules tell ports or halves of IPv6 addresses apart. Whoever
 * connects a socket holds the lock of this object meanwhile: there are two such threads.
 */
final class FormerPeers {
    /** What the next connect of a socket can be mixed up with. */
    enum Mix {
        NONE,
        /** Where threads are in the midst of a send: none in one that began when the socket had no peer. */
        PASSING,
        /** For good. */
        LASTING
    }

    /** Of one socket. It takes a program that connects the same one over and over to reach it. */
    private static final int MOST_PEERS = 8;
    private static final int MOST_SOCKETS = 4096;
    /** Of an IPv6 address the kernel reads as much at once. */
    private static final int HALF_BITS = 64;

    private final Judge judge;
    private final boolean matter;
    private final Map<Long, List<Sockaddr>> peers = new HashMap<>();
    /** Of sockets that the command itself connected: another may have been put in the place of the one that was looked at. */
    private final List<Sockaddr> ofAny = new ArrayList<>();
    /** Of sockets with these cookies and lower ones some have been forgotten. */
    private long forgotten;
    private long highest;

    FormerPeers(Plan plan) {
        this.judge = new Judge(plan);
        this.matter = !plan.judgesPackets() && plan.policy().noOutbound().isEmpty() && tellsPartsApart(plan.policy().connect());
    }

    private static boolean tellsPartsApart(Access connect) {
        for (int i = 0; i < connect.allow().size() + connect.deny().size(); i++) {
            Rule rule = i < connect.allow().size() ? connect.allow().get(i) : connect.deny().get(i - connect.allow().size());
            if (rule.match() instanceof Match.Inet match && (!match.ports().isEmpty() || anyWithinHalf(match.networks()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean anyWithinHalf(List<Cidr> networks) {
        for (Cidr network : networks) {
            if (!network.base().isV4() && network.prefix() > HALF_BITS) {
                return true;
            }
        }
        return false;
    }

    /** Whether the rules are such that it matters at all. */
    boolean matter() {
        return matter;
    }

    /**
     * What may come of connecting the socket to this address. Under the lock.
     *
     * @param protocol IPPROTO_TCP or IPPROTO_UDP
     */
    Mix mix(SocketCopy socket, int protocol, Sockaddr next) {
        boolean tcp = protocol == Protocol.TCP.number();
        if (address(next) == null || tcp && !isNative(next)) {
            return Mix.NONE;
        }
        long cookie = socket.cookie();
        List<Sockaddr> before = peers.get(cookie);
        boolean mixed = cookie <= forgotten && before == null || mixes(ofAny, next, tcp) || before != null && mixes(before, next, tcp);
        if (!mixed && before == null && !tcp) {
            Optional<Sockaddr> peer = socket.peer(); // it may have been connected before the run
            mixed = peer.isPresent() && mixes(List.of(peer.get()), next, false);
        }
        return !mixed ? Mix.NONE : tcp ? Mix.LASTING : Mix.PASSING;
    }

    /** It is about to be connected to this address, or to none: it may be one that was accepted. Under the lock. */
    void note(SocketCopy socket, int protocol, Sockaddr next) {
        if (next instanceof Sockaddr.Unspec && protocol == Protocol.TCP.number()) {
            Optional<Sockaddr> peer = socket.peer();
            if (peer.isPresent()) {
                note(socket, protocol, peer.get());
            }
            return;
        }
        if (address(next) == null || protocol == Protocol.TCP.number() && !isMapped(next)) {
            return;
        }
        long cookie = socket.cookie();
        highest = Math.max(highest, cookie);
        List<Sockaddr> before = peers.get(cookie);
        if (before == null) {
            if (peers.size() == MOST_SOCKETS) {
                peers.clear();
                forgotten = highest;
            }
            before = new ArrayList<>(1);
            peers.put(cookie, before);
        }
        add(before, next);
    }

    /** No thread sends to what it was connected to before. Under the lock. */
    void forget(SocketCopy socket) {
        peers.remove(socket.cookie());
    }

    /** The command itself connects a socket, which may be any. Under the lock. */
    void noteAny(Sockaddr next) {
        if (address(next) != null) {
            add(ofAny, next);
        }
    }

    /** Likewise what may come of that. Under the lock. */
    boolean mixesWithAny(Sockaddr next) {
        if (address(next) == null) {
            return false;
        }
        boolean mixed = forgotten > 0 || mixes(ofAny, next, false);
        for (List<Sockaddr> before : peers.values()) {
            mixed = mixed || mixes(before, next, false);
        }
        return mixed;
    }

    private static void add(List<Sockaddr> list, Sockaddr next) {
        if (list.size() <= MOST_PEERS && !list.contains(next)) {
            list.add(next);
        }
    }

    private boolean mixes(List<Sockaddr> before, Sockaddr next, boolean tcp) {
        if (before.size() > MOST_PEERS) {
            return true;
        }
        for (Sockaddr one : before) {
            if (tcp ? isDenied(address(one), port(next), Protocol.TCP) : mixes(one, next)) {
                return true;
            }
        }
        return false;
    }

    private boolean mixes(Sockaddr one, Sockaddr next) {
        IpAddress first = address(one);
        IpAddress second = address(next);
        if (first.isV4() && second.isV4()) {
            return isDenied(first, port(next), Protocol.UDP) || isDenied(second, port(one), Protocol.UDP);
        }
        IpAddress[] addresses = {wide(first), wide(second)};
        int[] ports = {port(one), port(next)};
        for (int mix = 1; mix < (1 << 3) - 1; mix++) { // a bit each for either half and the port; all of one or all of the other is no mix
            IpAddress address = IpAddress.v6(addresses[mix & 1].high(), addresses[mix >> 1 & 1].low());
            if (isDenied(address.canonical(), ports[mix >> 2], Protocol.UDP)) {
                return true;
            }
        }
        return false;
    }

    private boolean isDenied(IpAddress address, int port, Protocol protocol) {
        Sockaddr destination = address.isV4() ? new Sockaddr.Inet(address, port) : new Sockaddr.Inet6(address, port, 0, 0);
        return judge.judge(Action.CONNECT, destination, Optional.of(protocol)) instanceof Verdict.Deny;
    }

    private static IpAddress wide(IpAddress address) {
        return address.isV4() ? IpAddress.v6(0, 0xffff_0000_0000L | address.hostOrder() & 0xffff_ffffL) : address;
    }

    /** Canonical; null if it names no peer. */
    private static IpAddress address(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.address() : of instanceof Sockaddr.Inet6 inet6 ? inet6.address().canonical() : null;
    }

    private static int port(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.port() : ((Sockaddr.Inet6) of).port();
    }

    private static boolean isMapped(Sockaddr of) {
        return of instanceof Sockaddr.Inet6 inet6 && inet6.address().isMapped();
    }

    private static boolean isNative(Sockaddr of) {
        return of instanceof Sockaddr.Inet6 inet6 && !inet6.address().isMapped();
    }
}
