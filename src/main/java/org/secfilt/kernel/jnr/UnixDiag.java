package org.secfilt.kernel.jnr;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.UnresolvedPath;

/**
 * The names by which unix sockets were bound, whatever links, renames and mounts made of them since. sock_diag(7) "Unix sockets". Only
 * sockets of this network namespace are seen, and those of others asked themselves: {@link UnixPeer}. One thread only.
 */
final class UnixDiag {
    // linux/sock_diag.h, linux/unix_diag.h
    private static final int SOCK_STREAM_CLOEXEC = 1 | 02000000;
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int UDIAG_SHOW_NAME_VFS = 1 | 2;
    /** struct unix_diag_req */
    private static final int REQUEST_BYTES = 24;
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

    /** A device as the kernel keeps it: so many bits of it are the minor number. // linux/kdev_t.h */
    static final int MINOR_BITS = 20;
    /** A line of /proc/PID/fdinfo/N, proc_pid_fdinfo(5). */
    private static final String MOUNT_ID = "\nmnt_id:";

    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private final Proc proc;
    private final UnixPeer peer;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    /** Sockets of our own that the kernel tells of among the others: {@link UnixDump}. Made when first needed; negative as long as there is none. */
    private int unbound = -1;
    private int autobound = -1;

    UnixDiag(Proc proc, UnixPeer peer) {
        this.proc = proc;
        this.peer = peer;
    }

    /**
     * @param tid who asks
     * @param file a descriptor of the socket's file
     * @return the names without the NUL at their end; none if nobody is bound to the file. Empty if not all sockets were looked at, and he does not
     *     tell himself
     * @throws UnresolvedPath if somebody of another network namespace is bound to the file that cannot be reached
     */
    Optional<List<byte[]>> names(int tid, int file, FileStatus status) throws UnresolvedPath {
        makeMarks();
        boolean more = true;
        for (int tried = 0; more && tried < TRIES; tried++) {
            UnixDump dump = new UnixDump(status.inode(), number(unbound), number(autobound));
            more = ask(BUFFER_BYTES - tried * SHORTER_BYTES, dump) && !dump.isWhole();
            List<byte[]> names = dump.names(status.major() << MINOR_BITS | status.minor());
            if (names.isEmpty() && dump.isElsewhere()) {
                names = dump.names(superblock(tid, file));
            }
            if (!names.isEmpty()) {
                return Optional.of(names);
            }
            if (more && tried == 0) {
                Optional<List<byte[]>> told = peer.ofDatagrams(tid, file);
                if (told.isPresent()) {
                    return told;
                }
            }
        }
        return peer.ofAny(tid, file);
    }

    /** The device that the kernel counts the file's inode on: of overlayfs and of btrfs stat(2) tells another. -1 if it cannot be told. */
    private int superblock(int tid, int file) {
        String information = proc.read("self/fdinfo/" + file);
        int at = information.indexOf(MOUNT_ID);
        int end = information.indexOf('\n', at + 1);
        return at < 0 || end < 0 ? -1 : Mounts.device(Mounts.of(tid), information.substring(at + MOUNT_ID.length(), end).trim());
    }

    /** bind(2) of a family alone takes an abstract name that is free. // unix(7) "Autobind feature" */
    private void makeMarks() {
        if (unbound < 0) {
            unbound = socket();
        }
        if (autobound < 0) {
            autobound = socket();
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
        int fd = Netlink.open(Netlink.SOCK_DIAG);
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
        byte[] request = Netlink.message(SOCK_DIAG_BY_FAMILY, Netlink.REQUEST_DUMP, REQUEST_BYTES)
                .put((byte) AF_UNIX).put((byte) 0).putShort((short) 0)
                .putInt(states)
                .putInt(0).putInt(UDIAG_SHOW_NAME_VFS).putInt(-1).putInt(-1)
                .array();
        NativeMemory.IO.putByteArray(buffer, request, 0, request.length);
        return Libc.WRITE.call(fd, buffer, request.length) == request.length;
    }

    private static int socket() {
        return (int) Libc.SYSCALL.call(SOCKET, AF_UNIX, SOCK_STREAM_CLOEXEC, 0, 0, 0);
    }
}
