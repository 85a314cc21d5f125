package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Publication;

/**
 * The rules of one pair in one family, as input for {@code iptables-restore --noflush}.
 *
 * <pre>
 *   nat     POSTROUTING   what leaves the pair's network gets this host's address, and of its ports one where neither a service nor a client of
 *                         the host's is likely: what comes back to that is the command's, from whomever the command chose, be it an answer or not
 *           PREROUTING    a published port leads to the command's end; OUTPUT the same for this host's own programs
 *   filter  FORWARD       what comes from the pair goes on, but of tunnels, whose answers are not to be told from what is the host's; to it go
 *                         answers and what PREROUTING has led there, nothing else
 *           OUTPUT        the same for this host's own programs: answers, and what OUTPUT of nat has led to it
 *           FORWARD       nothing comes from the pair in the name of others, for an answer to that would be one to a connection of theirs;
 *                         INPUT the same
 *                         but neighbour discovery, which has link-local addresses; so the pair advertises no routes either
 *           both          no error messages about connections of others come from the pair, and nothing that belongs to none, which nat
 *                         would let leave under the command's own address
 *           INPUT         nothing comes from the pair to 127.0.0.0/8 but answers to what OUTPUT of nat has led to it, whether or not the
 *                         kernel takes such packets
 * </pre>
 *
 * Every rule bears a comment with the interface's name: by it a later run knows what a crash has left.
 */
final class NatRules {
    private static final String COMMENT = "secfilt ";
    /**
     * The kernel takes a segment for a connection's first where it has not seen any before, as it has not on a host without rules that ask for
     * connections: one that a server of the host's took before is not to be led away. // net.netfilter.nf_conntrack_tcp_loose
     */
    private static final String FIRST_OF_TCP = " --tcp-flags FIN,SYN,RST,ACK SYN";
    /** The last is DCCP, which iptables knows by the name where there is a file /etc/protocols alone. */
    private static final List<String> WITH_PORTS = List.of("tcp", "udp", "sctp", "33");
    /** IPIP, IPv6 in IP, GRE, ESP, AH, OSPF, L2TP: all of it that somebody sends to this host would be the command's, if that has sent some there. */
    private static final List<String> TUNNELS = List.of("4", "41", "47", "50", "51", "89", "115");
    // linux/icmpv6.h
    private static final int NEIGHBOUR_SOLICITATION = 135;
    private static final int NEIGHBOUR_ADVERTISEMENT = 136;
    private static final String FORWARDING = "secfilt forwarding of ";

    private final String name;
    private final String comment;
    /** The command's own; null if it has none. */
    private final IpAddress own;
    private final List<String> nat = new ArrayList<>();
    private final List<String> filter = new ArrayList<>();
    /** How many of those are this pair's. */
    private final int pairs;

    /**
     * @param ports from which what leaves seems to come, as in {@code 61000-65535}
     * @param loopback the network whose programs use this host's own published ports, and which nothing but answers to them reaches; empty where it
     *     cannot be routed
     */
    NatRules(String name, Subnets subnets, String ports, List<Publication> publications, String loopback) {
        this.name = name;
        this.comment = " -m comment --comment \"" + COMMENT + name + "\"";
        this.own = subnets.own();
        translate(subnets.block() + " ! -o " + name, ports);
        if (!publications.isEmpty() && !loopback.isEmpty()) {
            nat.add("POSTROUTING -s " + loopback + " -o " + name + comment + " -j MASQUERADE");
        }
        for (Publication publication : publications) {
            publish(publication);
        }
        // The first one given ends up first. To another pair goes what the rules of that one say, which may stand behind these.
        refuseForeign();
        forward();
        filter.add("FORWARD -o " + name + " -m conntrack --ctstate RELATED,ESTABLISHED" + comment + " -j ACCEPT");
        for (Publication publication : publications) {
            // Not who wrote the command's own address: that leads here as well, from hosts with a route to it and from other pairs.
            filter.add("FORWARD -d " + own + " -o " + name + " -p " + publication.protocol() + " -m "
                    + publication.protocol() + " --dport " + publication.port() + " -m conntrack --ctstate DNAT" + comment + " -j ACCEPT");
        }
        filter.add("FORWARD -o " + name + comment + " -j DROP");
        // UNTRACKED: neighbour discovery. No network is named: a link-local address leads there too.
        filter.add("OUTPUT -o " + name + " -m conntrack ! --ctstate RELATED,ESTABLISHED,UNTRACKED,DNAT" + comment + " -j DROP");
        // Daemons of the host's are asked and told by multicast too (mDNS), and hear it from every interface.
        drop("INPUT -i " + name + (own.isV4() ? " -m addrtype ! --dst-type LOCAL" : " -d ff00::/8 ! -p ipv6-icmp"));
        // No way to the command is narrower than its pair.
        drop("INPUT -i " + name + (own.isV4() ? " -p icmp -m icmp --icmp-type 3/4" : " -p ipv6-icmp -m icmp6 --icmpv6-type 2"));
        if (!loopback.isEmpty()) {
            drop("INPUT -d " + loopback + " -i " + name + " -m conntrack ! --ctstate DNAT");
        }
        pairs = filter.size();
    }

    private void drop(String what) {
        filter.add(what + comment + " -j DROP");
    }

