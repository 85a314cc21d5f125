package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;

/**
 * The names by which unix sockets were bound, whatever links, renames and mounts made of them since. sock_diag(7) "Unix sockets". Only
 * sockets of this network namespace are seen. One thread only.
 */
final class UnixDiag {
    // linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 02000000;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;
    /** struct sockaddr_un, and that with a NUL behind a path that fills it. */
    private static final int SOCKADDR_BYTES = 110;
    private static final int NAME_BYTES = SOCKADDR_BYTES + 1;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int NLM_F_REQUEST_DUMP = 0x301;
    private static final int UDIAG_SHOW_NAME_VFS = 1 | 2;
    private static final int REQUEST_BYTES = 16 + 24;
    private static final short AF_UNIX = 1;
    /** No part of the kernel's answer is longer. // net/netlink/af_netlink.c netlink_dump() */
    private static final int BUFFER_BYTES = 32 << 10;
    /** With each try the parts are shorter by so much, and end at other sockets; more than a bucket of a busy host takes. */
    private static final int SHORTER_BYTES = 2_500;
    private static final int TRIES = 6;
    /** So many replies are a hundred thousand sockets: somebody makes them faster than they are read. */
    private static final int MAX_REPLIES = 400;
    private static final int NO_STATE = 0;
    private static final int ANY_STATE = -1;

    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    /** Sockets of our own that the kernel tells of among the others: {@link UnixDump}. Made when first needed; negative as long as there is none. */
    private int unbound = -1;
    private int autobound = -1;

    /**
     * @param file a descriptor of the socket's file, whose inode it is
     * @param device as the kernel counts it, major number shifted by 20
     * @return the names without the NUL at their end; none if no socket of this namespace is bound to the file, or the kernel tells of none at all
     *     (CONFIG_UNIX_DIAG). Empty if not all sockets were looked at
     */
    Optional<List<byte[]>> names(int file, long inode, int device) {
        makeMarks();
        for (int tried = 0; tried < TRIES; tried++) {
            UnixDump dump = new UnixDump(inode, device, number(unbound), number(autobound));
            boolean told = ask(BUFFER_BYTES - tried * SHORTER_BYTES, dump);
            if (!dump.names().isEmpty() || told && dump.isWhole()) {
                return Optional.of(dump.names());
            }
            if (tried == 0 || !told) {
                Optional<List<byte[]>> peer = peer(file);
                if (peer.isPresent() || !told) {
                    return peer;
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The same by a datagram socket of ours that is connected to the file, which nobody is told of; it only does so to another, and to none is refused:
     * files that servers have left behind. Of a stream it tells no more than that there is one. // net/unix/af_unix.c unix_dgram_connect()
     */
    private Optional<List<byte[]>> peer(int file) {
        int fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        if (fd < 0) {
            return Optional.empty();
        }
        byte[] path = ("/proc/self/fd/" + file + "\0").getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory.IO.putShort(buffer, AF_UNIX);
        NativeMemory.IO.putByteArray(buffer + Short.BYTES, path, 0, path.length);
        int error = (int) Libc.CONNECT.call(fd, buffer, Short.BYTES + path.length);
        Optional<List<byte[]>> names = error == -Errno.ECONNREFUSED.number() ? Optional.of(List.of()) : Optional.empty();
        NativeMemory.IO.putInt(buffer, NAME_BYTES);
        if (error == 0 && Libc.GETPEERNAME.call(fd, buffer + Integer.BYTES, buffer) == 0) {
            byte[] name = new byte[NAME_BYTES];
            NativeMemory.IO.getByteArray(buffer + Integer.BYTES, name, 0, Math.min(NativeMemory.IO.getInt(buffer), NAME_BYTES));
            if (Sockaddr.decode(name, Math.min(NativeMemory.IO.getInt(buffer), SOCKADDR_BYTES)) instanceof Sockaddr.UnixPath bound) {
                names = Optional.of(List.of(bound.path().toBytes()));
            }
        }
        Libc.CLOSE.call(fd);
        return names;
    }

    /** bind(2) of a family alone takes an abstract name that is free. // unix(7) "Autobind feature" */
    private void makeMarks() {
        if (unbound < 0) {
            unbound = socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
        }
        if (autobound < 0) {
            autobound = socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
            NativeMemory.IO.putShort(buffer, AF_UNIX);
            if (autobound >= 0 && Libc.BIND.call(autobound, buffer, Short.BYTES) < 0) {
                Libc.CLOSE.call(autobound);
                autobound = -1;
            }
        }
    }

    private static long number(int mark) {
        return mark < 0 ? 0 : FileStatus.of(mark).inode();
    }

    /** @return whether the kernel told to the end */
    private boolean ask(int partBytes, UnixDump dump) {
        int fd = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
        if (fd < 0) {
            return false;
        }
        // A part is as long as the longest read was before: so the first one too.
        boolean asked = send(fd, NO_STATE) && Libc.READ.call(fd, buffer, partBytes) > 0 && send(fd, ANY_STATE);
        UnixDump.Reply reply = asked ? UnixDump.Reply.SOME : UnixDump.Reply.NONE;
        for (int i = 0; i < MAX_REPLIES && reply == UnixDump.Reply.SOME; i++) {
            int length = (int) Libc.READ.call(fd, buffer, partBytes);
            byte[] part = new byte[Math.max(length, 0)];
            NativeMemory.IO.getByteArray(buffer, part, 0, part.length);
            reply = length > 0 ? dump.add(part) : UnixDump.Reply.NONE;
        }
        Libc.CLOSE.call(fd);
        return reply == UnixDump.Reply.LAST;
    }

    private boolean send(int fd, int states) {
        byte[] request = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.nativeOrder())
                .putInt(REQUEST_BYTES).putShort((short) SOCK_DIAG_BY_FAMILY).putShort((short) NLM_F_REQUEST_DUMP)
                .putInt(0).putInt(0)
                .put((byte) AF_UNIX).put((byte) 0).putShort((short) 0)
                .putInt(states)
                .putInt(0).putInt(UDIAG_SHOW_NAME_VFS).putInt(-1).putInt(-1)
                .array();
        NativeMemory.IO.putByteArray(buffer, request, 0, request.length);
        return Libc.WRITE.call(fd, buffer, request.length) == request.length;
    }

    private static int socket(int family, int type, int protocol) {
        return (int) Libc.SYSCALL.call(SOCKET, family, type, protocol, 0, 0);
    }
}
