package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;

/**
 * A chain of ours and its hooks in OUTPUT, as input for {@code iptables-restore --noflush}: all of it or nothing.
 *
 * @param name at most 28 characters
 * @param beginnings whether of TCP connections only what begins one comes to it, {@link Members#beginnings}
 */
public record Chain(String name, Members members, boolean beginnings) {
    /** What all names of ours begin with. */
    public static final String PREFIX = "SECFILT-";

    /** linux/netfilter/x_tables.h XT_EXTENSION_MAXNAMELEN, its NUL left out. */
    private static final int MAX_NAME = 28;

    /** All packets of the members come to it. */
    public Chain(String name, Members members) {
        this(name, members, false);
    }

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
        return install(rules, "");
    }

    /** The same, with further lines for the table. */
    String install(List<String> rules, String further) {
        StringBuilder text = fill(rules);
        hook(text);
        return text.append(further).append("COMMIT\n").toString();
    }

    private void hook(StringBuilder text) {
        for (String hook : hooks()) {
            text.append("-I OUTPUT 1 ").append(hook).append('\n');
        }
    }

    /** The specifications of the rules of OUTPUT that jump to it. */
    private List<String> hooks() {
        List<String> hooks = new ArrayList<>();
        for (String match : beginnings ? members.beginnings() : members.matches()) {
            hooks.add(match + "-j " + name);
        }
        return hooks;
    }

    /** The same, hooked for all packets. */
    Chain whole() {
        return new Chain(name, members);
    }

    /** Makes {@link #whole} of it, and puts other rules in. */
    String widen(List<String> rules) {
        StringBuilder text = fill(rules);
        whole().hook(text);
        unhook(text, hooks());
        return text.append("COMMIT\n").toString();
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
        return "*filter\n" + removal(name, hooks()) + "COMMIT\n";
    }

    /** The lines that take a chain away. @param hooks the specifications of the rules of OUTPUT that jump to it */
    static String removal(String name, List<String> hooks) {
        StringBuilder text = new StringBuilder();
        unhook(text, hooks);
        return text.append("-F ").append(name).append("\n-X ").append(name).append('\n').toString();
    }

    private static void unhook(StringBuilder text, List<String> hooks) {
        for (String hook : hooks) {
            text.append("-D OUTPUT ").append(hook).append('\n');
        }
    }
}
