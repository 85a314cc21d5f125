package org.secfilt.abi;

import java.util.Optional;

/**
 * What a socket was made as: the arguments of socket(2), as the kernel tells them later. socket(7) "SO_DOMAIN", "SO_TYPE", "SO_PROTOCOL"
 *
 * @param domain AF_*
 * @param type SOCK_*, without flags
 * @param protocol IPPROTO_* of an internet socket; other families have numbers of their own
 */
public record SocketKind(int domain, int type, int protocol) {
    private static final String RAW = "raw:";
    // linux/in.h
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_RAW = 255;
    private static final int MOST_OF_HEADER = 255;
    private static final int[] NUMBERS = {1, 6, 17, 33, 58, 115, 132, 136, 256, 262};
    private static final String[] WORDS = {"icmp", "tcp", "udp", "dccp", "icmpv6", "l2tp", "sctp", "udplite", "smc", "mptcp"};
    /** What each is made as, first of all. */
    private static final int[] TYPES = {SocketType.DGRAM, SocketType.STREAM, SocketType.DGRAM, SocketType.DCCP, SocketType.DGRAM, SocketType.DGRAM,
        SocketType.STREAM, SocketType.DGRAM, SocketType.STREAM, SocketType.STREAM};

    /** Of no socket, or of one that could not be asked. */
    public static final SocketKind UNKNOWN = new SocketKind(-1, -1, -1);

    /** The protocol that rules go by; empty for one that they cannot name. */
    public Optional<Protocol> ruled() {
        return Protocol.of(ruledNumber());
    }

    /** Likewise as a number: IPPROTO_*, and IPPROTO_IP or IPPROTO_RAW of what has TCP's or UDP's and is neither, netlink and raw sockets. */
    public int ruledNumber() {
        Optional<Protocol> named = Protocol.of(protocol);
        if (named.isEmpty()) {
            return protocol;
        }
        if (!isInternet()) {
            return IPPROTO_IP;
        }
        return type == (named.get() == Protocol.TCP ? SocketType.STREAM : SocketType.DGRAM) ? protocol : IPPROTO_RAW;
    }

    private boolean isInternet() {
        return domain == Family.INET.number() || domain == Family.INET6.number();
    }

    /** The transport protocol, in a word: {@code tcp}, {@code mptcp}, {@code raw:47}; empty for a socket that is of none. */
    public Optional<String> word() {
        if (!isInternet()) {
            return Optional.empty();
        }
        return Optional.of(type == SocketType.RAW ? RAW + protocol : name());
    }

    /** A number without a name here is its own; without one the type says which the kernel takes. socket(2), packet(7) */
    private String name() {
        if (type == SocketType.PACKET) {
            return "SOCK_PACKET"; // whatever its family is said to be, and a number of ethernet's
        }
        if (protocol == IPPROTO_IP) {
            switch (type) {
                case SocketType.STREAM:
                    return "tcp";
                case SocketType.DGRAM:
                    return "udp";
                case SocketType.RDM:
                    return "SOCK_RDM";
                case SocketType.SEQPACKET:
                    return "sctp";
                case SocketType.DCCP:
                    return "dccp";
                default:
                    break;
            }
        }
        for (int i = 0; i < NUMBERS.length; i++) {
            if (NUMBERS[i] == protocol) {
                return WORDS[i];
            }
        }
        return Integer.toString(protocol);
    }

    /** An internet socket by its {@link #word}, in small letters; empty for a text that is none, or is a bare number. */
    public static Optional<SocketKind> of(Family domain, String word) {
        for (int i = 0; i < WORDS.length; i++) {
            if (WORDS[i].equals(word)) {
                return Optional.of(new SocketKind(domain.number(), TYPES[i], NUMBERS[i]));
            }
        }
        int number = word.matches(RAW + "[0-9]{1,3}") ? Integer.parseInt(word.substring(RAW.length())) : MOST_OF_HEADER + 1;
        return number > MOST_OF_HEADER ? Optional.empty() : Optional.of(new SocketKind(domain.number(), SocketType.RAW, number));
    }
}
