package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.UnresolvedPath;

/**
 * Asks the socket that is bound to a file itself for the name that it was bound by: whoever connects to it may, from whatever network namespace.
 * One of ours does, and is closed at once. It never waits.
 *
 * <pre>
 *   SOCK_DGRAM       nobody is told of it                      another type's server refuses it (EPROTOTYPE)
 *   SOCK_STREAM      the server accepts one that has ended     likewise
 *   SOCK_SEQPACKET   likewise
 * </pre>
 *
 * It is done with the caller's rights: the server is troubled by none who could not do so himself. unix(7), path_resolution(7). One thread only.
 */
final class UnixPeer {
    private static final short AF_UNIX = 1;
    // linux/net.h
    private static final int SOCK_CLOEXEC_NONBLOCK = 02000000 | 04000;
    private static final int[] CONNECTED = {SocketType.STREAM, SocketType.SEQPACKET};
    /** struct sockaddr_un, and that with a NUL behind a path that fills it. */
    private static final int SOCKADDR_BYTES = 110;
    private static final int NAME_BYTES = SOCKADDR_BYTES + 1;
    private static final int BUFFER_BYTES = 128;
    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private final JnrCredentials credentials;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    /** Of whom the last connect reached. */
    private Optional<List<byte[]>> names = Optional.empty();

    UnixPeer(JnrCredentials credentials) {
        this.credentials = credentials;
    }

    /**
     * What a datagram socket tells.
     *
     * @param file a descriptor of the socket's file
     * @return the name; none if nobody is bound to the file any more; empty if it is no datagram socket that is, or does not tell
     */
    Optional<List<byte[]>> ofDatagrams(int tid, int file) {
        credentials.take(tid);
        try {
            return named(connect(file, SocketType.DGRAM));
        } finally {
            credentials.giveBack();
        }
    }

    /**
     * What any socket tells.
     *
     * @return the name; none if nobody is bound to the file any more; empty if it does not tell, as one whose queue is full
     * @throws UnresolvedPath if somebody is that cannot be reached: he does not listen, or not to the caller
     */
    Optional<List<byte[]>> ofAny(int tid, int file) throws UnresolvedPath {
        boolean asCaller = credentials.take(tid);
        try {
            int error = connect(file, SocketType.DGRAM);
            Optional<List<byte[]>> told = named(error);
            for (int i = 0; error == -Errno.EPROTOTYPE.number() && i < CONNECTED.length; i++) {
                error = connect(file, CONNECTED[i]);
                if (error == -Errno.ECONNREFUSED.number() && connect(file, SocketType.DGRAM) != error) {
                    throw new UnresolvedPath(-error, CONNECTED[i]); // bound it is, and may listen a moment later
                }
                told = named(error);
            }
            if (error == -Errno.EACCES.number() && asCaller) {
                throw new UnresolvedPath(-error);
            }
            return told;
        } finally {
            credentials.giveBack();
        }
    }

    private Optional<List<byte[]>> named(int error) {
        return error == -Errno.ECONNREFUSED.number() ? Optional.of(List.of()) : error == 0 ? names : Optional.empty();
    }

    /** @return 0 or a negative error number: that of EAGAIN where it would have to wait // net/unix/af_unix.c unix_stream_connect() */
    private int connect(int file, int type) {
        int fd = (int) Libc.SYSCALL.call(SOCKET, AF_UNIX, type | SOCK_CLOEXEC_NONBLOCK, 0, 0, 0);
        if (fd < 0) {
            return -Errno.EMFILE.number();
        }
        byte[] path = (ProcDirectory.path("self/fd/" + file) + "\0").getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory.IO.putShort(buffer, AF_UNIX);
        NativeMemory.IO.putByteArray(buffer + Short.BYTES, path, 0, path.length);
        int error = (int) Libc.CONNECT.call(fd, buffer, Short.BYTES + path.length);
        names = error == 0 ? nameOf(fd) : Optional.empty();
        Libc.CLOSE.call(fd);
        return error;
    }

    private Optional<List<byte[]>> nameOf(int fd) {
        NativeMemory.IO.putInt(buffer, NAME_BYTES);
        if (Libc.GETPEERNAME.call(fd, buffer + Integer.BYTES, buffer) != 0) {
            return Optional.empty();
        }
        byte[] name = new byte[NAME_BYTES];
        NativeMemory.IO.getByteArray(buffer + Integer.BYTES, name, 0, Math.min(NativeMemory.IO.getInt(buffer), NAME_BYTES));
        return Sockaddr.decode(name, Math.min(NativeMemory.IO.getInt(buffer), SOCKADDR_BYTES)) instanceof Sockaddr.UnixPath bound
                ? Optional.of(List.of(bound.path().toBytes()))
                : Optional.empty();
    }
}
