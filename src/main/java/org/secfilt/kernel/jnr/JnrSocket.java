package org.secfilt.kernel.jnr;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;

/** A socket by a descriptor of our own, taken from another process. */
final class JnrSocket implements SocketCopy {
    // asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int TIMEVAL_BYTES = 16;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_PROTOCOL = 38;
    private static final int SO_DOMAIN = 39;
    private static final int SO_COOKIE = 57;
    private static final int SO_NETNS_COOKIE = 71;
    // linux/in.h, linux/tcp.h
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_UDP = 17;
    private static final int UDP_CORK = 1; // linux/udp.h
    private static final int TCP_FASTOPEN_CONNECT = 30;
    // asm-generic/fcntl.h, asm-generic/ioctls.h
    private static final int F_GETFL = 3;
    private static final int O_NONBLOCK = 04000;
    private static final int FIONBIO = 0x5421;
    // linux/socket.h
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int UNKNOWN = -2;
    private static final int SHUT_RD = 0; // sys/socket.h
    private static final int SHUT_RDWR = 2; // sys/socket.h
    /** sizeof(struct sockaddr). */
    private static final int SOCKADDR_BYTES = 16;
    /** sizeof(struct sockaddr_un). */
    private static final int UNIX_BYTES = 2 + Sockaddr.UNIX_PATH_LENGTH;
    private static final int NAME = 8;
    private static final int PAYLOAD = NAME + Math.max(Sockaddr.MAX_LENGTH, TcpInfo.BYTES);

    /** What a scratch has room for besides a payload. */
    static final int SCRATCH_BYTES = PAYLOAD;

    private final int fd;
    /** A socklen_t, then room for an address or an int, then for a payload. */
    private final long scratch;
    private final Patience patience;
    private int domain = UNKNOWN;
    private int number = UNKNOWN;
    private long cookie;
    /** When first asked for. */
    private TcpInfo info;
    private boolean limited;

    /** @param scratch at least {@link #SCRATCH_BYTES}, overwritten by each call */
    JnrSocket(int fd, long scratch, Patience patience) {
        this.fd = fd;
        this.scratch = scratch;
        this.patience = patience;
    }

    boolean isSocket() {
        return number() >= 0;
    }

    @Override
    public int transport() {
        return mayBeTransport() && isInternet() ? number() : NO_TRANSPORT;
    }

    /** Other families have protocols of these numbers too. */
    private boolean mayBeTransport() {
        return number() == IPPROTO_TCP || number() == IPPROTO_UDP;
    }

    private boolean isInternet() {
        return domain() == Family.INET.number() || domain() == Family.INET6.number();
    }

    @Override
    public int domain() {
        if (domain == UNKNOWN) {
            domain = option(SO_DOMAIN);
        }
        return domain;
    }

    int type() {
        return option(SO_TYPE);
    }

    @Override
    public int protocol() {
        return mayBeTransport() ? new SocketKind(domain(), type(), number()).ruledNumber() : number();
    }

    @Override
    public int number() {
        if (number == UNKNOWN) {
            number = option(SO_PROTOCOL);
        }
        return number;
    }

    private int option(int option) {
        return option(SOL_SOCKET, option);
    }

    private int option(int level, int option) {
        NativeMemory.IO.putInt(scratch, Integer.BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, level, option, scratch + NAME, scratch);
        return rc < 0 ? -1 : NativeMemory.IO.getInt(scratch + NAME);
    }

    @Override
    public long cookie() {
        if (cookie == 0) {
            NativeMemory.IO.putInt(scratch, Long.BYTES);
            Libc.must("getsockopt", Libc.GETSOCKOPT.call(fd, SOL_SOCKET, SO_COOKIE, scratch + NAME, scratch));
            cookie = NativeMemory.IO.getLong(scratch + NAME);
        }
        return cookie;
    }

    @Override
    public Optional<Sockaddr> localAddress() {
        return address(Libc.GETSOCKNAME);
    }

    @Override
    public Optional<Sockaddr> peer() {
        return address(Libc.GETPEERNAME);
    }

    private Optional<Sockaddr> address(Libc call) {
        // A path of the full length has its end behind the address: unix(7) "BUGS".
        int most = domain() == Family.UNIX.number() ? UNIX_BYTES : Sockaddr.MAX_LENGTH;
        NativeMemory.IO.putInt(scratch, Sockaddr.MAX_LENGTH);
        if (call.call(fd, scratch + NAME, scratch) < 0) {
            return Optional.empty();
        }
        byte[] name = new byte[Sockaddr.MAX_LENGTH];
        NativeMemory.IO.getByteArray(scratch + NAME, name, 0, name.length);
        return Optional.of(Sockaddr.decode(name, Math.min(most, NativeMemory.IO.getInt(scratch))));
    }

