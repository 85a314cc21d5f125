package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;

/**
 * A chain of ours and its hooks in OUTPUT, as input for {@code iptables-restore --noflush}: all of it or nothing.
 *
 * @param name at most 28 characters
 */
public record Chain(String name, Members members) {
    /** What all names of ours begin with. */
    public static final String PREFIX = "SECFILT-";

    /** linux/netfilter/x_tables.h XT_EXTENSION_MAXNAMELEN, its NUL left out. */
    private static final int MAX_NAME = 28;

    public Chain {
        if (!name.startsWith(PREFIX) || name.length() > MAX_NAME) {
            throw new IllegalArgumentException("'" + name + "' is no name of a chain of ours");
        }
    }

    /**
     * Makes the chain, or empties it, and hooks it before all other rules of OUTPUT, which may accept.
     *
     * @param rules as of {@link PacketRules}
     */
    public String install(List<String> rules) {
        StringBuilder text = fill(rules);
        for (String match : members.matches()) {
            text.append("-I OUTPUT 1 ").append(match).append("-j ").append(name).append('\n');
        }
        return text.append("COMMIT\n").toString();
    }

    /** Puts other rules in the chain, which is there and hooked. */
    String refill(List<String> rules) {
        return fill(rules).append("COMMIT\n").toString();
    }

    private StringBuilder fill(List<String> rules) {
        StringBuilder text = new StringBuilder("*filter\n:").append(name).append(" - [0:0]\n");
        for (String rule : rules) {
            text.append("-A ").append(name).append(' ').append(rule).append('\n');
        }
        return text;
    }

    /** Takes hooks and chain away. */
    public String remove() {
        List<String> hooks = new ArrayList<>();
        for (String match : members.matches()) {
            hooks.add(match + "-j " + name);
        }
        return "*filter\n" + removal(name, hooks) + "COMMIT\n";
    }

    /** The lines that take a chain away. @param hooks the specifications of the rules of OUTPUT that jump to it */
    static String removal(String name, List<String> hooks) {
        StringBuilder text = new StringBuilder();
        for (String hook : hooks) {
            text.append("-D OUTPUT ").append(hook).append('\n');
        }
        return text.append("-F ").append(name).append("\n-X ").append(name).append('\n').toString();
    }
}
