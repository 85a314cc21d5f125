package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/**
 * The names by which unix sockets were bound, whatever links, renames and mounts made of them since. sock_diag(7) "Unix sockets". Only
 * sockets of this network namespace are seen. One thread only.
 */
final class UnixDiag {
    // linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int NLM_F_REQUEST_DUMP = 0x301;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int UDIAG_SHOW_NAME_VFS = 1 | 2;
    private static final int UNIX_DIAG_NAME = 0;
    private static final int UNIX_DIAG_VFS = 1;
    private static final int HEADER_BYTES = 16;
    private static final int REQUEST_BYTES = HEADER_BYTES + 24;
    /** nlmsghdr and unix_diag_msg, before the attributes. */
    private static final int ATTRIBUTES = HEADER_BYTES + 16;
    private static final int AF_UNIX = 1;
    /** More than the kernel fills at once. */
    private static final int BUFFER_BYTES = 64 << 10;
    /** So many replies are a hundred thousand sockets: somebody makes them faster than they are read. */
    private static final int MAX_REPLIES = 400;

    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);

    /**
     * @param inode of the socket's file
     * @param device as the kernel counts it, major number shifted by 20
     * @return the names without the NUL at their end; none if no socket of this namespace is bound to the file, or the kernel tells of none at all
     *     (CONFIG_UNIX_DIAG). Empty if not all sockets were looked at
     */
    Optional<List<byte[]>> names(long inode, int device) {
        List<byte[]> names = new ArrayList<>();
        int fd = (int) Libc.SYSCALL.call(SOCKET, AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG, 0, 0);
        if (fd < 0) {
            return Optional.empty();
        }
        byte[] request = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.nativeOrder())
                .putInt(REQUEST_BYTES).putShort((short) SOCK_DIAG_BY_FAMILY).putShort((short) NLM_F_REQUEST_DUMP)
                .putInt(0).putInt(0)
                .put((byte) AF_UNIX).put((byte) 0).putShort((short) 0)
                .putInt(-1) // every state
                .putInt(0).putInt(UDIAG_SHOW_NAME_VFS).putInt(-1).putInt(-1)
                .array();
        NativeMemory.IO.putByteArray(buffer, request, 0, request.length);
        Reply reply = Libc.WRITE.call(fd, buffer, request.length) == request.length ? Reply.SOME : Reply.NONE;
        for (int i = 0; i < MAX_REPLIES && reply == Reply.SOME; i++) {
            reply = reply(fd, (int) inode, device, names);
        }
        Libc.CLOSE.call(fd);
        return reply == Reply.LAST ? Optional.of(names) : Optional.empty();
    }

    private enum Reply {
        SOME,
        LAST,
        NONE
    }

    private Reply reply(int fd, int inode, int device, List<byte[]> names) {
        int length = (int) Libc.READ.call(fd, buffer, BUFFER_BYTES);
        if (length <= 0) {
            return Reply.NONE;
        }
        byte[] bytes = new byte[length];
        NativeMemory.IO.getByteArray(buffer, bytes, 0, length);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int at = 0; at + HEADER_BYTES <= length; ) {
            int end = at + in.getInt(at);
            int type = in.getShort(at + 4);
            if (type == NLMSG_DONE || type == NLMSG_ERROR && end - at > HEADER_BYTES && in.getInt(at + HEADER_BYTES) == -Errno.ENOENT.number()) {
                return Reply.LAST;
            }
            if (type == NLMSG_ERROR || end <= at || end > length) {
                return Reply.NONE;
            }
            socket(in, at + ATTRIBUTES, end, inode, device, names);
            at = align(end);
        }
        return Reply.SOME;
    }

    private static void socket(ByteBuffer in, int from, int end, int inode, int device, List<byte[]> names) {
        byte[] name = new byte[0];
        boolean sought = false;
        for (int at = from; at + 4 <= end; ) {
            int bytes = in.getShort(at) & 0xffff;
            if (bytes < 4 || at + bytes > end) {
                return;
            }
            int type = in.getShort(at + 2) & 0x3fff;
            if (type == UNIX_DIAG_NAME) {
                name = new byte[bytes - 4];
                in.get(at + 4, name);
            } else if (type == UNIX_DIAG_VFS) {
                sought = in.getInt(at + 4) == inode && in.getInt(at + 8) == device;
            }
            at = align(at + bytes);
        }
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        if (sought && length > 0) {
            names.add(java.util.Arrays.copyOf(name, length));
        }
    }

    private static int align(int length) {
        return length + 3 & ~3;
    }
}
