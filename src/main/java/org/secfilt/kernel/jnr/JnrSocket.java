package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.Family;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.Tracees;

/** A socket by a descriptor of our own, taken from another process. */
final class JnrSocket implements Tracees.SocketCopy {
    // asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_PROTOCOL = 38;
    private static final int SO_DOMAIN = 39;
    private static final int SHUT_RD = 0; // sys/socket.h
    private static final int SHUT_RDWR = 2; // sys/socket.h
    /** sizeof(struct sockaddr). */
    private static final int SOCKADDR_BYTES = 16;
    private static final int SCRATCH_BYTES = 8 + Sockaddr.MAX_LENGTH;

    private final int fd;
    /** A socklen_t, then room for an address or an int. */
    private final long scratch = NativeMemory.IO.allocateMemory(SCRATCH_BYTES, true);

    JnrSocket(int fd) {
        this.fd = fd;
    }

    boolean isSocket() {
        return domain() >= 0;
    }

    int domain() {
        return option(SO_DOMAIN);
    }

    int type() {
        return option(SO_TYPE);
    }

    @Override
    public int protocol() {
        return option(SO_PROTOCOL);
    }

    private int option(int option) {
        NativeMemory.IO.putInt(scratch, Integer.BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, SOL_SOCKET, option, scratch + 8, scratch);
        return rc < 0 ? -1 : NativeMemory.IO.getInt(scratch + 8);
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
        NativeMemory.IO.putInt(scratch, Sockaddr.MAX_LENGTH);
        if (call.call(fd, scratch + 8, scratch) < 0) {
            return Optional.empty();
        }
        byte[] name = new byte[Sockaddr.MAX_LENGTH];
        NativeMemory.IO.getByteArray(scratch + 8, name, 0, name.length);
        return Optional.of(Sockaddr.decode(name, Math.min(name.length, NativeMemory.IO.getInt(scratch))));
    }

    @Override
    public OpenDescriptor describe(int number) {
        return new OpenDescriptor(number, OpenDescriptor.Kind.SOCKET, domain(), type(), protocol(), peer());
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
    public boolean listening() {
        return option(SO_ACCEPTCONN) == 1;
    }

    @Override
    public int bind(Sockaddr address) {
        byte[] name = address instanceof Sockaddr.Inet inet ? inet.encode() : ((Sockaddr.Inet6) address).encode();
        NativeMemory.IO.putByteArray(scratch + 8, name, 0, name.length);
        return (int) Libc.BIND.call(fd, scratch + 8, name.length);
    }

    @Override
    public void stopListening() {
        Libc.SHUTDOWN.call(fd, SHUT_RD);
    }

    @Override
    public int listen(int backlog) {
        return (int) Libc.LISTEN.call(fd, backlog);
    }

    @Override
    public void close() {
        Libc.CLOSE.call(fd);
        NativeMemory.IO.freeMemory(scratch);
    }
}
