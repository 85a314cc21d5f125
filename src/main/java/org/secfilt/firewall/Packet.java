package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** The kinds of packets that {@link PacketRules} tell from each other, and what a policy's rules are to each. A test holds the two together. */
public enum Packet {
    TCP("tcp", true, 6),
    UDP("udp", true, 17),
    UDPLITE("udplite", true, 136),
    SCTP("sctp", true, 132),
    DCCP("dccp", true, 33),
    /** An echo request, of ICMP or of ICMPv6. */
    PING("pings", false, -1),
    /** Of any other protocol, and what of ICMP asks for no echo. */
    OTHER("those of protocols without ports", false, -1);

    // linux/in.h
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int IPPROTO_RAW = 255;
    /** Of a rule that is about other packets: no packet here is of it. */
    private static final Optional<Protocol> NEVER = Optional.of(Protocol.TCP);

    private final String words;
    private final boolean hasPorts;
    private final int number;

    Packet(String words, boolean hasPorts, int number) {
        this.words = words;
        this.hasPorts = hasPorts;
        this.number = number;
    }

    /** Whether its header begins with two ports. */
    public boolean hasPorts() {
        return hasPorts;
    }

    /** All that such a socket can send: whoever makes headers by hand, by {@code raw:255}, chooses. */
    public static List<Packet> of(SocketKind socket) {
        boolean raw = socket.type() == SocketType.RAW;
        if (raw && socket.protocol() == IPPROTO_RAW) {
            return List.of(values());
        }
        if (socket.protocol() == IPPROTO_ICMP || socket.protocol() == IPPROTO_ICMPV6) {
            return raw ? List.of(PING, OTHER) : List.of(PING);
        }
        int number = socket.protocol() == Protocol.MPTCP && !raw ? TCP.number : socket.protocol();
        for (Packet packet : values()) {
            if (packet.number == number) {
                return List.of(packet);
            }
        }
        return List.of(OTHER);
    }

    /**
     * Rules as they are to such packets, to be judged without a protocol: those of the allow list in their order, one that is about other packets
     * with a protocol; of the deny list those alone that are about these.
     */
    public Access read(Access connect) {
        List<Rule> allow = new ArrayList<>();
        for (Rule rule : connect.allow()) {
            allow.add(rule.match() instanceof Match.Inet match ? with(rule, allowed(match)) : rule);
        }
        List<Rule> deny = new ArrayList<>();
        for (Rule rule : connect.deny()) {
            if (rule.match() instanceof Match.Inet match && isDenied(match)) {
                deny.add(with(rule, new Match.Inet(match.networks(), match.ports(), Optional.empty())));
            }
        }
        return new Access(connect.mode(), connect.modeOrigin(), allow, deny);
    }

    private static Rule with(Rule rule, Match match) {
        return new Rule(match, rule.reason(), rule.origin(), rule.unlessResolv());
    }

    private static boolean isForAll(Match.Inet match) {
        return match.ports().isEmpty() && match.protocol().isEmpty();
    }

    private Match.Inet allowed(Match.Inet match) {
        if (isForAll(match)) {
            return match;
        }
        if (this == PING && !named(match).isEmpty()) {
            return new Match.Inet(named(match), List.of(), Optional.empty());
        }
        boolean fits = hasPorts && (match.protocol().isEmpty() || isOf(match.protocol().get()));
        return new Match.Inet(match.networks(), match.ports(), fits ? Optional.empty() : NEVER);
    }

    /** The networks that name anybody. */
    private static List<Cidr> named(Match.Inet match) {
        List<Cidr> networks = new ArrayList<>();
        for (Cidr network : match.networks()) {
            if (network.prefix() > 0) {
                networks.add(network);
            }
        }
        return networks;
    }

    /** In doubt a denial is about a packet too. */
    private boolean isDenied(Match.Inet match) {
        boolean other = match.protocol().isPresent() && (this == TCP || this == UDP) && !isOf(match.protocol().get());
        return isForAll(match) || hasPorts && !other;
    }

    private boolean isOf(Protocol protocol) {
        return number == protocol.number();
    }

    @Override
    public String toString() {
        return words;
    }
}
