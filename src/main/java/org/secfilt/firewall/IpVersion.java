package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;

/** A family of packets, each with tables and programs of its own. */
public enum IpVersion {
    V4("iptables", "-p icmp -m icmp --icmp-type 8", "127.0.0.0/8", List.of("-m u32 --u32 \"0>>24&0xF=6:15\""), List.of("-p icmp", "-p 2")),
    V6("ip6tables", "-p icmpv6 -m icmp6 --icmpv6-type 128", "::1/128", List.of("-m rt", "-m frag"), List.of("-p icmpv6"));

    private static final String RESET = "-p tcp -m tcp --tcp-flags RST RST";

    private final String program;
    private final String echoRequest;
    private final String loopback;
    private final List<String> routed;
    private final List<String> control;

    IpVersion(String program, String echoRequest, String loopback, List<String> routed, List<String> control) {
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

    /**
     * Match packets that can name further stops, so that their destination is not where they end: IPv4 options, routing headers, and fragments of
     * such. The tracking of connections has put fragments together by then, but those within fragments it leaves to the receiver; and the kernel
     * makes its own later. Of packets that end too early these matches drop all. // ip6t_rt.c "hotdrop"; ipv6header overlooks a last header
     */
    List<String> routed() {
        return routed;
    }

    /** Match what a kernel sends by itself to keep a network going: neighbours, groups (IGMP is 2), errors, answers to pings, resets. */
    List<String> control() {
        List<String> all = new ArrayList<>(control);
        all.add(RESET);
        return all;
    }
}
