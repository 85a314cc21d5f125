package org.secfilt.explain;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/**
 * What allowed a call: the first rule that does, or where none had to, the mode.
 *
 * @param origin its place
 * @param why in words
 */
public record Grant(Origin origin, String why) {
    /**
     * Costs a judgement a rule.
     *
     * @param address of a unix socket, its canonical path
     * @return none where nothing restricts such calls, or it is no matter of rules
     */
    public static Optional<Grant> of(Plan plan, Action action, Sockaddr address, SocketKind socket) {
        boolean unix = address instanceof Sockaddr.UnixPath || address instanceof Sockaddr.UnixAbstract;
        boolean ruled = unix ? action != Action.BIND : address instanceof Sockaddr.Inet || address instanceof Sockaddr.Inet6;
        Destination destination = new Destination("", action, address, socket);
        Optional<PacketQuestions> packets = ruled ? PacketQuestions.of(plan, destination) : Optional.empty();
        Question question = packets.isPresent() && packets.get().allowed().isPresent()
                ? packets.get().allowed().get() : new Question(plan, destination);
        Access access = question.access();
        if (!ruled || access.open() || !(question.verdict() instanceof Verdict.Allow)) {
            return Optional.empty();
        }
        Optional<Rule> rule = question.allowingRule();
        if (rule.isPresent()) {
            String reason = rule.get().reason().isPresent() ? " (" + rule.get().reason().get() + ")" : "";
            String call = action == Action.BIND ? "bind" : "connect";
            return Optional.of(new Grant(rule.get().origin(), "allow " + Holding.subject(rule.get().match(), call) + reason));
        }
        return Optional.of(new Grant(access.modeOrigin(), access.mode() == Mode.LOCAL ? "mode local allows loopback" : "no rule denies it"));
    }
}
