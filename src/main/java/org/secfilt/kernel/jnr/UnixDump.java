package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.Errno;

/**
 * Looks through what the kernel tells of all unix sockets, part by part, for those of one file. sock_diag(7) "Unix sockets".
 *
 * <p>It tells them in the order of its hash table, and each bucket is whole within a part; but when a part is full, the next one goes on in
 * that bucket at a count of its sockets, and if some of those were closed meanwhile, as many others are told by neither:
 *
 * <pre>
 *   bucket  0 .. 255  sockets with a file, by its inode's number       // net/unix/af_unix.c unix_bsd_hash()
 *                     and, by kernel, either those without a name or the abstract ones; accepted ones count as without, though they show a file
 *         256 .. 511  the others of these two kinds
 * </pre>
 *
 * So nothing was passed over where no part ended in the file's bucket. Which one it ended in lies between the last socket before and the first one
 * after whose bucket is certain.
 */
final class UnixDump {
    // linux/unix_diag.h
    private static final int UNIX_DIAG_NAME = 0;
    private static final int UNIX_DIAG_VFS = 1;
    /** struct unix_diag_msg, between the header and the attributes. */
    private static final int TYPE = Netlink.HEADER_BYTES + 1;
    private static final int STATE = Netlink.HEADER_BYTES + 2;
    private static final int NUMBER = Netlink.HEADER_BYTES + 4;
    private static final int ATTRIBUTES = Netlink.HEADER_BYTES + 16;
    /** struct unix_diag_vfs: inode, device. */
    private static final int VFS_BYTES = 8;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int TCP_CLOSE = 7;
    private static final int TCP_LISTEN = 10;
    /** Of the sockets with a file. // include/net/af_unix.h UNIX_HASH_MOD */
    private static final int BUCKETS = 256;

    private final int inode;
    private final int[] marks;
    private final List<Bound> found = new ArrayList<>();
    /** Of the last socket whose bucket is certain. */
    private int bucket;
    /** Since then a part ended. */
    private boolean ended;
    private boolean whole = true;
    /** The mark that was told of first; -1 before. */
    private int firstMark = -1;

    /**
     * @param inode of the file
     * @param unbound the number of a socket of ours without a name
     * @param unlisted that of one with an abstract name; 0 if there is none
     */
    UnixDump(long inode, long unbound, long unlisted) {
        this.inode = (int) inode;
        this.marks = new int[] {(int) unbound, (int) unlisted};
    }

    /** A socket that is bound to a file of this number, on some device. */
    private record Bound(int device, byte[] name) {
        boolean isSame(int otherDevice, byte[] other) {
            return device == otherDevice && Arrays.equals(name, other);
        }
    }

    /** What a part says of those to come. */
    enum Reply {
        SOME,
        LAST,
        NONE
    }

    /** All that one read of the kernel's answer gave. @return NONE if it cannot be understood, or says that it failed */
    Reply add(byte[] part) {
        ByteBuffer in = Netlink.of(part);
        for (int at = 0; at + Netlink.HEADER_BYTES <= part.length; ) {
            int end = Netlink.end(in, at);
            int type = Netlink.type(in, at);
            whole &= (Netlink.flags(in, at) & Netlink.DUMP_INTERRUPTED) == 0;
            boolean none = type == Netlink.ERROR && end - at > Netlink.HEADER_BYTES && Netlink.error(in, at) == -Errno.ENOENT.number();
            if (type == Netlink.DONE || none) {
                return Reply.LAST;
            }
            if (type == Netlink.ERROR || end < at + ATTRIBUTES || end > part.length) {
                return Reply.NONE;
            }
            socket(in, at, end);
            at = Netlink.align(end);
        }
        ended = true;
        return Reply.SOME;
    }

    /**
     * The names of the file's sockets, each once, without the NUL at their end. Nobody can bind a second socket to a file: these are all.
     *
     * @param device as the kernel counts it, major number shifted by 20
     */
    List<byte[]> names(int device) {
        List<byte[]> names = new ArrayList<>();
        for (Bound bound : found) {
            if (bound.device() == device) {
                names.add(bound.name());
            }
        }
        return names;
    }

    /** Whether a file of the same number has sockets, on whatever device. */
    boolean isElsewhere() {
        return !found.isEmpty();
    }

    /** After the last part: whether none of the file's sockets can have been passed over. */
    boolean isWhole() {
        return whole && !(ended && bucket <= fileBucket());
    }

    private int fileBucket() {
        return inode & BUCKETS - 1;
    }

    private void socket(ByteBuffer in, int at, int end) {
        byte[] name = new byte[0];
        boolean hasFile = false;
        boolean sought = false;
        int number = 0;
        int device = 0;
        for (int attribute = at + ATTRIBUTES; Netlink.hasAttribute(in, attribute, end); ) {
            int value = attribute + Netlink.ATTRIBUTE_HEADER_BYTES;
            int after = attribute + Netlink.attributeBytes(in, attribute);
            int type = Netlink.attributeType(in, attribute);
            if (type == UNIX_DIAG_NAME) {
                name = new byte[after - value];
                in.get(value, name);
            } else if (type == UNIX_DIAG_VFS && after - value >= VFS_BYTES) {
                hasFile = true;
                number = in.getInt(value);
                sought = number == inode;
                device = in.getInt(value + Integer.BYTES);
            }
            attribute = Netlink.align(after);
        }
        if (hasFile && isBound(in.get(at + TYPE), in.get(at + STATE))) {
            certain(number & BUCKETS - 1);
        } else if (isLaterMark(in.getInt(at + NUMBER))) {
            certain(BUCKETS);
        }
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        if (sought && length > 0) {
            named(device, Arrays.copyOf(name, length));
        }
    }

    /** Those that a server has accepted have its name, and may be many. */
    private void named(int device, byte[] name) {
        for (Bound other : found) {
            if (other.isSame(device, name)) {
                return;
            }
        }
        found.add(new Bound(device, name));
    }

    /**
     * Itself, and not only as the one that accepted it: such a one is no datagram socket, and connected. On older kernels a SOCK_SEQPACKET one may
     * come to be closed.
     */
    private static boolean isBound(int type, int state) {
        return type == SOCK_DGRAM || type == SOCK_STREAM && (state == TCP_CLOSE || state == TCP_LISTEN);
    }

    /** One of the two is below {@value #BUCKETS}, the other is not. */
    private boolean isLaterMark(int number) {
        if (number == 0 || number != marks[0] && number != marks[1]) {
            return false;
        }
        int mark = number == marks[0] ? 0 : 1;
        if (firstMark < 0) {
            firstMark = mark;
        }
        return mark != firstMark;
    }

    private void certain(int next) {
        if (ended && bucket <= fileBucket() && fileBucket() <= next) {
            whole = false;
        }
        ended = false;
        bucket = next;
    }
}
