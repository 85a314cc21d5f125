package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Takes away chains whose makers are no more. */
final class DeadChains {
    private DeadChains() {}

    /** Who made chains. */
    interface Makers {
        /** In doubt it may. */
        boolean mayLive(String chain, List<String> hooks);
    }

    /**
     * In each family all at once.
     *
     * @param prefix of the names of chains that are theirs
     * @param removed gets what goes, in words, each once: families and kinds of tables have the same
     * @return what went wrong
     * @throws FirewallException if the tables cannot be looked at
     */
    static List<String> remove(Tables tables, String prefix, Makers makers, List<String> removed) throws FirewallException {
        List<String> texts = new ArrayList<>();
        boolean any = false;
        for (String saved : tables.save()) {
            StringBuilder text = new StringBuilder();
            for (Map.Entry<String, List<String>> chain : new Listing(saved).chains(prefix).entrySet()) {
                if (makers.mayLive(chain.getKey(), chain.getValue())) {
                    continue;
                }
                any = true;
                text.append(Chain.removal(chain.getKey(), chain.getValue()));
                String named = "chain " + chain.getKey();
                if (!removed.contains(named)) {
                    removed.add(named);
                }
            }
            texts.add(text.length() == 0 ? "" : "*filter\n" + text + "COMMIT\n");
        }
        return any ? tables.restore(texts) : List.of();
    }
}
