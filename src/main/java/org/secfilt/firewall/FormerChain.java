package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A chain of ours and its hooks in one kind of tables, as they stood at some moment: so that they can be brought back. */
final class FormerChain {
    private static final String OUTPUT = "-A OUTPUT ";

    private final Tables tables;
    private final String chain;
    private final List<String> saved;

    /** @throws FirewallException if it cannot be looked at */
    FormerChain(Tables tables, String chain) throws FirewallException {
        this.tables = tables;
        this.chain = chain;
        this.saved = tables.save();
    }

    /** Whether a family has the chain. */
    boolean isThere() {
        for (String listing : saved) {
            if (hooks(listing, chain).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** What jumps to it in a family; empty if the family has no such chain. */
    Optional<List<String>> hooks(int family) {
        return hooks(saved.get(family), chain);
    }

    List<String> rules(int family) {
        return rules(saved.get(family), chain);
    }

    /** Takes it out of all families. @return what went wrong */
    List<String> remove() {
        List<String> texts = new ArrayList<>();
        for (String listing : saved) {
            texts.add(hooks(listing, chain).map(hooks -> removal(hooks)).orElse(""));
        }
        return tables.restore(texts);
    }

    private String removal(List<String> hooks) {
        StringBuilder text = new StringBuilder("*filter\n");
        for (String hook : hooks) {
            text.append("-D OUTPUT ").append(hook).append('\n');
        }
        return text.append("-F ").append(chain).append("\n-X ").append(chain).append("\nCOMMIT\n").toString();
    }

    /** Brings it back where it is another by now, the hooks to where they were among the rules of others. @return what went wrong */
    List<String> bringBack() {
        List<String> now;
        try {
            now = tables.save();
        } catch (FirewallException e) {
            return List.of(e.getMessage());
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < saved.size(); i++) {
            Optional<List<String>> hooks = hooks(now.get(i), chain);
            boolean same = hooks.isPresent() == hooks(i).isPresent() && places(now.get(i), chain).equals(places(saved.get(i), chain))
                    && rules(now.get(i), chain).equals(rules(i));
            texts.add(same ? "" : hooks(i).isEmpty() ? removal(hooks.orElseThrow()) : putBack(saved.get(i), hooks.orElse(List.of())));
        }
        return tables.restore(texts);
    }

    private String putBack(String listing, List<String> hooks) {
        StringBuilder text = new StringBuilder("*filter\n:" + chain + " - [0:0]\n");
        for (String rule : rules(listing, chain)) {
            text.append("-A ").append(chain).append(' ').append(rule).append('\n');
        }
        for (String hook : hooks) {
            text.append("-D OUTPUT ").append(hook).append('\n');
        }
        for (String place : places(listing, chain)) {
            text.append("-I OUTPUT ").append(place).append('\n');
        }
        return text.append("COMMIT\n").toString();
    }

    private static Optional<List<String>> hooks(String listing, String chain) {
        return Optional.ofNullable(Leftovers.chains(listing, chain + " ").get(chain));
    }

    /** Its hooks, each behind its number among the rules of OUTPUT. */
    private static List<String> places(String listing, String chain) {
        List<String> places = new ArrayList<>();
        int position = 0;
        for (String line : listing.split("\n")) {
            if (line.startsWith(OUTPUT)) {
                position++;
                if (line.endsWith(" " + chain)) {
                    places.add(position + " " + line.substring(OUTPUT.length()));
                }
            }
        }
        return places;
    }

    private static List<String> rules(String listing, String chain) {
        List<String> rules = new ArrayList<>();
        String begin = "-A " + chain + " ";
        for (String line : listing.split("\n")) {
            if (line.startsWith(begin)) {
                rules.add(line.substring(begin.length()));
            }
        }
        return rules;
    }
}
