package org.secfilt.filter;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SocketType;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/**
 * Which sockets can be made, and what they must not be told: everything about them that is a number in a register.
 *
 * <p>Their arguments are of C's type {@code int}: the kernel looks at the low word alone, so the filter does too; a comparison of all 64
 * bits would be fooled by garbage above.
 */
final class SocketCalls {
    private static final int SOL_SOCKET = 1; // asm-generic/socket.h
    private static final int IPPROTO_IP = 0; // linux/in.h
    private static final int IPPROTO_IPV6 = 41; // linux/in.h

    private static final int IPPROTO_MAX_OF_HEADER = 255; // IPPROTO_SMC is 256
    private static final int IPPROTO_MPTCP = 262; // linux/in.h
    private static final int IPPROTO_TCP = 6; // linux/in.h
    /** Its value is a name in memory: "smc" makes a TCP socket one of SMC, whose peer then says where the data goes. // linux/tcp.h */
    private static final int TCP_ULP = 31;
    private static final int IPPROTO_SCTP = 132; // linux/in.h
    /** SCTP_SOCKOPT_BINDX_ADD and _REM: further addresses to listen at, in memory, that bind(2) is not asked about. // linux/sctp.h */
    private static final int[] SCTP_ADDRESSES = {100, 101};
    private static final int SO_MARK = 36; // asm-generic/socket.h
    private static final int IP_TRANSPARENT = 19; // linux/in.h
    private static final int IPV6_TRANSPARENT = 75; // linux/in6.h
    private static final int SOCK_PACKET = 10; // linux/net.h

    /** SO_BINDTODEVICE, SO_BINDTOIFINDEX: by eth0, a datagram to 127.0.0.1 leaves this machine. // asm-generic/socket.h */
    private static final int[] SOCKET_INTERFACES = {25, 62};

    /**
     * IP_OPTIONS: loose and strict source routes. IP_FREEBIND: by it an IPv6 socket sends under any address, and what comes to a closed port of this
     * host under that of a denied one, the kernel sends there. // linux/in.h
     */
    private static final int[] IP_ROUTES = {4, 15};
    /** IP_UNICAST_IF, as SO_BINDTODEVICE. // linux/in.h */
    private static final int[] IP_INTERFACES = {50};
    /** IP_ADD_MEMBERSHIP, IP_ADD_SOURCE_MEMBERSHIP, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP: each sends the group's address out. */
    private static final int[] IP_GROUPS = {35, 39, 42, 46};

