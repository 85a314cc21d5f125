package org.secfilt.nat;

import java.util.List;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Publication;

/**
 * The rules of a pair that leads out.
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
 */
final class NatRules extends PairRules {
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

    /** The command's own. */
    private final IpAddress own;

    /**
     * @param ports from which what leaves seems to come, as in {@code 61000-65535}
     * @param loopback the network whose programs use this host's own published ports, and which nothing but answers to them reaches; empty where it
     *     cannot be routed
     */
    NatRules(String name, Subnets subnets, String ports, List<Publication> publications, String loopback) {
        super(name);
        this.own = subnets.own();
        translate(subnets.block() + " ! -o " + name, ports);
        if (!publications.isEmpty() && !loopback.isEmpty()) {
            nat("POSTROUTING -s " + loopback + " -o " + name, "MASQUERADE");
        }
        for (Publication publication : publications) {
            publish(publication);
        }
        // The first one given ends up first. To another pair goes what the rules of that one say, which may stand behind these.
        refuseForeign();
        forward();
        accept("FORWARD -o " + name + " -m conntrack --ctstate RELATED,ESTABLISHED");
        for (Publication publication : publications) {
            // Not who wrote the command's own address: that leads here as well, from hosts with a route to it and from other pairs.
            accept("FORWARD -d " + own + " -o " + name + " -p " + publication.protocol() + " -m "
                    + publication.protocol() + " --dport " + publication.port() + " -m conntrack --ctstate DNAT");
        }
        drop("FORWARD -o " + name);
        // UNTRACKED: neighbour discovery. No network is named: a link-local address leads there too.
        drop("OUTPUT -o " + name + " -m conntrack ! --ctstate RELATED,ESTABLISHED,UNTRACKED,DNAT");
        // Daemons of the host's are asked and told by multicast too (mDNS), and hear it from every interface.
        drop("INPUT -i " + name + (own.isV4() ? " -m addrtype ! --dst-type LOCAL" : " -d ff00::/8 ! -p ipv6-icmp"));
        // No way to the command is narrower than its pair.
        drop("INPUT -i " + name + (own.isV4() ? " -p icmp -m icmp --icmp-type 3/4" : " -p ipv6-icmp -m icmp6 --icmpv6-type 2"));
        if (!loopback.isEmpty()) {
            drop("INPUT -d " + loopback + " -i " + name + " -m conntrack ! --ctstate DNAT");
        }
    }

    private void translate(String from, String ports) {
        for (String protocol : WITH_PORTS) {
            nat("POSTROUTING -s " + from + " -p " + protocol, "MASQUERADE --to-ports " + ports);
        }
        nat("POSTROUTING -s " + from, "MASQUERADE");
    }

    private void publish(Publication publication) {
        String to = own.isV4() ? own.toString() : "[" + own + "]";
        String rule = " -p " + publication.protocol() + " -m addrtype --dst-type LOCAL -m " + publication.protocol() + " --dport "
                + publication.hostPort() + (publication.protocol() == Protocol.TCP ? FIRST_OF_TCP : "");
        String target = "DNAT --to-destination " + to + ":" + publication.port();
        nat("PREROUTING" + rule, target);
        nat("OUTPUT" + rule, target);
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
        accept(out);
    }
}
