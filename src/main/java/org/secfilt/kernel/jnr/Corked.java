package org.secfilt.kernel.jnr;

import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;

/**
 * What a UDP socket keeps of sends that were begun: by MSG_MORE or UDP_CORK a datagram waits for its rest, with the address of its first part, to
 * which all of it then goes. udp(7)
 */
final class Corked {
    private static final int SIOCOUTQ = 0x5411; // linux/sockios.h
    private static final int MSG_DONTWAIT = 0x40; // linux/socket.h
    private static final int MSG_NOSIGNAL = 0x4000;
    /** A user's address for the kernel's first check, where nothing is ever mapped. */
    private static final long NOWHERE = 8;
    /** Each error of the socket's own is told once. */
    private static final int TRIES = 4;

    private final int fd;
    private final long scratch;

    /** @param scratch for an address and its length, overwritten */
    Corked(int fd, long scratch) {
        this.fd = fd;
        this.scratch = scratch;
    }

    /** Sends nothing. @return whether nothing is left of it */
    boolean drop() {
        return dropBegun() && forgetAddress();
    }

    /**
     * A byte that cannot be read cannot be added to a datagram, which then is dropped whole; alone it makes none. EDESTADDRREQ comes only where
     * none was begun. // net/ipv4/udp.c, net/ipv6/udp.c: udp_flush_pending_frames() on any error of ip_append_data()
     */
    boolean dropBegun() {
        for (int i = 0; i < TRIES; i++) {
            if (Libc.IOCTL.call(fd, SIOCOUTQ, scratch) >= 0 && NativeMemory.IO.getInt(scratch) == 0) {
                return true; // what was begun counts, if it is empty too
            }
            int rc = (int) Libc.SENDTO.call(fd, NOWHERE, 1, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
            if (rc == -Errno.EFAULT.number() || rc == -Errno.EDESTADDRREQ.number()) {
                return true;
            }
        }
        return false;
    }

    /**
     * A connected IPv4 socket goes on to send where its last corked datagram was to go, though it names its peer as before; and any keeps the route
     * of options that were unset since. Both end when it is connected anew. // net/ipv4/udp.c udp_sendmsg(), inet->cork.fl
     */
    private boolean forgetAddress() {
        NativeMemory.IO.putInt(scratch, Sockaddr.MAX_LENGTH);
        long name = scratch + Long.BYTES;
        if (Libc.GETPEERNAME.call(fd, name, scratch) < 0) {
            return true;
        }
        return Libc.CONNECT.call(fd, name, NativeMemory.IO.getInt(scratch)) >= 0;
    }
}
