package org.secfilt.kernel.jnr;

import java.util.EnumSet;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.OpenDescriptor.Steering;

/** The options of an internet socket that org.secfilt.filter.SocketCalls lets nobody set, as they were set before. */
final class Steerings {
    // asm-generic/socket.h, linux/in.h, linux/tcp.h
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_IPV6 = 41;
    private static final int TCP_ULP = 31;
    private static final int SO_BINDTOIFINDEX = 62;
    private static final int SO_MARK = 36;
    private static final int IP_OPTIONS = 4;
    private static final int IP_FREEBIND = 15;
    private static final int IP_TRANSPARENT = 19;
    private static final int IP_UNICAST_IF = 50;
    /** IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS: what IPV6_2292PKTOPTIONS set is told by these too. // linux/in6.h */
    private static final int[] IPV6_HEADERS = {54, 55, 57, 59};
    private static final int IPV6_PKTINFO = 50;
    private static final int IPV6_TRANSPARENT = 75;
    private static final int IPV6_UNICAST_IF = 76;
    private static final int IPV6_FREEBIND = 78;
    private static final int PKTINFO_BYTES = 20; // struct in6_pktinfo
    private static final int VALUE_BYTES = 64;
    private static final int VALUE = 8;
    /** "tls" in a native int: it sends to the peer and nowhere else. */
    private static final int TLS = 't' | 'l' << 8 | 's' << 16;

    private final int fd;
    private final long scratch;
    private final Set<Steering> found = EnumSet.noneOf(Steering.class);

    /** @param scratch for a value and its length, overwritten */
    Steerings(int fd, long scratch) {
        this.fd = fd;
        this.scratch = scratch;
    }

    /** @param six of AF_INET6, which has the options of both levels */
    Set<Steering> ask(boolean six, boolean tcp) {
        askFor(SOL_SOCKET, SO_MARK, Steering.MARK);
        askFor(IPPROTO_IP, IP_OPTIONS, Steering.ROUTE);
        askFor(IPPROTO_IP, IP_FREEBIND, Steering.SENDER);
        askFor(IPPROTO_IP, IP_TRANSPARENT, Steering.SENDER);
        if (six) {
            for (int header : IPV6_HEADERS) {
                askFor(IPPROTO_IPV6, header, Steering.ROUTE);
            }
            askFor(IPPROTO_IPV6, IPV6_FREEBIND, Steering.SENDER);
            askFor(IPPROTO_IPV6, IPV6_TRANSPARENT, Steering.SENDER);
        }
        if (tcp && value(IPPROTO_TCP, TCP_ULP) && NativeMemory.IO.getInt(scratch + VALUE) != TLS) {
            found.add(Steering.PROTOCOL);
        }
        return found;
    }

    /** @param tied to an interface by the link-local address it is connected to, which is judged as an address */
    Set<Steering> askForInterfaces(boolean six, boolean tied) {
        askFor(IPPROTO_IP, IP_UNICAST_IF, Steering.INTERFACE);
        if (six) {
            askFor(IPPROTO_IPV6, IPV6_UNICAST_IF, Steering.INTERFACE);
        }
        if (!tied) {
            askFor(SOL_SOCKET, SO_BINDTOIFINDEX, Steering.INTERFACE);
            if (six && !forgetPacketInfo()) {
                found.add(Steering.INTERFACE);
            }
        }
        return found;
    }

    /** The one that nobody can ask for. // net/ipv6/ipv6_sockglue.c */
    private boolean forgetPacketInfo() {
        NativeMemory.IO.setMemory(scratch, PKTINFO_BYTES, (byte) 0);
        return Libc.SETSOCKOPT.call(fd, IPPROTO_IPV6, IPV6_PKTINFO, scratch, PKTINFO_BYTES) >= 0;
    }

    private void askFor(int level, int option, Steering steering) {
        if (value(level, option)) {
            found.add(steering);
        }
    }

    /** Whether it has one: a number that is not 0, or any bytes. What cannot be told counts, but for an option that the kernel does not know. */
    private boolean value(int level, int option) {
        NativeMemory.IO.setMemory(scratch, VALUE + VALUE_BYTES, (byte) 0);
        NativeMemory.IO.putInt(scratch, VALUE_BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, level, option, scratch + VALUE, scratch);
        if (rc < 0) {
            return rc != -Errno.ENOPROTOOPT.number();
        }
        int length = NativeMemory.IO.getInt(scratch);
        return length > Integer.BYTES || length > 0 && NativeMemory.IO.getInt(scratch + VALUE) != 0;
    }
}
