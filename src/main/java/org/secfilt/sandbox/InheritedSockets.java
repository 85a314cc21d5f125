package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.InheritedDescriptor;
import org.secfilt.kernel.Launching;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Inherit;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * The descriptors open at launch that would carry traffic past every inspected call: what is connected elsewhere than the policy
 * allows, and what speaks a protocol that socket(2) would be refused. What becomes of them the policy says; standard input, output and
 * error are the caller's word and stay.
 */
final class InheritedSockets {
    private final Inherit inherit;
    private final List<Integer> forbidden = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();

    InheritedSockets(Launching launching, int pid, Set<Integer> open, Plan plan) {
        this.inherit = plan.policy().inherit();
        Judge judge = new Judge(plan);
        for (InheritedDescriptor descriptor : launching.inherited(pid, open)) {
            String why = why(descriptor, judge);
            if (!why.isEmpty()) {
                forbidden.add(descriptor.fd());
                reasons.add("inherited descriptor " + descriptor.fd() + ": " + why);
            }
        }
    }

    /** What the script closes. */
    List<Integer> closed() {
        return inherit == Inherit.CLOSE ? forbidden : List.of();
    }

    /** What the user is told if the command is run. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        for (String reason : reasons) {
            warnings.add((inherit == Inherit.CLOSE ? "closed " : "kept ") + reason);
        }
        return warnings;
    }

    /** Why the command is not run, and what to write instead; empty if it is. */
    List<String> refusals() {
        List<String> refusals = new ArrayList<>();
        if (inherit == Inherit.REFUSE && !reasons.isEmpty()) {
            refusals.addAll(reasons);
            refusals.add("nothing was run (inherit: refuse); close them before, as by a shell's N>&-, or write --inherit=close");
        }
        return refusals;
    }

    /** Why it may not stay; empty if it may. */
    private static String why(InheritedDescriptor descriptor, Judge judge) {
        switch (descriptor.kind()) {
            case IO_URING:
                return "an io_uring submits calls that no filter sees";
            case TUNNEL:
                return "a tunnel's end takes whole packets";
            case SOCKET:
                return whySocket(descriptor, judge);
        }
        throw new IllegalStateException("no kind");
    }

    private static String whySocket(InheritedDescriptor descriptor, Judge judge) {
        boolean inet = descriptor.domain() == Family.INET.number() || descriptor.domain() == Family.INET6.number();
        boolean unix = descriptor.domain() == Family.UNIX.number();
        if (!inet && !unix && descriptor.domain() != Family.NETLINK.number()) {
            return "a socket of family " + Family.of(descriptor.domain());
        }
        Optional<Protocol> protocol = Protocol.of(descriptor.protocol());
        boolean plain = descriptor.type() == SocketType.STREAM || descriptor.type() == SocketType.DGRAM;
        if (inet && (protocol.isEmpty() || !plain)) {
            return "a socket of protocol " + descriptor.protocol() + ", whose packets no call shows";
        }
        if (descriptor.peer().isEmpty() || descriptor.peer().get() instanceof Sockaddr.UnixUnnamed) {
            return "";
        }
        Sockaddr peer = descriptor.peer().get();
        Verdict verdict = judge.judge(Action.CONNECT, peer, protocol);
        return verdict instanceof Verdict.Deny denial ? "connected to " + peer + ", " + denial.why() : "";
    }
}
