package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;

/**
 * What a listing of {@code iptables-save} tells of rules of ours, by their comments: {@code secfilt sfn1f} on those of a pair, and
 * {@code secfilt forwarding of eth0} on the one that remembers of an interface that it forwarded nothing before.
 */
final class NatListing {
    private static final String COMMENT = "secfilt ";
    private static final String FORWARDING = "secfilt forwarding of ";

    private NatListing() {}

    /** What the rules of one pair end with, but for where they jump. */
    static String comment(String interfaceName) {
        return commentOf(COMMENT + interfaceName);
    }

    private static String commentOf(String text) {
        return " -m comment --comment \"" + text + "\"";
    }

    /**
     * Remembers that this interface forwarded nothing before, and goes on forwarding nothing but for pairs of ours.
     *
     * @param unlessThere a listing of the rules there are: one such rule is enough
     */
    static String forwardingOff(String interfaceName, String unlessThere) {
        return unlessThere.contains("\"" + FORWARDING + interfaceName + "\"") ? "" : forwardingOff(interfaceName);
    }

    private static String forwardingOff(String interfaceName) {
        return "FORWARD -i " + interfaceName + " ! -o " + NatLink.PREFIX + "+" + commentOf(FORWARDING + interfaceName) + " -j DROP";
    }

    /** Forgets that these interfaces forwarded nothing before. @return empty if there are none */
    static String forget(List<String> names) {
        List<String> rules = new ArrayList<>();
        for (String name : names) {
            rules.add(forwardingOff(name));
        }
        return rules.isEmpty() ? "" : "*filter\n" + PairRules.deleted(rules) + "COMMIT\n";
    }

    /**
     * Takes down, from a listing of {@code iptables-save}, what belongs to none of these interfaces.
     *
     * @param alive the interfaces of ours there are; without any the rules that remember forwarding go too
     * @return input for {@code iptables-restore --noflush}; empty if there is nothing
     */
    static String removal(String saved, List<String> alive) {
        StringBuilder text = new StringBuilder();
        StringBuilder table = new StringBuilder();
        boolean any = false;
        for (String line : saved.split("\n")) {
            if (line.startsWith("*")) {
                table.setLength(0);
                any = false;
                table.append(line).append('\n');
            } else if (line.startsWith("-A ") && isDead(line, alive)) {
                table.append("-D ").append(line.substring(3)).append('\n');
                any = true;
            } else if (line.equals("COMMIT") && any) {
                text.append(table).append("COMMIT\n");
            }
        }
        return text.toString();
    }

    private static boolean isDead(String line, List<String> alive) {
        String about = commentIn(line);
        if (about.startsWith(FORWARDING)) {
            return alive.isEmpty();
        }
        return about.startsWith(COMMENT) && NatLink.isName(about.substring(COMMENT.length()))
                && !alive.contains(about.substring(COMMENT.length()));
    }

    /** The interfaces that forwarded nothing before, by a listing. */
    static List<String> remembered(String saved) {
        List<String> names = new ArrayList<>();
        for (String line : saved.split("\n")) {
            if (line.startsWith("-A ") && commentIn(line).startsWith(FORWARDING)) {
                names.add(commentIn(line).substring(FORWARDING.length()));
            }
        }
        return names;
    }

    /** The rules of ours in listings, which tell their own time and count packets besides. */
    static List<String> ours(List<String> listings) {
        List<String> rules = new ArrayList<>();
        for (String listing : listings) {
            for (String line : listing.split("\n")) {
                if (line.startsWith("-A ") && commentIn(line).startsWith(COMMENT)) {
                    rules.add(line);
                }
            }
        }
        return rules;
    }

    private static String commentIn(String line) {
        int from = line.indexOf("--comment \"");
        int to = from < 0 ? -1 : line.indexOf('"', from + 11);
        return to < 0 ? "" : line.substring(from + 11, to);
    }
}
