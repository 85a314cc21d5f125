package org.secfilt.nat;

import java.util.List;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Publication;

/**
 * The rules of a pair that leads out.
 *
 * <pre>
 *   raw     PREROUTING    nothing comes from the pair in the name of others: an answer to that would be one to a connection of theirs, and the
 *                         kernel's tracking of connections, which comes next, would take it for theirs. Nor do link-local addresses need to be
 *                         heard: both ends of the pair know each other from the beginning
 *   nat     POSTROUTING   what leaves the pair's network gets this host's address, and of its ports one where neither a service nor a client of
 *                         the host's is likely: what comes back to that is the command's, from whomever the command chose, be it an answer or not
 *           PREROUTING    a published port leads to the command's end; OUTPUT the same for this host's own programs
 *   filter  FORWARD       what comes from the pair goes on if it has ports, or is ICMP: of other protocols (VRRP, GRE, OSPF) all that somebody
 *                         sends to this host would be the command's, if that has sent some there; to it go answers and what PREROUTING has led
 *                         there, nothing else
 *           OUTPUT        the same for this host's own programs: answers, and what OUTPUT of nat has led to it
 *           INPUT too     no error messages about connections of others come from the pair, and nothing that belongs to none, which nat
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

    /** The command's own. */
    private final IpAddress own;
    private final String icmp;

    /**
     * @param ports from which what leaves seems to come, as in {@code 61000-65535}
     * @param loopback the network whose programs use this host's own published ports, and which nothing but answers to them reaches; empty where it
     *     cannot be routed
     */
    NatRules(String name, Subnets subnets, String ports, List<Publication> publications, String loopback) {
        super(name);
        this.own = subnets.own();
        this.icmp = own.isV4() ? "icmp" : "ipv6-icmp";
        translate(subnets.block() + " ! -o " + name, ports);
        if (!publications.isEmpty() && !loopback.isEmpty()) {
            nat("POSTROUTING -s " + loopback + " -o " + name, "MASQUERADE");
        }
        for (Publication publication : publications) {
            publish(publication);
        }
        if (!publications.isEmpty()) { // whom the command takes for this host is the command itself
            nat("POSTROUTING -s " + own + " -d " + own + " -o " + name, "MASQUERADE");
        }
        // The first one given ends up first. To another pair goes what the rules of that one say, which may stand behind these.
        refuseForeign();
        forward();
        accept("FORWARD -o " + name + " -m conntrack --ctstate ESTABLISHED");
        accept("FORWARD -o " + name + " -p " + icmp + " -m conntrack --ctstate RELATED");
        for (Publication publication : publications) {
            // Not who wrote the command's own address: that leads here as well, from hosts with a route to it and from other pairs.
            accept("FORWARD -d " + own + " -o " + name + " -p " + publication.protocol() + " -m "
                    + publication.protocol() + " --dport " + publication.port() + " -m conntrack --ctstate DNAT");
        }
        drop("FORWARD -o " + name);
        // UNTRACKED: neighbour discovery. No network is named: a link-local address leads there too.
        drop("OUTPUT -o " + name + " -m conntrack ! --ctstate RELATED,ESTABLISHED,UNTRACKED,DNAT");
        // Daemons of the host's are asked and told by multicast too (mDNS), and hear it from every interface.
        drop("INPUT -i " + name + (own.isV4() ? " -m addrtype ! --dst-type LOCAL" : " -d ff00::/8 ! -p " + icmp));
        // No way to the command is narrower than its pair.
        drop("INPUT -i " + name + " -p " + icmp + (own.isV4() ? " -m icmp --icmp-type 3/4" : " -m icmp6 --icmpv6-type 2"));
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
        dropEarly("PREROUTING -i " + name + " ! -s " + own);
        // The host's helpers of protocols (FTP, SIP) would lead connections to its own ports to whoever names those. // CT --helper
        passEarly("PREROUTING -i " + name);
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
        for (String protocol : WITH_PORTS) {
            accept(out + " -p " + protocol);
        }
        accept(out + " -p " + icmp);
        drop(out);
    }
}