    @Override
    public OpenDescriptor describe(int number, Care care) {
        boolean plain = care != Care.NONE && transport() != NO_TRANSPORT;
        Optional<Sockaddr> peer = peer(); // once: the other side may end the connection at any time
        Set<OpenDescriptor.Steering> steerings = plain ? steerings(care == Care.INTERFACES, peer) : Set.of();
        OpenDescriptor.Kind kind = peer.isEmpty() && isTcp() && info().connects() ? OpenDescriptor.Kind.CONNECTING : OpenDescriptor.Kind.SOCKET;
        return new OpenDescriptor(number, kind, domain(), type(), number(), peer, steerings);
    }

    private Set<OpenDescriptor.Steering> steerings(boolean interfaces, Optional<Sockaddr> peer) {
        boolean six = domain() == Family.INET6.number();
        Steerings steerings = new Steerings(fd, scratch);
        Set<OpenDescriptor.Steering> found = steerings.ask(six, isTcp());
        if (interfaces) {
            steerings.askForInterfaces(six, peer.isPresent() && peer.get() instanceof Sockaddr.Inet6 inet6 && inet6.choosesInterface());
        }
        // After the interface is forgotten: a connected socket keeps its route.
        if (number() == IPPROTO_UDP && !new Corked(fd, scratch).drop()) {
            found.add(OpenDescriptor.Steering.BEGUN);
        }
        return found;
    }

    /** connect(2) "AF_UNSPEC", which stream sockets of the unix family do not know. */
    @Override
    public boolean disconnect() {
        boolean plain = type() == SocketType.STREAM || type() == SocketType.DGRAM;
        if (domain() == Family.UNIX.number() && type() != SocketType.DGRAM) {
            return Libc.SHUTDOWN.call(fd, SHUT_RDWR) >= 0;
        }
        NativeMemory.IO.setMemory(scratch, SCRATCH_BYTES, (byte) 0);
        return plain && Libc.CONNECT.call(fd, scratch, SOCKADDR_BYTES) >= 0 && peer().isEmpty();
    }

    @Override
    public boolean connecting() {
        return isTcp() && info().hasBegun();
    }

    @Override
    public boolean wasConnected() {
        return isTcp() && info().wasConnected();
    }

    /** Not MPTCP, which shows one of its connections. */
    private boolean isTcp() {
        return number() == IPPROTO_TCP;
    }

    private TcpInfo info() {
        if (info == null) {
            info = new TcpInfo(fd, scratch);
        }
        return info;
    }

    @Override
    public boolean corks() {
        return number() == IPPROTO_UDP && option(IPPROTO_UDP, UDP_CORK) == 1;
    }

    @Override
    public boolean listening() {
        return option(SO_ACCEPTCONN) == 1;
    }

    @Override
    public long limitNanos(boolean receives) {
        if (!receives && option(IPPROTO_TCP, TCP_FASTOPEN_CONNECT) == 1) {
            return -1;
        }
        NativeMemory.IO.putInt(scratch, TIMEVAL_BYTES);
        if (Libc.GETSOCKOPT.call(fd, SOL_SOCKET, receives ? SO_RCVTIMEO : SO_SNDTIMEO, scratch + NAME, scratch) < 0) {
            return -1;
        }
        return TimeUnit.SECONDS.toNanos(NativeMemory.IO.getLong(scratch + NAME))
                + TimeUnit.MICROSECONDS.toNanos(NativeMemory.IO.getLong(scratch + NAME + Long.BYTES));
    }

    @Override
    public long network() {
        NativeMemory.IO.putInt(scratch, Long.BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, SOL_SOCKET, SO_NETNS_COOKIE, scratch + NAME, scratch);
        return rc < 0 ? 0 : NativeMemory.IO.getLong(scratch + NAME);
    }

    @Override
    public boolean isOfOurNetwork() {
        return network() == JnrNetworks.Ours.COOKIE;
    }

    @Override
    public int bind(Sockaddr address) {
        byte[] name = address instanceof Sockaddr.Inet inet ? inet.encode() : ((Sockaddr.Inet6) address).encode();
        NativeMemory.IO.putByteArray(scratch + NAME, name, 0, name.length);
        return (int) Libc.BIND.call(fd, scratch + NAME, name.length);
    }

    @Override
    public int bind(byte[] name, int length) {
        NativeMemory.put(scratch + NAME, name, length);
        return (int) Libc.BIND.call(fd, scratch + NAME, length);
    }

    @Override
    public int connect(byte[] name, int length, boolean near) {
        boolean dissolves = length >= Short.BYTES && name[0] == 0 && name[1] == 0; // AF_UNSPEC, which never waits
        if (!isTcp() || dissolves || !isInternet()) {
            NativeMemory.put(scratch + NAME, name, length);
            return (int) Libc.CONNECT.call(fd, scratch + NAME, length);
        }
        boolean limited = limitWaits();
        if (!near || !limited || patience.slowCalls.isSpared()) {
            return connectFar(name, length);
        }
        long begin = System.nanoTime();
        int rc = connectNear(name, length);
        patience.slowCalls.took(System.nanoTime() - begin);
        return rc;
    }