    private void translate(String from, String ports) {
        for (String protocol : WITH_PORTS) {
            nat.add("POSTROUTING -s " + from + " -p " + protocol + comment + " -j MASQUERADE --to-ports " + ports);
        }
        nat.add("POSTROUTING -s " + from + comment + " -j MASQUERADE");
    }

    private void publish(Publication publication) {
        String to = own.isV4() ? own.toString() : "[" + own + "]";
        String rule = " -p " + publication.protocol() + " -m addrtype --dst-type LOCAL -m " + publication.protocol() + " --dport "
                + publication.hostPort() + (publication.protocol() == Protocol.TCP ? FIRST_OF_TCP : "") + comment
                + " -j DNAT --to-destination " + to + ":" + publication.port();
        nat.add("PREROUTING" + rule);
        nat.add("OUTPUT" + rule);
    }

    /** What comes in the name of others, or is about what is theirs. */
    private void refuseForeign() {
        String foreign = " -i " + name + " ! -s " + own;
        drop("FORWARD" + foreign);
        if (own.isV4()) {
            drop("INPUT" + foreign);
        } else {
            drop("INPUT" + foreign + " ! -p ipv6-icmp");
            drop("INPUT" + foreign + " -p ipv6-icmp -m icmp6 ! --icmpv6-type " + NEIGHBOUR_SOLICITATION
                    + " -m icmp6 ! --icmpv6-type " + NEIGHBOUR_ADVERTISEMENT);
        }
        for (String chain : List.of("FORWARD", "INPUT")) {
            String tracked = chain + " -i " + name + " -m conntrack --ctstate ";
            drop(tracked + (chain.equals("INPUT") ? "INVALID" : "INVALID,UNTRACKED"));
            drop(tracked + "RELATED ! --ctorigsrc " + own + " ! --ctreplsrc " + own);
        }
        // Not the middle of a connection of the host's that nobody kept track of.
        drop("FORWARD -i " + name + " -p tcp -m tcp !" + FIRST_OF_TCP + " -m conntrack --ctstate NEW");
    }

    private void forward() {
        String out = "FORWARD -i " + name + " ! -o " + NatLink.PREFIX + "+";
        for (String protocol : TUNNELS) {
            drop(out + " -p " + protocol);
        }
        filter.add(out + comment + " -j ACCEPT");
    }

    /** Of a pair that has none of this family, and whose interface could not be told so. */
    NatRules(String name) {
        this.name = name;
        this.comment = " -m comment --comment \"" + COMMENT + name + "\"";
        this.own = null;
        for (String chain : List.of("INPUT -i ", "FORWARD -i ", "FORWARD -o ", "OUTPUT -o ")) {
            drop(chain + name);
        }
        pairs = filter.size();
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
        return "FORWARD -i " + interfaceName + " ! -o " + NatLink.PREFIX + "+ -m comment --comment \"" + FORWARDING + interfaceName + "\" -j DROP";
    }

    /** Adds more rules of FORWARD, behind those of the pair. */
    void add(String forward) {
        if (!forward.isEmpty()) {
            filter.add(forward);
        }
    }

    /** Puts all of it before the rules of others. */
    String install() {
        return "*nat\n" + inserted(nat) + "COMMIT\n*filter\n" + inserted(filter) + "COMMIT\n";
    }

    /** Takes the pair's own away again. */
    String uninstall() {
        return "*nat\n" + deleted(nat) + "COMMIT\n*filter\n" + deleted(filter.subList(0, pairs)) + "COMMIT\n";
    }

    private static String deleted(List<String> rules) {
        StringBuilder text = new StringBuilder();
        for (String rule : rules) {
            text.append("-D ").append(rule).append('\n');
        }
        return text.toString();
    }

    /** Forgets that these interfaces forwarded nothing before. @return empty if there are none */
    static String forget(List<String> names) {
        List<String> rules = new ArrayList<>();
        for (String name : names) {
            rules.add(forwardingOff(name));
        }
        return rules.isEmpty() ? "" : "*filter\n" + deleted(rules) + "COMMIT\n";
    }

    private static String inserted(List<String> rules) {
        StringBuilder text = new StringBuilder();
        for (int i = rules.size() - 1; i >= 0; i--) {
            int space = rules.get(i).indexOf(' ');
            text.append("-I ").append(rules.get(i), 0, space).append(" 1").append(rules.get(i).substring(space)).append('\n');
        }
        return text.toString();
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
        String about = comment(line);
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
            if (line.startsWith("-A ") && comment(line).startsWith(FORWARDING)) {
                names.add(comment(line).substring(FORWARDING.length()));
            }
        }
        return names;
    }

    /** The rules of ours in listings, which tell their own time and count packets besides. */
    static List<String> ours(List<String> listings) {
        List<String> rules = new ArrayList<>();
        for (String listing : listings) {
            for (String line : listing.split("\n")) {
                if (line.startsWith("-A ") && comment(line).startsWith(COMMENT)) {
                    rules.add(line);
                }
            }
        }
        return rules;
    }

    private static String comment(String line) {
        int from = line.indexOf("--comment \"");
        int to = from < 0 ? -1 : line.indexOf('"', from + 11);
        return to < 0 ? "" : line.substring(from + 11, to);
    }
}
