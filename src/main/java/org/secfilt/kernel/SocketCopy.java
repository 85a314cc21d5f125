package org.secfilt.kernel;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;

/** The very socket a tracee's descriptor stood for when the copy was made, whatever the tracee does to its descriptor since. */
public interface SocketCopy extends AutoCloseable {
    /** The answer to a call that would have to wait; nothing was done that waiting in its place would not have begun with. */
    int WOULD_WAIT = Integer.MIN_VALUE;
    /** Likewise of connect(2) alone: the first call has begun to connect, so the second will tell a timeout as EALREADY, not EINPROGRESS. */
    int BEGUN = Integer.MIN_VALUE + 1;
    /** Likewise of connect(2) alone: the socket connects by now, or is connected, and the kernel looks at no address any more. */
    int CONNECTING = Integer.MIN_VALUE + 2;

    /** What {@link #transport} answers of any other. */
    int NO_TRANSPORT = -1;

    /** IPPROTO_TCP or IPPROTO_UDP of a socket of AF_INET or AF_INET6 of that very protocol. */
    int transport();

    /** SO_PROTOCOL: IPPROTO_* of an internet socket; other families have protocols of these numbers too, and raw sockets those that they send. */
    int number();

    /** {@link SocketKind#ruledNumber}. */
    int protocol();

    /**
     * SO_COOKIE: a number that no other socket of this host ever has, and not 0.
     *
     * @throws org.secfilt.kernel.KernelException if it cannot be told
     */
    long cookie();

    /** Its family, AF_*. */
    int domain();

    /**
     * Its name. Address and port 0 for an internet socket that was never bound; but one that was connected keeps the port in its
     * name after the connection is over, though it is bound to it no more. Empty if it cannot be told.
     */
    Optional<Sockaddr> localAddress();

    /** What it is connected to, as the other side bound itself; empty if it is not connected. */
    Optional<Sockaddr> peer();

    /** All of it, as the descriptor {@code fd}. */
    default OpenDescriptor describe(int fd) {
        return describe(fd, Care.NONE);
    }

    /** Likewise, after it was put in order, for everyone who has it; nothing is sent by that. */
    OpenDescriptor describe(int fd, Care care);

    /**
     * Takes its connection from it, for everyone who has it: a plain internet or datagram socket is unconnected, and each further send must
     * name an address; a connected unix socket is shut down. @return false if it cannot be done
     */
    boolean disconnect();

    /**
     * Whether it is of TCP and connects, is connected, or failed to and has not told so yet: connect(2) looks at no address of an
     * internet family.
     */
    boolean connecting();

    /** Whether it is of TCP and is or was connected, by whichever side, or tried to, or listened. */
    boolean wasConnected();

    /**
     * SO_RCVTIMEO or SO_SNDTIMEO in nanoseconds, 0 for none; -1 if it cannot be told, or a send may be interrupted that has sent data, as with
     * TCP_FASTOPEN_CONNECT.
     */
    long limitNanos(boolean receives);

    /** UDP_CORK of a UDP socket. */
    boolean corks();

    /** SO_ACCEPTCONN. */
    boolean listening();

    /** SO_NETNS_COOKIE: a number that no other network namespace of this host ever has; 0 if it cannot be told. */
    long network();

    /** Whether it is of the supervisor's own network namespace. */
    boolean isOfOurNetwork();

    /** bind(2) of an internet socket. @return 0 or the negative error number, -EINVAL for one that is bound already */
    int bind(Sockaddr address);

    /** bind(2) to any bytes. */
    int bind(byte[] name, int length);

    /**
     * connect(2). It waits for a fraction of a second at most, and rarely: a TCP socket that would have its caller
     * wait may have begun to connect, and whoever connects it next waits for that.
     *
     * @param near the other side is on this machine, by a loopback address
     * @return 0, {@link #WOULD_WAIT}, {@link #BEGUN}, {@link #CONNECTING} or the negative error number; EINPROGRESS and EALREADY as the
     *     socket's caller is owed them
     */
    int connect(byte[] name, int length, boolean near);

    /**
     * sendto(2) of a UDP socket; it never waits and raises no signal.
     *
     * @param flags MSG_*
     * @param nameLength 0 for no address
     * @return the bytes sent, {@link #WOULD_WAIT} or the negative error number; EAGAIN of a nonblocking call alone
     */
    int send(byte[] payload, int length, int flags, byte[] name, int nameLength);

    /**
     * Before an IPv6 socket is connected over IPv4: a datagram that was begun to an IPv6 address would go on to what the kernel then writes in the
     * place of that. It is dropped whole; of all other sockets nothing. @return false if it cannot be
     */
    default boolean dropBegun() {
        return true;
    }

    /** shutdown(2) of a socket that listens: it does no more. */
    void stopListening();

    /** listen(2) on it. @return 0 or the negative error number */
    int listen(int backlog);

    @Override
    void close();
}
