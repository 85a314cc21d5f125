package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/**
 * A policy's rules for packets that leave, one family's, in order:
 *
 * <pre>
 *   names further stops ──────────────────────────> DROP
 *   loopback's address, by another interface ─────> DROP
 *   where all packets of a network are judged,
 *     ICMP, IGMP and resets of the kernel itself ─> RETURN
 *   a sender's address that is not of this host ──> DROP
 *   answers on a TCP connection that came in ─────> RETURN, as far as bind's rules go
 *   connect's deny rules ─────────────────────────> refused
 *     the same of what was translated ────────────> refused
 *   connect's mode allow, or its allow rules ─────> RETURN
 *     the same of what was translated ────────────> RETURN
 *   the rest ─────────────────────────────────────> refused
 * </pre>
 *
 * <p>RETURN, never ACCEPT: what the host's own rules say of the packet still holds. Refused means REJECT by a reset for TCP, whose
 * connect(2) would wait for minutes, and DROP for all else, whose sender then sees EPERM.
 *
 * <p>The kernel itself asks for neighbours, tells of errors and answers pings; known by its sockets, which no process has open. An answer
 * goes to the sender that a packet names, with what was in the packet: one to an allowed address of this host must not name another host.
 *
 * <p>Protocols that rules do not name: a rule for addresses alone is about all of them; a rule with ports about all that have ports; a
 * rule for tcp or udp about that one, but it denies UDP-Lite, SCTP and DCCP too. An address named by any allow rule can be pinged.
 *
 * <p>Translated: the table nat has its turn before, and may have given the packet another destination than its sender wrote. Each rule is about
 * both then: where the packet goes, and where its sender wrote that it should. So deny beats allow, whichever of the two is denied. Only
 * where this host has such rules, for connection tracking, which remembers, costs every packet of the host.
 */
public final class PacketRules implements Match.Visitor<Optional<Match.Inet>> {
    /** Those whose header begins with two ports. */
    private static final List<String> WITH_PORTS = List.of("tcp", "udp", "udplite", "sctp", "dccp");
    /** iptables-extensions(8) "multiport": fifteen ports, a range counts as two. */
    private static final int MAX_PORTS = 15;
    private static final String RETURN = "RETURN";

    /** Which destination of a packet. */
    private enum Destination {
        REACHED("", "-d"),
        /**
         * All connections have an original destination, so it counts for those alone whose destination was translated; and of these
         * for what their beginner sends, for answers go elsewhere.
         */
        WRITTEN("-m conntrack --ctstate DNAT --ctdir ORIGINAL ", "--ctorigdst");

        private final String state;
        private final String option;

        Destination(String state, String option) {
            this.state = state;
            this.option = option;
        }

        /**
         * As matches. Where the tracking of connections does not know a protocol's ports, it has 0 for them, and none can be translated: then it
         * is the packet's own.
         */
        private List<String> ports(List<PortRange> ranges, String protocol) {
            List<String> reached = PacketRules.ports(ranges, "--dports");
            if (this == REACHED || ranges.isEmpty()) {
                return reached;
            }
            List<String> matches = new ArrayList<>();
            for (String ports : isTcpOrUdp(protocol) ? List.<String>of() : reached) {
                matches.add(" --ctorigdstport 0" + ports);
            }
            for (PortRange range : ranges) {
                matches.add(" --ctorigdstport " + range.first() + (range.first() == range.last() ? "" : ":" + range.last()));
            }
            return matches;
        }

        /** Whether what is about this one is about the other too: neither addresses nor ports are looked at. */
        private boolean isAny(String network, Match.Inet match) {
            return this == WRITTEN && network.isEmpty() && match.ports().isEmpty();
        }
    }

    private final IpVersion version;
    private final boolean translated;
    private final RuleSink rules;

    private PacketRules(IpVersion version, boolean translated, RuleSink rules) {
        this.version = version;
        this.translated = translated;
        this.rules = rules;
    }

    /** Adds what the rules of {@link #of(Policy, IpVersion, boolean)} weigh, without keeping them. */
    static void weigh(Policy policy, IpVersion version, boolean translated, Weight weight) {
        PacketRules made = new PacketRules(version, translated, weight);
        made.answers(policy.bind());
        made.destinations(policy);
    }

    /**
     * Rule specifications without {@code -A CHAIN}. Empty if the policy restricts no destination.
     *
     * @param translated whether this host may translate destinations
     */
    public static List<String> of(Policy policy, IpVersion version, boolean translated) {
        return of(policy, version, translated, "", true);
    }

