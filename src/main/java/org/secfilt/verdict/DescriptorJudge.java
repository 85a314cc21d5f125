package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Origin;

/**
 * Judges descriptors that were open before anybody could judge the calls that opened them: inherited ones, and those that a unix peer
 * hands over. What is connected elsewhere than the policy allows must not stay, nor what speaks a protocol that socket(2) would be
 * refused.
 */
public final class DescriptorJudge {
    private final Judge judge;
    private final Errno errno;
    private final Origin origin;
    private final boolean limitsInet;
    /** What makes packets past the packet filter must not stay either. */
    private final boolean limitsPackets;
    private final boolean limitsConnect;
    private final boolean leavesInterfaces;
    private final boolean sealsCgroup;

    public DescriptorJudge(Plan plan) {
        this.judge = new Judge(plan);
        this.errno = plan.policy().denial();
        this.origin = plan.familiesOrigin();
        this.limitsInet = plan.limitsInet();
        this.limitsPackets = plan.limitsInet() || plan.profiled();
        this.limitsConnect = plan.policy().noOutbound().isPresent() || !plan.policy().connect().open();
        this.leavesInterfaces = plan.leavesInterfaces();
        this.sealsCgroup = plan.sealsCgroup();
    }

    /** How a socket must be described to be judged. */
    public Care care() {
        return !limitsInet ? Care.NONE : leavesInterfaces ? Care.DESTINATIONS : Care.INTERFACES;
    }

    /** Whether it may stay once it is connected to nothing, if {@link #denial} says that it may not. */
    public boolean disconnectMends(OpenDescriptor descriptor) {
        return steering(descriptor).isEmpty();
    }

    /** Why it may not stay; empty if it may. */
    public Optional<Verdict.Deny> denial(OpenDescriptor descriptor) {
        return switch (descriptor.kind()) {
            case CGROUP -> !sealsCgroup ? Optional.empty() : deny("a cgroup's file, and so a way out of the firewall");
            case DIRECTORY -> !sealsCgroup ? Optional.empty()
                    : deny("a directory, from which cgroups can be reached where they are writable");
            case IO_URING -> deny("an io_uring submits calls that no filter sees");
            case TUNNEL -> !limitsPackets ? Optional.empty() : deny("a tunnel's end takes whole packets");
            case DEVICE -> !limitsPackets ? Optional.empty() : deny("a device that makes traffic without sockets");
            case HIDDEN_SOCKET -> deny("a socket that cannot be looked at");
            case SOCKET -> socket(descriptor);
            case CONNECTING -> {
                Optional<Verdict.Deny> denial = socket(descriptor);
                yield denial.isPresent() || !limitsConnect ? denial : deny("a socket that is connecting, and does not tell where to");
            }
        };
    }

    private Optional<Verdict.Deny> socket(OpenDescriptor descriptor) {
        boolean inet = descriptor.isInternet();
        boolean unix = descriptor.domain() == Family.UNIX.number();
        if (limitsPackets && !inet && !unix && descriptor.domain() != Family.NETLINK.number()) {
            return deny("a socket of family " + Family.of(descriptor.domain()));
        }
        Optional<Protocol> protocol = Protocol.of(descriptor.protocol());
        boolean plain = descriptor.type() == SocketType.STREAM || descriptor.type() == SocketType.DGRAM;
        if (limitsInet && inet && (protocol.isEmpty() || !plain)) {
            return deny("a socket of protocol " + descriptor.socket().word().orElseThrow() + ", whose packets no call shows");
        }
        Optional<Verdict.Deny> steering = steering(descriptor);
        if (steering.isPresent()) {
            return steering;
        }
        if (descriptor.peer().isEmpty() || descriptor.peer().get() instanceof Sockaddr.UnixUnnamed) {
            return Optional.empty();
        }
        if (descriptor.peer().get() instanceof Sockaddr.Malformed) {
            return deny("a socket whose other side has a name that cannot be read");
        }
        return judge.judge(Action.CONNECT, descriptor.peer().get(), protocol) instanceof Verdict.Deny denial
                ? Optional.of(denial)
                : Optional.empty();
    }

    private Optional<Verdict.Deny> steering(OpenDescriptor descriptor) {
        for (OpenDescriptor.Steering steering : OpenDescriptor.Steering.values()) {
            boolean left = steering == OpenDescriptor.Steering.INTERFACE ? leavesInterfaces : !limitsInet;
            if (!left && descriptor.steerings().contains(steering)) {
                return deny(words(steering));
            }
        }
        return Optional.empty();
    }

    private static String words(OpenDescriptor.Steering steering) {
        return switch (steering) {
            case BEGUN -> "a socket with a datagram that is begun and cannot be dropped";
            case ROUTE -> "a socket with a route of its own (IP options, IPv6 headers)";
            case INTERFACE -> "a socket that chooses its interface";
            case MARK -> "a socket with a mark, which can choose a route";
            case SENDER -> "a socket that may send under foreign addresses";
            case PROTOCOL -> "a socket with another protocol on top of TCP";
        };
    }

    private Optional<Verdict.Deny> deny(String why) {
        return Optional.of(new Verdict.Deny(errno, why, origin));
    }
}
