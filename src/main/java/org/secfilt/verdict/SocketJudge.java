package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.plan.Plan;
import org.secfilt.plan.SocketOptions;

/** Judges what kinds of sockets are made, and what they are told: by numbers alone, as the filter does, which has no words for it. */
public final class SocketJudge {
    private static final int MOST_OF_HEADER = 255; // linux/in.h IPPROTO_SMC is 256

    private final Plan plan;

    public SocketJudge(Plan plan) {
        this.plan = plan;
    }

    /** Why socket(2) makes no such socket; empty if it may. */
    public Optional<Verdict.Deny> denial(SocketKind kind) {
        Family family = Family.of(kind.domain());
        if (plan.allowedFamilies().isPresent() && !plan.allowedFamilies().get().contains(family)) {
            return Optional.of(
                    Denials.socketFamily(plan.policy().denial(), family.name(), plan.familiesOrigin(), plan.policy().families().isPresent()));
        }
        boolean internet = family.equals(Family.INET) || family.equals(Family.INET6);
        if (!internet || !plan.limitsInet()) {
            return Optional.empty();
        }
        if (plan.leavesKinds()) {
            boolean seen = kind.protocol() >= 0 && kind.protocol() <= MOST_OF_HEADER || kind.protocol() == Protocol.MPTCP && plan.seesMptcp();
            return seen && kind.type() != SocketType.PACKET ? Optional.empty() : Optional.of(Denials.unseen(plan.inetOrigin()));
        }
        boolean plain = (kind.type() == SocketType.STREAM || kind.type() == SocketType.DGRAM)
                && (kind.protocol() == 0 || Protocol.of(kind.protocol()).isPresent());
        return plain ? Optional.empty() : Optional.of(Denials.socketKind(plan.inetOrigin()));
    }

    /** Why setsockopt(2) refuses an option; empty if it may be set. */
    public Optional<Verdict.Deny> denial(int level, int option) {
        Optional<SocketOptions.Effect> effect = SocketOptions.refused(plan, level, option);
        return effect.isEmpty() ? Optional.empty() : Optional.of(new Verdict.Deny(Errno.EPERM,
                words(effect.get()) + " (" + plan.inetOrigin() + ")", plan.inetOrigin()));
    }

    private String words(SocketOptions.Effect effect) {
        return switch (effect) {
            case ROUTE -> "it would give the socket a route of its own, past the rules for addresses";
            case SENDER -> "it would have the socket send under foreign addresses";
            case MARK -> "a mark can choose a route, past the rules for addresses";
            case INTERFACE -> "it would tie the socket to an interface, past the rules for addresses";
            case GROUP -> "joining a multicast group tells routers its address, and "
                    + (plan.leavesInterfaces() ? "rules deny some groups" : "no rule allows any group");
            case ADDRESSES -> "it would have SCTP listen at further addresses, past the rules for binds";
            case PORTS -> "it would have a bind to any free port get a certain one, past the rules for binds";
            case CORK -> "UDP_CORK would begin datagrams to addresses that the kernel could mix up with the socket's peer, and send to one that"
                    + " nobody named; begin them by MSG_MORE";
        };
    }
}