    /**
     * As {@link #of(Policy, IpVersion, boolean)}, while a tracer judges binds and there are no raw sockets: all other sockets' packets are the
     * kernel's own work. So those of TCP connections go where a first packet, with SYN alone, was let through or came from, which no
     * connection tracking must tell; it would cost each packet of this host. For a chain of {@link Members#beginnings}, to which none but such
     * a first packet comes. None has a source route, or a foreign sender.
     */
    static List<String> ofPlain(Policy policy, IpVersion version, boolean translated) {
        if (!policy.restrictsDestinations()) {
            return List.of();
        }
        KeptRules kept = new KeptRules();
        PacketRules made = new PacketRules(version, translated, kept);
        made.leavingLoopback();
        made.destinations(policy);
        return kept.rules();
    }

    /** As {@link #of(Policy, IpVersion, boolean)}, for a chain that others than a profile's members come to, who may have all sorts of business. */
    static List<String> ofOthers(Policy policy, IpVersion version, boolean translated) {
        return of(policy, version, translated, "", false);
    }

    /**
     * As {@link #of(Policy, IpVersion, boolean)}, for a chain that all packets of a network come to, the kernel's own too.
     *
     * @param users all that there are, by ranges of numbers such as {@code 0-4294967294}
     */
    public static List<String> ofNetwork(Policy policy, IpVersion version, boolean translated, List<String> users) {
        StringBuilder nobodys = new StringBuilder();
        for (String range : users) {
            nobodys.append(" -m owner ! --uid-owner ").append(range); // without a file there is no owner: xt_owner.c owner_mt()
        }
        return of(policy, version, translated, nobodys.toString(), true);
    }

    private static List<String> of(Policy policy, IpVersion version, boolean translated, String nobodys, boolean ownNames) {
        if (!policy.restrictsDestinations()) {
            return List.of();
        }
        KeptRules kept = new KeptRules();
        PacketRules made = new PacketRules(version, translated, kept);
        for (String routed : version.routed()) {
            made.rules.add(routed + " -j DROP");
        }
        made.leavingLoopback();
        if (!nobodys.isEmpty()) {
            for (String control : version.control()) {
                made.rules.add(control + nobodys + " -j " + RETURN);
            }
        }
        if (ownNames) {
            made.rules.add("-m addrtype ! --src-type LOCAL -j DROP");
        }
        made.answers(policy.bind());
        made.destinations(policy);
        return kept.rules();
    }

    /**
     * A chain is told the interface that led to the destination as it was written. So what was written to another host, and is redirected to
     * this one, seems to leave, but goes by lo. // linux/netfilter.h nf_hook_state
     */
    private void leavingLoopback() {
        String leaving = "-d " + version.loopback() + " ! -o lo ";
        if (!translated) {
            rules.add(leaving + "-j DROP");
            return;
        }
        for (String kind : List.of("! --ctstate DNAT", "--ctdir REPLY", "--ctorigdst " + version.loopback())) {
            rules.add(leaving + "-m conntrack " + kind + " -j DROP");
        }
    }

    /**
     * What a server sends to whoever connected to it; conntrack knows who began. But that is fooled: a packet made by hand, in the name of a
     * denied address of this host, is a beginning to it. So a first segment, with SYN alone, answers nobody, and no listener takes another.
     */
    private void answers(Access bind) {
        String answer = "-p tcp ! --syn -m conntrack --ctstate ESTABLISHED --ctdir REPLY";
        for (Rule rule : bind.deny()) {
            rules.of(rule);
            addAnswers(rule, answer, "DROP");
        }
        if (bind.mode() == Mode.ALLOW) {
            rules.add(answer + " -j " + RETURN);
            return;
        }
        if (bind.mode() == Mode.LOCAL) {
            rules.add("-s " + version.loopback() + " " + answer + " -j " + RETURN);
        }
        for (Rule rule : bind.allow()) {
            rules.of(rule);
            addAnswers(rule, answer, RETURN);
        }
    }

    private void addAnswers(Rule rule, String answer, String target) {
        Optional<Match.Inet> inet = rule.match().accept(this);
        if (inet.isEmpty() || inet.get().protocol().isPresent() && inet.get().protocol().get() != Protocol.TCP) {
            return;
        }
        List<PortRange> ranges = inet.get().ports();
        for (PortRange range : ranges) {
            if (range.contains(0)) {
                ranges = List.of(); // any free port: only the kernel knows which
                break;
            }
        }
        for (String network : networks(inet.get(), "-s", true)) {
            for (String ports : ports(ranges, "--sports")) {
                rules.add(network + answer + ports + " -j " + target);
            }
        }
    }

    private void destinations(Policy policy) {
        Access connect = policy.connect();
        List<Destination> destinations = translated ? List.of(Destination.values()) : List.of(Destination.REACHED);
        if (policy.noOutbound().isEmpty()) {
            for (Destination destination : destinations) {
                deny(connect, destination);
            }
            if (connect.mode() == Mode.ALLOW) {
                return;
            }
            for (Destination destination : destinations) {
                allow(connect, destination);
            }
        }
        rules.ofNone();
        refuseAll("");
    }

