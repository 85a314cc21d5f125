package org.secfilt.kernel.jnr;

/** What struct tcp_info tells of a socket; of one that is not TCP it tells nothing. tcp(7) "TCP_INFO", linux/tcp.h */
final class TcpInfo {
    // linux/in.h, linux/tcp.h, net/tcp_states.h
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;
    private static final int TCP_CLOSE = 7;
    private static final int TCP_LISTEN = 10;
    /** offsetof(struct tcp_info, tcpi_rcv_mss), set when a connection is taken away; and tcpi_advmss, by what it began with. */
    private static final int RECEIVED_SIZE = 20;
    private static final int OFFERED_SIZE = 84;
    /** offsetof(struct tcp_info, tcpi_segs_out). */
    private static final int SEGMENTS_SENT = 136;
    private static final int NAME = 8;
    private static final int UNKNOWN = -2;

    /** What is asked for at most. */
    static final int BYTES = SEGMENTS_SENT + Integer.BYTES;

    private final int fd;
    private final long scratch;
    private int state = UNKNOWN;

    /** @param scratch a socklen_t, then room for {@link #BYTES}; overwritten by each call */
    TcpInfo(int fd, long scratch) {
        this.fd = fd;
        this.scratch = scratch;
    }

    /** TCP_SYN_SENT above all, with TCP_FASTOPEN_CONNECT before anything is sent too. // net/ipv4/af_inet.c inet_getname() */
    boolean connects() {
        return state() >= 0 && state() != TCP_CLOSE && state() != TCP_LISTEN;
    }

    boolean isClosed() {
        return state() == TCP_CLOSE;
    }

    /** The first byte, when first asked for; -1 of what is not TCP. */
    private int state() {
        if (state == UNKNOWN) {
            state = ask(1) ? NativeMemory.IO.getByte(scratch + NAME) : -1;
        }
        return state;
    }

    /** Not closed now, or closed with something sent. */
    boolean hasBegun() {
        return askAll() && (NativeMemory.IO.getByte(scratch + NAME) != TCP_CLOSE || NativeMemory.IO.getInt(scratch + NAME + SEGMENTS_SENT) != 0);
    }

    /** Or tried to be. */
    boolean wasConnected() {
        return askAll()
                && (NativeMemory.IO.getInt(scratch + NAME + RECEIVED_SIZE) != 0 || NativeMemory.IO.getInt(scratch + NAME + OFFERED_SIZE) != 0);
    }

    private boolean askAll() {
        return ask(SEGMENTS_SENT + Integer.BYTES);
    }

    private boolean ask(int bytes) {
        NativeMemory.IO.putInt(scratch, bytes);
        return Libc.GETSOCKOPT.call(fd, IPPROTO_TCP, TCP_INFO, scratch + NAME, scratch) >= 0;
    }
}
