package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;

/** The rules of one pair in one family, as input for {@code iptables-restore --noflush}. Every rule bears the comment of {@link NatListing}. */
abstract class PairRules {
    final String name;
    private final String comment;
    private final List<String> raw = new ArrayList<>();
    private final List<String> nat = new ArrayList<>();
    private final List<String> filter = new ArrayList<>();
    private final List<String> behind = new ArrayList<>();

    PairRules(String name) {
        this.name = name;
        this.comment = NatListing.comment(name);
    }

    /** Adds a rule of the table nat: chain and matches, and where it jumps. The first one added ends up first. */
    final void nat(String rule, String target) {
        nat.add(rule + comment + " -j " + target);
    }

    /** Drops it before the kernel takes it for a packet of some connection. */
    final void dropEarly(String rule) {
        raw.add(rule + comment + " -j DROP");
    }

    /** Goes past what others have in that table. */
    final void passEarly(String rule) {
        raw.add(rule + comment + " -j ACCEPT");
    }

    final void accept(String rule) {
        filter.add(rule + comment + " -j ACCEPT");
    }

    final void drop(String rule) {
        filter.add(rule + comment + " -j DROP");
    }

    /** Adds a whole rule of the table filter behind those of the pair, which outlives them. */
    final void addBehind(String rule) {
        behind.add(rule);
    }

    /** Puts all of it before the rules of others. */
    final String install() {
        List<String> all = new ArrayList<>(filter);
        all.addAll(behind);
        return table("raw", inserted(raw)) + table("nat", inserted(nat)) + table("filter", inserted(all));
    }

    /** Takes the pair's own away again. */
    final String uninstall() {
        return table("raw", deleted(raw)) + table("nat", deleted(nat)) + table("filter", deleted(filter));
    }

    /** @return empty if there are none: iptables makes the table that is named, by a module of its own as the case may be */
    static String table(String name, String rules) {
        return rules.isEmpty() ? "" : "*" + name + "\n" + rules + "COMMIT\n";
    }

    static String deleted(List<String> rules) {
        StringBuilder text = new StringBuilder();
        for (String rule : rules) {
            text.append("-D ").append(rule).append('\n');
        }
        return text.toString();
    }

    private static String inserted(List<String> rules) {
        StringBuilder text = new StringBuilder();
        for (int i = rules.size() - 1; i >= 0; i--) {
            int space = rules.get(i).indexOf(' ');
            text.append("-I ").append(rules.get(i), 0, space).append(" 1").append(rules.get(i).substring(space)).append('\n');
        }
        return text.toString();
    }
}