    private void deny(Access connect, Destination destination) {
        for (Rule rule : connect.deny()) {
            rules.of(rule);
            Optional<Match.Inet> inet = rule.match().accept(this);
            if (inet.isPresent()) {
                deny(inet.get(), destination);
            }
        }
    }

    private void allow(Access connect, Destination destination) {
        if (connect.mode() == Mode.LOCAL) {
            rules.add(destination.state + destination.option + " " + version.loopback() + " -j " + RETURN);
        }
        for (Rule rule : connect.allow()) {
            rules.of(rule);
            Optional<Match.Inet> inet = rule.match().accept(this);
            if (inet.isPresent()) {
                allow(inet.get(), destination);
            }
        }
    }

    private void deny(Match.Inet match, Destination destination) {
        boolean all = match.ports().isEmpty() && match.protocol().isEmpty();
        for (String address : networks(match, destination.option, false)) {
            if (destination.isAny(address, match)) {
                continue;
            }
            String network = destination.state + address;
            if (all) {
                refuseAll(network);
                continue;
            }
            for (String protocol : WITH_PORTS) {
                if (isOther(match.protocol(), protocol)) {
                    continue;
                }
                for (String ports : destination.ports(match.ports(), protocol)) {
                    rules.add(network + "-p " + protocol + ports + refusal(protocol));
                }
            }
        }
    }

    /** In doubt a denial is about a protocol too. */
    private static boolean isOther(Optional<Protocol> named, String protocol) {
        return named.isPresent() && isTcpOrUdp(protocol) && !named.get().toString().equals(protocol);
    }

    private static boolean isTcpOrUdp(String protocol) {
        return protocol.equals("tcp") || protocol.equals("udp");
    }

    private void allow(Match.Inet match, Destination destination) {
        for (String address : networks(match, destination.option, false)) {
            if (destination.isAny(address, match)) {
                continue;
            }
            String network = destination.state + address;
            if (match.ports().isEmpty() && match.protocol().isEmpty()) {
                rules.add(network + "-j " + RETURN);
                continue;
            }
            List<String> protocols = match.protocol().isPresent() ? List.of(match.protocol().get().toString()) : WITH_PORTS;
            for (String protocol : protocols) {
                for (String ports : destination.ports(match.ports(), protocol)) {
                    rules.add(network + "-p " + protocol + ports + " -j " + RETURN);
                }
            }
            if (!address.isEmpty()) {
                rules.add(network + version.echoRequest() + " -j " + RETURN);
            }
        }
    }

    private void refuseAll(String network) {
        rules.add(network + "-p tcp" + refusal("tcp"));
        rules.add(network + "-j DROP");
    }

    private static String refusal(String protocol) {
        return protocol.equals("tcp") ? " -j REJECT --reject-with tcp-reset" : " -j DROP";
    }

    /**
     * The networks of this family as matches with a blank behind, one empty if there are none to match; nothing if all are of the other
     * family.
     *
     * @param anyIsAll whether the one address 0.0.0.0, or ::, stands for all, as it does in a bind
     */
    private List<String> networks(Match.Inet match, String option, boolean anyIsAll) {
        if (match.networks().isEmpty()) {
            return List.of("");
        }
        List<String> found = new ArrayList<>();
        for (Cidr network : match.networks()) {
            if (network.base().isV4() == (version == IpVersion.V4)) {
                boolean any = network.prefix() == 0 || anyIsAll && network.base().isAny() && network.prefix() == network.base().bits();
                found.add(any ? "" : option + " " + network + " ");
            }
        }
        return found;
    }

    /** The ports as matches, as few as multiport can; one empty match if there are none to match. */
    private static List<String> ports(List<PortRange> ranges, String option) {
        List<String> matches = new ArrayList<>();
        StringBuilder list = new StringBuilder();
        int count = 0;
        for (PortRange range : ranges) {
            int size = range.first() == range.last() ? 1 : 2;
            if (count + size > MAX_PORTS) {
                matches.add(" -m multiport " + option + " " + list);
                list = new StringBuilder();
                count = 0;
            }
            list.append(count == 0 ? "" : ",").append(range.first());
            if (size == 2) {
                list.append(':').append(range.last());
            }
            count += size;
        }
        matches.add(count == 0 ? "" : " -m multiport " + option + " " + list);
        return matches;
    }

    @Override
    public Optional<Match.Inet> inet(Match.Inet match) {
        return Optional.of(match);
    }

    @Override
    public Optional<Match.Inet> unixPath(Match.UnixPath match) {
        return Optional.empty();
    }

    @Override
    public Optional<Match.Inet> unixAbstract(Match.UnixAbstract match) {
        return Optional.empty();
    }
}
