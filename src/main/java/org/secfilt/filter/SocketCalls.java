package org.secfilt.filter;

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
import org.secfilt.plan.SocketOptions;
import org.secfilt.plan.TracedCall;

/**
 * Which sockets can be made, and what they must not be told: everything about them that is a number in a register.
 *
 * <p>Their arguments are of C's type {@code int}: the kernel looks at the low word alone, so the filter does too; a comparison of all 64
 * bits would be fooled by garbage above.
 */
final class SocketCalls {
    /** Libraries try these, and go on without: nobody is told. Who asks for AF_INET wants to talk to somebody. */
    private static final List<Family> TRIED = List.of(Family.UNIX, Family.INET6, Family.NETLINK);
    private static final int IPPROTO_MAX_OF_HEADER = 255; // IPPROTO_SMC is 256
    private static final int IPPROTO_TCP = 6; // linux/in.h
    /** Its value is a name in memory: "smc" makes a TCP socket one of SMC, whose peer then says where the data goes. // linux/tcp.h */
    private static final int TCP_ULP = 31;

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
            dispatch.add(syscalls.nr("socket"), sockets(families.get()), "socket: " + why + plain);
            dispatch.add(syscalls.nr("socketpair"), pairs(families.get()), "socketpair: " + why);
        }
        if (plan.limitsInet()) {
            dispatch.add(syscalls.nr("setsockopt"), options(),
                    "setsockopt: no source route, no foreign sender, no other protocol on top of TCP"
                            + (plan.policy().bind().open() ? "" : ", no further address of SCTP")
                            + (plan.policy().bind().namesPorts() ? ", no range of ports" : "")
                            + (plan.mixesPeers() ? ", no cork of UDP" : "")
                            + (plan.leavesInterfaces() ? "" : ", no interface")
                            + (plan.leavesMulticast() ? "" : ", no multicast group") + ": " + plan.inetOrigin());
        }
    }

    /** Argument 0 is the family. */
    private Node sockets(List<Family> allowed) {
        Errno errno = plan.policy().denial();
        Node node = refuse(TracedCall.SOCKET, errno);
        for (Family family : TRIED) {
            node = allowed.contains(family) ? node : assembler.jump(JumpOp.EQ, family.number(), actions.errno(errno), node);
        }
        return families(allowed, plan.limitsInet() ? kinds() : actions.allow(), node);
    }

    /** Likewise of socketpair(2). */
    private Node pairs(List<Family> allowed) {
        return families(allowed, actions.allow(), actions.errno(plan.policy().denial()));
    }

    private Node families(List<Family> allowed, Node inet, Node others) {
        Node node = others;
        for (int i = allowed.size() - 1; i >= 0; i--) {
            Family family = allowed.get(i);
            boolean internet = family.equals(Family.INET) || family.equals(Family.INET6);
            node = assembler.jump(JumpOp.EQ, family.number(), internet ? inet : actions.allow(), node);
        }
        return assembler.load(SeccompData.low(0), node);
    }

    /** Told by the tracer, where there is one. */
    private Node refuse(TracedCall call, Errno errno) {
        return plan.traces(call) ? actions.trace(call) : actions.errno(errno);
    }

    private Node kinds() {
        return plan.leavesKinds() ? withPackets() : plainInet();
    }

    /**
     * Whatever sends packets that the firewall sees: not SOCK_PACKET, which is AF_PACKET under an old name, nor SMC, which ends in RDMA. The
     * firewall may have to learn of raw sockets first.
     */
    private Node withPackets() {
        Node refuse = refuse(TracedCall.SOCKET, Errno.EPERM);
        Node protocol = assembler.load(SeccompData.low(2),
                assembler.jump(JumpOp.GT, IPPROTO_MAX_OF_HEADER,
                        assembler.jump(JumpOp.EQ, Protocol.MPTCP, plan.seesMptcp() ? actions.allow() : actions.errno(Errno.EPERM), refuse),
                        actions.allow()));
        Node other = protocol;
        if (plan.judgesRawPacketsLate()) {
            Node raw = assembler.load(SeccompData.low(2),
                    assembler.jump(JumpOp.GT, IPPROTO_MAX_OF_HEADER, refuse, actions.trace(TracedCall.SOCKET)));
            other = assembler.jump(JumpOp.EQ, SocketType.RAW, raw, protocol);
        }
        return assembler.load(SeccompData.low(1),
                assembler.and(SocketType.MASK, assembler.jump(JumpOp.EQ, SocketType.PACKET, refuse, other)));
    }

    /**
     * A stream or a datagram socket, of no other protocol than TCP and UDP. Not ICMP (type datagram, protocol 1), SCTP (its connectx is a
     * socket option), MPTCP (whose peer can name further addresses, to which the kernel then connects), UDP-Lite, L2TP, SMC, raw, nor
     * SOCK_PACKET, which is AF_PACKET under an old name. MPTCP is tried by programs that then take TCP, so nobody is told.
     */
    private Node plainInet() {
        Node refuse = refuse(TracedCall.SOCKET, Errno.EPERM);
        Node protocol = assembler.load(SeccompData.low(2),
                assembler.jumpIfAny(new int[] {0, Protocol.TCP.number(), Protocol.UDP.number()}, actions.allow(),
                        assembler.jump(JumpOp.EQ, Protocol.MPTCP, actions.errno(Errno.EPERM), refuse)));
        return assembler.load(SeccompData.low(1),
                assembler.and(SocketType.MASK,
                        assembler.jumpIfAny(new int[] {SocketType.STREAM, SocketType.DGRAM}, protocol, refuse)));
    }

    /** Argument 1 is the level, 2 the option. */
    private Node options() {
        return assembler.load(SeccompData.low(1),
                assembler.jump(JumpOp.EQ, SocketOptions.SOL_SOCKET, options(SocketOptions.SOL_SOCKET),
                        assembler.jump(JumpOp.EQ, SocketOptions.IPPROTO_IP, options(SocketOptions.IPPROTO_IP),
                                assembler.jump(JumpOp.EQ, SocketOptions.IPPROTO_IPV6, options(SocketOptions.IPPROTO_IPV6),
                                        assembler.jump(JumpOp.EQ, IPPROTO_TCP, upperProtocols(), rarer())))));
    }

    private Node options(int level) {
        int[] refused = SocketOptions.refused(plan, level);
        return refused.length == 0 ? actions.allow()
                : assembler.load(SeccompData.low(2), assembler.jumpIfAny(refused, refuse(TracedCall.SETSOCKOPT, Errno.EPERM), actions.allow()));
    }

    /** Levels of which most plans refuse nothing. */
    private Node rarer() {
        Node node = actions.allow();
        for (int level : new int[] {SocketOptions.IPPROTO_SCTP, SocketOptions.IPPROTO_UDPLITE, SocketOptions.IPPROTO_UDP}) {
            node = SocketOptions.refused(plan, level).length == 0 ? node : assembler.jump(JumpOp.EQ, level, options(level), node);
        }
        return node;
    }

    /** ENOENT is what a kernel without the protocol answers: TLS libraries then encrypt by themselves. */
    private Node upperProtocols() {
        return assembler.load(SeccompData.low(2), assembler.jump(JumpOp.EQ, TCP_ULP, actions.errno(Errno.ENOENT), actions.allow()));
    }
}
