package org.secfilt.abi;

import java.util.Optional;

/** A transport protocol that rules can name. // linux/in.h */
public enum Protocol {
    TCP("tcp", 6),
    UDP("udp", 17);

    /** IPPROTO_MPTCP: TCP, of which one connection has several. Rules cannot name it. */
    public static final int MPTCP = 262;

    private final String word;
    private final int number;

    Protocol(String word, int number) {
        this.word = word;
        this.number = number;
    }

    /** IPPROTO_TCP or IPPROTO_UDP. */
    public int number() {
        return number;
    }

    /** The one besides. */
    public Protocol other() {
        return this == TCP ? UDP : TCP;
    }

    /** The protocol of an IPPROTO number; empty for one that rules cannot name. */
    public static Optional<Protocol> of(int number) {
        return number == TCP.number ? Optional.of(TCP) : number == UDP.number ? Optional.of(UDP) : Optional.empty();
    }

    /** Likewise the protocol of what a socket of that number sends: MPTCP's packets are TCP's. */
    public static Optional<Protocol> ofPackets(int number) {
        return number == MPTCP ? Optional.of(TCP) : of(number);
    }

    /** @throws IllegalArgumentException saying what to write instead */
    public static Protocol parse(String text) {
        for (Protocol protocol : values()) {
            if (protocol.word.equalsIgnoreCase(text)) {
                return protocol;
            }
        }
        throw new IllegalArgumentException("'" + Printable.escape(text) + "' is no protocol; write tcp or udp");
    }

    /** "tcp" or "udp". */
    @Override
    public String toString() {
        return word;
    }
}
