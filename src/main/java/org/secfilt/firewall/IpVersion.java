package org.secfilt.firewall;

/** A family of packets, each with tables and programs of its own. */
public enum IpVersion {
    V4("iptables", "-p icmp -m icmp --icmp-type 8", "127.0.0.0/8", "-m u32 --u32 \"0>>24&0xF=6:15\""),
    V6("ip6tables", "-p icmpv6 -m icmp6 --icmpv6-type 128", "::1/128", "-m ipv6header --header ipv6-route --soft");

    private final String program;
    private final String echoRequest;
    private final String loopback;
    private final String routed;

    IpVersion(String program, String echoRequest, String loopback, String routed) {
        this.program = program;
        this.echoRequest = echoRequest;
        this.loopback = loopback;
        this.routed = routed;
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
}
