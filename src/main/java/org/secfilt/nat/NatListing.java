package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Protocol;

/**
 * What a listing of {@code iptables-save} tells of rules of ours, by their comments: {@code secfilt sfn1f} on those of a pair, and
 * {@code secfilt forwarding of eth0} on the one that remembers of an interface that it forwarded nothing before.
 */
final class NatListing {
    private static final String COMMENT = "secfilt ";
    private static final String FORWARDING = "secfilt forwarding of ";

    /** Options that name a packet's destination port, by one of them or a list. // iptables-extensions(8) tcp, udp, multiport */
    private static final List<String> PORTS = List.of("--dport", "--dports", "--ports");
    /** A comment is words to read, not options. */
    private static final Pattern QUOTED = Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"");

    private NatListing() {}

    /** What the rules of one pair end with, but for where they jump. */
    static String comment(String interfaceName) {
        return commentOf(COMMENT + interfaceName);
    }

    private static String commentOf(String text) {
        return " -m comment --comment \"" + text + "\"";
    }

    /**
     * The rule that remembers that this interface forwarded nothing before, and has it forward nothing but for pairs of ours.
     *
     * @param bridges whether the host's bridges ask rules of FORWARD as well: what they pass on between their own ports stays theirs
     */
    static String forwardingOff(String interfaceName, boolean bridges) {
        return "FORWARD -i " + interfaceName + " ! -o " + NatLink.PREFIX + "+" + (bridges ? " -m physdev ! --physdev-is-bridged" : "")
                + commentOf(FORWARDING + interfaceName) + " -j DROP";
    }

    /** Those that there are. */
    static List<String> forwardingsOff(String saved) {
        List<String> rules = new ArrayList<>();
        for (String line : saved.split("\n")) {
            if (line.startsWith("-A ") && commentIn(line).startsWith(FORWARDING)) {
                rules.add(line.substring(3));
            }
        }
        return rules;
    }

    /** The interfaces that forwarded nothing before, by these rules. */
    static List<String> remembered(List<String> forwardingsOff) {
        List<String> names = new ArrayList<>();
        for (String rule : forwardingsOff) {
            names.add(commentIn(rule).substring(FORWARDING.length()));
        }
        return names;
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

    /** The first rule by which this host leads packets to a port of its own elsewhere. */
    static Optional<String> leading(String saved, Protocol protocol, int port, List<Cidr> local) {
        for (String line : saved.split("\n")) {
            List<String> words = List.of(QUOTED.matcher(line).replaceAll("\"\"").split(" "));
            String target = after(words, "-j");
            if (line.startsWith("-A ") && (target.equals("DNAT") || target.equals("REDIRECT")) && isAbout(words, protocol, port)
                    && (isNegated(words, "-d") || isTo(after(words, "-d"), local))) {
                return Optional.of(line);
            }
        }
        return Optional.empty();
    }

    /** A rule that names an address alone is about all protocols and ports of it; one that names neither is no rule about a server of this host's. */
    private static boolean isAbout(List<String> words, Protocol protocol, int port) {
        boolean whole = !isNegated(words, "-d") && !after(words, "-d").isEmpty();
        boolean ofProtocol = words.contains("-p") ? after(words, "-p").equals(protocol.toString()) != isNegated(words, "-p") : whole;
        boolean named = false;
        for (String ports : PORTS) {
            if (words.contains(ports)) {
                named = true;
                if (isFor(after(words, ports), port) == isNegated(words, ports)) {
                    return false;
                }
            }
        }
        return ofProtocol && (named || whole);
    }

    /** The word that follows; empty if there is none. */
    private static String after(List<String> words, String word) {
        int at = words.indexOf(word);
        return at < 0 || at + 1 >= words.size() ? "" : words.get(at + 1);
    }

    /** Whether what follows is meant the other way round. */
    private static boolean isNegated(List<String> words, String word) {
        int at = words.indexOf(word);
        return at > 0 && words.get(at - 1).equals("!");
    }

    /** @param ports as in {@code 80,8000:8088}; empty ones are none */
    private static boolean isFor(String ports, int port) {
        for (String range : ports.split(",")) {
            String[] ends = range.split(":");
            if (!range.isEmpty() && Integer.parseInt(ends[0]) <= port && port <= Integer.parseInt(ends[ends.length - 1])) {
                return true;
            }
        }
        return false;
    }

    private static boolean isTo(String network, List<Cidr> local) {
        if (network.isEmpty()) {
            return true;
        }
        Optional<Cidr> read = Subnets.read(network); // a mask may have holes
        for (Cidr address : local) {
            if (read.isEmpty() || read.get().contains(address.first())) {
                return true;
            }
        }
        return false;
    }

    static boolean isOurs(String line) {
        return commentIn(line).startsWith(COMMENT);
    }

    /** The rules of ours in listings, which tell their own time and count packets besides. */
    static List<String> ours(List<String> listings) {
        List<String> rules = new ArrayList<>();
        for (String listing : listings) {
            for (String line : listing.split("\n")) {
                if (line.startsWith("-A ") && isOurs(line)) {
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
