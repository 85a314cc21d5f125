package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A chain of ours and its hooks in one kind of tables, as they stood at some moment: so that they can be brought back. */
final class FormerChain {
    private final Tables tables;
    private final String chain;
    private final List<Listing> saved;

    /** @throws FirewallException if it cannot be looked at */
    FormerChain(Tables tables, String chain) throws FirewallException {
        this.tables = tables;
        this.chain = chain;
        this.saved = listings(tables);
    }

    private static List<Listing> listings(Tables tables) throws FirewallException {
        List<Listing> listings = new ArrayList<>();
        for (String text : tables.save()) {
            listings.add(new Listing(text));
        }
        return listings;
    }

    /** Whether a family has the chain. */
    boolean isThere() {
        for (Listing listing : saved) {
            if (listing.hooks(chain).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** What jumps to it in a family; empty if the family has no such chain. */
    Optional<List<String>> hooks(int family) {
        return saved.get(family).hooks(chain);
    }

    List<String> rules(int family) {
        return saved.get(family).rules(chain);
    }

    /** Takes it out of all families. @return what went wrong */
    List<String> remove() {
        List<String> texts = new ArrayList<>();
        for (Listing listing : saved) {
            texts.add(listing.hooks(chain).map(hooks -> removal(hooks)).orElse(""));
        }
        return tables.restore(texts);
    }

    private String removal(List<String> hooks) {
        return "*filter\n" + Chain.removal(chain, hooks) + "COMMIT\n";
    }

    /** Brings it back where it is another by now, the hooks to where they were among the rules of others. @return what went wrong */
    List<String> bringBack() {
        List<Listing> now;
        try {
            now = listings(tables);
        } catch (FirewallException e) {
            return List.of(e.getMessage());
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < saved.size(); i++) {
            Optional<List<String>> hooks = now.get(i).hooks(chain);
            boolean same = hooks.isPresent() == hooks(i).isPresent() && now.get(i).places(chain).equals(saved.get(i).places(chain))
                    && now.get(i).rules(chain).equals(rules(i));
            texts.add(same ? "" : hooks(i).isEmpty() ? removal(hooks.orElseThrow()) : putBack(saved.get(i), hooks.orElse(List.of())));
        }
        return tables.restore(texts);
    }

    private String putBack(Listing listing, List<String> hooks) {
        StringBuilder text = new StringBuilder("*filter\n:" + chain + " - [0:0]\n");
        for (String rule : listing.rules(chain)) {
            text.append("-A ").append(chain).append(' ').append(rule).append('\n');
        }
        for (String hook : hooks) {
            text.append("-D OUTPUT ").append(hook).append('\n');
        }
        for (String place : listing.places(chain)) {
            text.append("-I OUTPUT ").append(place).append('\n');
        }
        return text.append("COMMIT\n").toString();
    }
}
