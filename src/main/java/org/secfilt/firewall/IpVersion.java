package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;

/** A family of packets, each with tables and programs of its own. */
public enum IpVersion {
    V4("iptables", "-p icmp -m icmp --icmp-type 8", "127.0.0.0/8", "-m u32 --u32 \"0>>24&0xF=6:15\"", List.of("-p icmp", "-p 2")),
    V6("ip6tables", "-p icmpv6 -m icmp6 --icmpv6-type 128", "::1/128", "-m ipv6header --header ipv6-route --soft", List.of("-p icmpv6"));

    private static final String RESET = "-p tcp -m tcp --tcp-flags RST RST";

    private final String program;
    private final String echoRequest;
    private final String loopback;
    private final String routed;
    private final List<String> control;

    IpVersion(String program, String echoRequest, String loopback, String routed, List<String> control) {
        this.program = program;
        this.echoRequest = echoRequest;
        this.loopback = loopback;
        this.routed = routed;
        this.control = control;
    }

    /** The program's name without {@code -restore} or {@code -save}. */
    public String program() {
        return program;
    }

    /** Matches what ping(8) sends. */
    String echoRequest() {
        return echoRequest;
    }

    String loopback() {
        return loopback;
    }

    /** Matches packets that can name further stops, so that their destination is not where they end: IPv4 options, routing headers. */
    String routed() {
        return routed;
    }

    /** Match what a kernel sends by itself to keep a network going: neighbours, groups (IGMP is 2), errors, answers to pings, resets. */
    List<String> control() {
        List<String> all = new ArrayList<>(control);
        all.add(RESET);
        return all;
    }
}