    /**
     * The other side has answered before the call would go to sleep, unless its queue is full. Who waits for a limited time is told so by
     * another error the second time: then it matters which this is.
     */
    private int connectNear(byte[] name, int length) {
        if (hasTimeout() && !info().isClosed()) {
            return CONNECTING;
        }
        NativeMemory.put(scratch + NAME, name, length);
        int rc = (int) Libc.CONNECT.call(fd, scratch + NAME, length);
        return rc == -Errno.EINTR.number() ? BEGUN : rc;
    }

    private int connectFar(byte[] name, int length) {
        long flags = Libc.FCNTL.call(fd, F_GETFL, 0);
        if (flags < 0) {
            return WOULD_WAIT;
        }
        boolean waits = (flags & O_NONBLOCK) == 0;
        // The flag is everyone's who has the socket, so it is changed only where it means nothing else: a closed socket keeps nobody waiting.
        if (waits && !info().isClosed()) {
            return CONNECTING;
        }
        NativeMemory.put(scratch + NAME, name, length);
        int rc = waits ? beginToConnect(length) : (int) Libc.CONNECT.call(fd, scratch + NAME, length);
        // Interrupted: another thread changed the flag meanwhile.
        return rc == -Errno.EINTR.number() || waits && rc == -Errno.EALREADY.number() ? BEGUN : rc;
    }

    private int beginToConnect(int length) {
        setNonblocking(1);
        int rc = (int) Libc.CONNECT.call(fd, scratch + NAME, length);
        if (rc == -Errno.EINPROGRESS.number()) {
            // The other side is as good as here if it is on this machine, but is heard only when the call lets go of the socket.
            rc = (int) Libc.CONNECT.call(fd, scratch + NAME, length);
        }
        setNonblocking(0);
        return rc;
    }

    /** Leaves the other flags to whoever changes them at the same time. ioctl(2) "FIONBIO" */
    private void setNonblocking(int on) {
        NativeMemory.IO.putInt(scratch, on);
        Libc.IOCTL.call(fd, FIONBIO, scratch);
    }

    /** A unix socket's queue may hold others, which are closed with it. */
    private boolean mayLinger() {
        return number() != IPPROTO_UDP;
    }

    /** Up to {@link #close}. */
    private boolean limitWaits() {
        limited = limited || patience.begin();
        return limited;
    }

    /** SO_SNDTIMEO, a struct timeval. */
    private boolean hasTimeout() {
        NativeMemory.IO.putInt(scratch, TIMEVAL_BYTES);
        return Libc.GETSOCKOPT.call(fd, SOL_SOCKET, SO_SNDTIMEO, scratch + NAME, scratch) != 0
                || NativeMemory.IO.getLong(scratch + NAME) != 0
                || NativeMemory.IO.getLong(scratch + NAME + Long.BYTES) != 0;
    }

    @Override
    public int send(byte[] payload, int length, int flags, byte[] name, int nameLength) {
        NativeMemory.put(scratch + NAME, name, nameLength);
        NativeMemory.put(scratch + PAYLOAD, payload, length);
        int rc = (int) Libc.SENDTO.call(fd, scratch + PAYLOAD, length, flags | MSG_DONTWAIT | MSG_NOSIGNAL,
                nameLength == 0 ? 0 : scratch + NAME, nameLength);
        boolean waits = rc == -Errno.EAGAIN.number()
                && (flags & MSG_DONTWAIT) == 0
                && (Libc.FCNTL.call(fd, F_GETFL, 0) & O_NONBLOCK) == 0;
        return waits ? WOULD_WAIT : rc;
    }

    /** An IPv4 address takes the place of the pending flow's begin. // net/ipv4/datagram.c __ip4_datagram_connect(), inet->cork.fl */
    @Override
    public boolean dropBegun() {
        return number() != IPPROTO_UDP || domain() != Family.INET6.number() || new Corked(fd, scratch).dropBegun();
    }

    @Override
    public void stopListening() {
        Libc.SHUTDOWN.call(fd, SHUT_RD);
    }

    @Override
    public int listen(int backlog) {
        return (int) Libc.LISTEN.call(fd, backlog);
    }

    /** If the tracee has closed it meanwhile this is the last close, and waits as long as SO_LINGER says. socket(7) */
    @Override
    public void close() {
        if (!limited && mayLinger()) {
            limitWaits();
        }
        Libc.CLOSE.call(fd);
        if (limited) {
            patience.end();
        }
    }
}