    /**
     * IPV6_2292RTHDR, IPV6_2292PKTOPTIONS, IPV6_FLOWLABEL_MGR (a label can carry a routing header), IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS,
     * IPV6_RTHDR, IPV6_DSTOPTS; IPV6_FREEBIND, as IP_FREEBIND. // linux/in6.h, net/ipv6.h
     */
    private static final int[] IPV6_ROUTES = {5, 6, 32, 54, 55, 57, 59, 78};
    /** IPV6_PKTINFO (sticky), IPV6_UNICAST_IF. // linux/in6.h */
    private static final int[] IPV6_INTERFACES = {50, 76};
    /** IPV6_ADD_MEMBERSHIP, IPV6_JOIN_ANYCAST, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP. // linux/in6.h, linux/in.h */
    private static final int[] IPV6_GROUPS = {20, 27, 42, 46};

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    SocketCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        Optional<List<Family>> families = plan.allowedFamilies();
        if (families.isPresent()) {
            String why = "the families of " + plan.familiesOrigin();
            String plain = plan.limitsInet() && !plan.leavesKinds() ? "\n  of inet and inet6 only plain TCP and UDP: " + plan.inetOrigin() : "";
            dispatch.add(syscalls.nr("socket"), families(families.get(), plan.limitsInet()), "socket: " + why + plain);
            dispatch.add(syscalls.nr("socketpair"), families(families.get(), false), "socketpair: " + why);
        }
        if (plan.limitsInet()) {
            dispatch.add(syscalls.nr("setsockopt"), options(),
                    "setsockopt: no source route, no foreign sender, no other protocol on top of TCP"
                            + (plan.policy().bind().open() ? "" : ", no further address of SCTP")
                            + (plan.leavesInterfaces() ? "" : ", no interface")
                            + (plan.leavesMulticast() ? "" : ", no multicast group") + ": " + plan.inetOrigin());
        }
    }

    /** Argument 0 is the family, in socket(2) and in socketpair(2). */
    private Node families(List<Family> allowed, boolean plainInet) {
        Node node = actions.errno(plan.policy().denial());
        for (int i = allowed.size() - 1; i >= 0; i--) {
            Family family = allowed.get(i);
            boolean inet = family.equals(Family.INET) || family.equals(Family.INET6);
            node = assembler.jump(JumpOp.EQ, family.number(), inet && plainInet ? kinds() : actions.allow(), node);
        }
        return assembler.load(SeccompData.low(0), node);
    }

    private Node kinds() {
        return plan.leavesKinds() ? withPackets() : plainInet();
    }

    /**
     * Whatever sends packets that the firewall sees: not SOCK_PACKET, which is AF_PACKET under an old name, nor SMC, which ends in RDMA. The
     * firewall may have to learn of raw sockets first.
     */
    private Node withPackets() {
        Node refuse = actions.errno(Errno.EPERM);
        Node protocol = assembler.load(SeccompData.low(2),
                assembler.jump(JumpOp.GT, IPPROTO_MAX_OF_HEADER,
                        assembler.jump(JumpOp.EQ, IPPROTO_MPTCP, actions.allow(), refuse), actions.allow()));
        Node other = protocol;
        if (plan.traces(TracedCall.SOCKET)) {
            Node raw = assembler.load(SeccompData.low(2),
                    assembler.jump(JumpOp.GT, IPPROTO_MAX_OF_HEADER, refuse, actions.trace(TracedCall.SOCKET)));
            other = assembler.jump(JumpOp.EQ, SocketType.RAW, raw, protocol);
        }
        return assembler.load(SeccompData.low(1),
                assembler.and(SocketType.MASK, assembler.jump(JumpOp.EQ, SOCK_PACKET, refuse, other)));
    }

    /**
     * A stream or a datagram socket, of no other protocol than TCP and UDP. Not ICMP (type datagram, protocol 1), SCTP (its connectx is a
     * socket option), MPTCP (whose peer can name further addresses, to which the kernel then connects), UDP-Lite, L2TP, SMC, raw, nor
     * SOCK_PACKET, which is AF_PACKET under an old name.
     */
    private Node plainInet() {
        Node refuse = actions.errno(Errno.EPERM);
        Node protocol = assembler.load(SeccompData.low(2),
                assembler.jumpIfAny(new int[] {0, Protocol.TCP.number(), Protocol.UDP.number()}, actions.allow(), refuse));
        return assembler.load(SeccompData.low(1),
                assembler.and(SocketType.MASK,
                        assembler.jumpIfAny(new int[] {SocketType.STREAM, SocketType.DGRAM}, protocol, refuse)));
    }

    /** Argument 1 is the level, 2 the option. */
    private Node options() {
        boolean interfaces = plan.leavesInterfaces();
        boolean groups = plan.leavesMulticast();
        int[] none = {};
        Node ip = options(withRaw(IP_ROUTES, IP_TRANSPARENT), interfaces ? none : IP_INTERFACES, groups ? none : IP_GROUPS);
        Node ipv6 = options(withRaw(IPV6_ROUTES, IPV6_TRANSPARENT), interfaces ? none : IPV6_INTERFACES, groups ? none : IPV6_GROUPS);
        Node socket = interfaces && !plan.leavesKinds()
                ? actions.allow()
                : options(withRaw(interfaces ? none : SOCKET_INTERFACES, SO_MARK), none, none);
        return assembler.load(SeccompData.low(1),
                assembler.jump(JumpOp.EQ, SOL_SOCKET, socket,
                        assembler.jump(JumpOp.EQ, IPPROTO_IP, ip,
                                assembler.jump(JumpOp.EQ, IPPROTO_IPV6, ipv6,
                                        assembler.jump(JumpOp.EQ, IPPROTO_TCP, upperProtocols(), sctp())))));
    }

    private Node sctp() {
        return plan.policy().bind().open() ? actions.allow()
                : assembler.jump(JumpOp.EQ, IPPROTO_SCTP, options(SCTP_ADDRESSES, new int[0], new int[0]), actions.allow());
    }

    /** ENOENT is what a kernel without the protocol answers: TLS libraries then encrypt by themselves. */
    private Node upperProtocols() {
        return assembler.load(SeccompData.low(2), assembler.jump(JumpOp.EQ, TCP_ULP, actions.errno(Errno.ENOENT), actions.allow()));
    }

    /** With CAP_NET_RAW, which the firewall leaves to root: a mark can choose a route, a transparent socket takes any address. */
    private int[] withRaw(int[] options, int raw) {
        if (!plan.leavesKinds()) {
            return options;
        }
        int[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = raw;
        return all;
    }

    private Node options(int[] routes, int[] interfaces, int[] groups) {
        Node refuse = actions.errno(Errno.EPERM);
        return assembler.load(SeccompData.low(2),
                assembler.jumpIfAny(routes, refuse, assembler.jumpIfAny(interfaces, refuse, assembler.jumpIfAny(groups, refuse, actions.allow()))));
    }
}
