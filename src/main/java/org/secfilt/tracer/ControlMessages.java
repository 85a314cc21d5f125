package org.secfilt.tracer;

import org.secfilt.abi.Msghdr;

/**
 * The control messages of a sendmsg. cmsg(3). Some of them send the packet elsewhere than its name says: source routes, marks, by which a
 * host may choose another table of routes, and the choice of an interface, by which a datagram to 127.0.0.1 leaves the machine. They are
 * read as the kernel reads them (linux/socket.h, CMSG_OK and CMSG_NXTHDR), and what it would not parse is refused.
 *
 * <p>Options are what the routers on the way and the host at its end may do something else for; those that org.secfilt.plan.SocketOptions lets nobody
 * set are refused here too, whatever is in them.
 */
final class ControlMessages {
    private static final int SO_MARK = 36; // asm-generic/socket.h
    // linux/in.h, linux/in6.h
    private static final int IPPROTO_IP = 0;
    private static final int IP_RETOPTS = 7;
    private static final int IPPROTO_IPV6 = 41;
    /**
     * IPV6_2292HOPOPTS, IPV6_2292DSTOPTS, IPV6_2292RTHDR, IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS: the headers behind the first
     * one that its sender may write.
     */
    private static final int[] IPV6_HEADERS = {3, 4, 5, 54, 55, 57, 59};
    private static final int IP_PKTINFO = 8;
    private static final int IPV6_2292PKTINFO = 2;
    private static final int IPV6_PKTINFO = 50;
    /** Where struct in_pktinfo and struct in6_pktinfo have the interface's index, from the start of the message. */
    private static final int PKTINFO_INDEX = Msghdr.CMSG_DATA;
    private static final int PKTINFO6_INDEX = Msghdr.CMSG_DATA + 16;
    /** The loopback interface is number 1 in every network namespace. // net/flow.h LOOPBACK_IFINDEX */
    private static final int LOOPBACK_INDEX = 1;

    /** What there is in control data. */
    enum Kind {
        HARMLESS,
        SOURCE_ROUTE,
        /** Names an interface other than loopback. */
        INTERFACE,
        MALFORMED
    }

    private ControlMessages() {}

    static Kind kind(byte[] control, int length) {
        Kind kind = Kind.HARMLESS;
        int at = 0;
        while (length - at >= Msghdr.CMSG_DATA) {
            long messageLength = longAt(control, at);
            if (messageLength < Msghdr.CMSG_DATA || messageLength > length - at) {
                return Kind.MALFORMED;
            }
            int level = intAt(control, at + Msghdr.CMSG_LEVEL);
            int type = intAt(control, at + Msghdr.CMSG_TYPE);
            if (level == Msghdr.SOL_SOCKET && type == SO_MARK
                    || level == IPPROTO_IP && type == IP_RETOPTS
                    || level == IPPROTO_IPV6 && isHeader(type)) {
                return Kind.SOURCE_ROUTE;
            }
            int index = indexAt(level, type);
            if (index > 0 && messageLength >= index + 4 && Integer.compareUnsigned(intAt(control, at + index), LOOPBACK_INDEX) > 0) {
                kind = Kind.INTERFACE;
            }
            at += (int) Msghdr.aligned(messageLength);
        }
        return kind;
    }

    /** @return how long the message there is, of which the end may be cut off, as what was received is; 0 if there is none */
    static int lengthAt(byte[] control, int at, int length) {
        long messageLength = length - at < Msghdr.CMSG_DATA ? 0 : Math.min(longAt(control, at), length - at);
        return messageLength < Msghdr.CMSG_DATA ? 0 : (int) messageLength;
    }

    /** Where the one after this may be. */
    static int next(byte[] control, int at, int length) {
        return at + (int) Msghdr.aligned(lengthAt(control, at, length));
    }

    private static boolean isHeader(int type) {
        for (int header : IPV6_HEADERS) {
            if (type == header) {
                return true;
            }
        }
        return false;
    }

    /** Where a message of this kind has an interface's index; 0 if it has none. */
    private static int indexAt(int level, int type) {
        if (level == IPPROTO_IP && type == IP_PKTINFO) {
            return PKTINFO_INDEX;
        }
        return level == IPPROTO_IPV6 && (type == IPV6_PKTINFO || type == IPV6_2292PKTINFO) ? PKTINFO6_INDEX : 0;
    }

    /** Little-endian, as both architectures are. */
    static int intAt(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }

    static long longAt(byte[] bytes, int at) {
        return intAt(bytes, at) & 0xffffffffL | (long) intAt(bytes, at + 4) << 32;
    }
}
