package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.policy.Policy;

/**
 * The firewall of a run that has a network namespace to itself: one chain for all that leaves it, so there is no cgroup to be known by, nor
 * one to be left. It goes with the namespace, whatever ends the run.
 */
public final class NetworkRules {
    private static final Chain CHAIN = new Chain(Chain.PREFIX + "N", Members.EVERYBODY);

    /** What the kernel forwards passes no OUTPUT, and root may have it forward IPv6, what it has sent to itself too. */
    private static final String NOTHING_FORWARDED = "-I FORWARD 1 -j DROP\n";

    private NetworkRules() {}

    /**
     * @param tables of the namespace
     * @param users of the namespace's owner, see {@link PacketRules#ofNetwork}
     * @throws FirewallException if a family does not take its rules; then the other has none either
     */
    public static void install(Tables tables, Policy policy, List<String> users) throws FirewallException {
        install(tables, CHAIN, policy, users, NOTHING_FORWARDED);
    }

    /** @param further lines for the table filter */
    static void install(Tables tables, Chain chain, Policy policy, List<String> users, String further) throws FirewallException {
        List<String> texts = new ArrayList<>();
        for (IpVersion version : tables.versions()) {
            texts.add(chain.install(PacketRules.ofNetwork(policy, version, tables.translate(version), users), further));
        }
        List<String> answers = tables.restoreEach(texts);
        List<String> wrong = Tables.complaints(answers);
        if (!wrong.isEmpty()) {
            removeWhereTaken(tables, chain, answers);
            throw new FirewallException(wrong.get(0));
        }
    }

    private static void removeWhereTaken(Tables tables, Chain chain, List<String> answers) {
        List<String> texts = new ArrayList<>();
        for (String answer : answers) {
            texts.add(answer.isEmpty() ? chain.remove() : "");
        }
        tables.restore(texts);
    }
}
