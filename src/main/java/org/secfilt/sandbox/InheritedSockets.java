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
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * The descriptors open at launch that would carry traffic past every inspected call: what is connected elsewhere than the policy
 * allows, and what speaks a protocol that socket(2) would be refused. They are closed, with a warning; standard input, output and
 * error are the caller's word and stay.
 */
final class InheritedSockets {
    private final List<Integer> closed = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    InheritedSockets(Launching launching, int pid, Set<Integer> open, Plan plan) {
        Judge judge = new Judge(plan);
        for (InheritedDescriptor descriptor : launching.inherited(pid, open)) {
            String why = why(descriptor, judge);
            if (!why.isEmpty()) {
                closed.add(descriptor.fd());
                warnings.add("closed inherited descriptor " + descriptor.fd() + ": " + why);
            }
        }
    }

    List<Integer> closed() {
        return closed;
    }

    List<String> warnings() {
        return warnings;
    }

    /** Why it may not stay; empty if it may. */
    private static String why(InheritedDescriptor descriptor, Judge judge) {
        if (descriptor.kind() == InheritedDescriptor.Kind.IO_URING) {
            return "an io_uring submits calls that no filter sees";
        }
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
