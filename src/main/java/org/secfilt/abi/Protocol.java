package org.secfilt.abi;

import java.util.Optional;

/** A transport protocol that rules can name. // linux/in.h */
public enum Protocol {
    TCP("tcp", 6),
    UDP("udp", 17);

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
