package org.secfilt.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.firewall.Packet;
import org.secfilt.plan.Plan;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * What becomes of what a socket sends that is of a kind that rules cannot name, where the firewall judges packets: a question for each kind of
 * packet. The tracer comes first, and denies addresses that no rule names.
 */
final class PacketQuestions {
    private final List<Question> allowed = new ArrayList<>();
    private final List<Question> denied = new ArrayList<>();
    private final List<Packet> allowedPackets = new ArrayList<>();
    private final List<Packet> packets;
    private final boolean tracerAllows;

    private PacketQuestions(Plan plan, Destination destination, boolean tracerAllows) {
        this.packets = Packet.of(destination.socket());
        this.tracerAllows = tracerAllows;
        for (Packet packet : packets) {
            Question question = new Question(plan, destination, packet);
            boolean denies = question.verdict() instanceof Verdict.Deny;
            (denies ? denied : allowed).add(question);
            if (!denies) {
                allowedPackets.add(packet);
            }
        }
    }

    /** Empty if it does not come to the firewall: the tracer decides, or the filter. */
    static Optional<PacketQuestions> of(Plan plan, Destination destination) {
        if (!destination.isOfOtherKind() || !plan.leavesKinds() || destination.action() == Action.BIND) {
            return Optional.empty();
        }
        Judge judge = new Judge(plan);
        boolean allows = judge.judge(destination.action(), destination.address(), destination.protocol()) instanceof Verdict.Allow;
        boolean left = destination.protocol().isEmpty() && judge.namesDestination(destination.address());
        return allows || left
                ? Optional.of(new PacketQuestions(plan, destination, allows)) : Optional.empty();
    }

    /** Whether the tracer leaves it to the firewall alone. */
    boolean tracerLeaves() {
        return !tracerAllows;
    }

    List<Packet> packets() {
        return packets;
    }

    List<Packet> allowedPackets() {
        return allowedPackets;
    }

    Optional<Question> allowed() {
        return allowed.isEmpty() ? Optional.empty() : Optional.of(allowed.get(0));
    }

    Optional<Question> denied() {
        return denied.isEmpty() ? Optional.empty() : Optional.of(denied.get(0));
    }
}
