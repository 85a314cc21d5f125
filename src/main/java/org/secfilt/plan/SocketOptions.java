package org.secfilt.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The options by which a socket would be told where to send, or to listen, past every call that is judged: setsockopt(2) refuses them where
 * internet addresses are restricted. The filter goes by the numbers, the tracer finds the words.
 */
public final class SocketOptions {
    public static final int SOL_SOCKET = 1; // asm-generic/socket.h
    public static final int IPPROTO_IP = 0; // linux/in.h
    public static final int IPPROTO_UDP = 17; // linux/in.h
    public static final int IPPROTO_IPV6 = 41; // linux/in.h
    public static final int IPPROTO_SCTP = 132; // linux/in.h
    public static final int IPPROTO_UDPLITE = 136; // linux/in.h

    /** What such an option would do. */
    public enum Effect {
        /** A source route, a routing header. */
        ROUTE,
        /** Another sender's address than one of this host's. */
        SENDER,
        /** A mark, which can choose a route. */
        MARK,
        /** The interface to send by: by eth0, a datagram to 127.0.0.1 leaves this machine. */
        INTERFACE,
        /** Joining a multicast group, which sends its address out. */
        GROUP,
        /** Further addresses to listen at, in memory, that bind(2) is not asked about. */
        ADDRESSES,
        /** The ports among which the kernel chooses for a bind to port 0: be it one alone, that is a bind to this one. */
        PORTS,
        /** Datagrams that wait for their rest: one that was judged to go at once would wait too, if the option is set meanwhile. */
        CORK
    }

    private record Row(int level, Effect effect, int... options) {}

    private static final Row[] ROWS = {
        new Row(SOL_SOCKET, Effect.INTERFACE, 25, 62), // SO_BINDTODEVICE, SO_BINDTOIFINDEX // asm-generic/socket.h
        new Row(SOL_SOCKET, Effect.MARK, 36), // SO_MARK
        // IP_OPTIONS: loose and strict source routes // linux/in.h
        new Row(IPPROTO_IP, Effect.ROUTE, 4),
        // IP_FREEBIND: by it an IPv6 socket sends under any address, and what comes to a closed port of this host under that of a denied one,
        // the kernel sends there.
        new Row(IPPROTO_IP, Effect.SENDER, 15),
        new Row(IPPROTO_IP, Effect.SENDER, 19), // IP_TRANSPARENT
        new Row(IPPROTO_IP, Effect.INTERFACE, 50), // IP_UNICAST_IF
        new Row(IPPROTO_IP, Effect.PORTS, 51), // IP_LOCAL_PORT_RANGE, of IPv6 sockets too
        // IP_ADD_MEMBERSHIP, IP_ADD_SOURCE_MEMBERSHIP, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP
        new Row(IPPROTO_IP, Effect.GROUP, 35, 39, 42, 46),
        // IPV6_2292RTHDR, IPV6_2292PKTOPTIONS, IPV6_FLOWLABEL_MGR (a label can carry a routing header), IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS,
        // IPV6_RTHDR, IPV6_DSTOPTS // linux/in6.h
        new Row(IPPROTO_IPV6, Effect.ROUTE, 5, 6, 32, 54, 55, 57, 59),
        new Row(IPPROTO_IPV6, Effect.SENDER, 78), // IPV6_FREEBIND // net/ipv6.h
        new Row(IPPROTO_IPV6, Effect.SENDER, 75), // IPV6_TRANSPARENT
        new Row(IPPROTO_IPV6, Effect.INTERFACE, 50, 76), // IPV6_PKTINFO (sticky), IPV6_UNICAST_IF
        new Row(IPPROTO_IPV6, Effect.GROUP, 20, 27, 42, 46), // IPV6_ADD_MEMBERSHIP, IPV6_JOIN_ANYCAST, and as above
        new Row(IPPROTO_UDP, Effect.CORK, 1), // UDP_CORK // linux/udp.h
        new Row(IPPROTO_UDPLITE, Effect.CORK, 1), // a plain UDP socket has it by this level too // net/ipv4/udp.c udp_setsockopt()
        new Row(IPPROTO_SCTP, Effect.ADDRESSES, 100, 101), // SCTP_SOCKOPT_BINDX_ADD, SCTP_SOCKOPT_BINDX_REM // linux/sctp.h
    };

    /** With CAP_NET_RAW, which the firewall leaves to root. */
    private static final List<Integer> OF_RAW = List.of(19, 36, 75);

    private SocketOptions() {}

    /** What a plan refuses, of one level. */
    public static int[] refused(Plan plan, int level) {
        List<Integer> refused = new ArrayList<>();
        for (Row row : ROWS) {
            for (int option : row.options) {
                if (row.level == level && isRefused(plan, row.effect, option)) {
                    refused.add(option);
                }
            }
        }
        int[] numbers = new int[refused.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = refused.get(i);
        }
        return numbers;
    }

    /** Why a plan refuses it; empty if it does not. */
    public static Optional<Effect> refused(Plan plan, int level, int option) {
        for (Row row : ROWS) {
            for (int number : row.options) {
                if (row.level == level && number == option && isRefused(plan, row.effect, option)) {
                    return Optional.of(row.effect);
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isRefused(Plan plan, Effect effect, int option) {
        return plan.limitsInet() && (plan.leavesKinds() || !OF_RAW.contains(option)) && switch (effect) {
            case ROUTE, SENDER, MARK -> true;
            case INTERFACE -> !plan.leavesInterfaces();
            case GROUP -> !plan.leavesMulticast();
            case ADDRESSES -> !plan.policy().bind().open();
            case PORTS -> plan.policy().bind().namesPorts();
            case CORK -> plan.mixesPeers();
        };
    }
}
