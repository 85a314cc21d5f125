package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.secfilt.abi.Arch;

/**
 * What all that is asked by netlink(7) has in common: a message begins with a header, and its attributes with another, all in native order.
 *
 * <pre>
 *   struct nlmsghdr   u32 length with it, u16 type, u16 flags, u32 sequence, u32 port
 *   struct nlattr     u16 length with it, u16 type, whose highest bits say what kind of value it is
 * </pre>
 *
 * Each begins at a multiple of four bytes.
 */
final class Netlink {
    // linux/netlink.h
    static final int SOCK_DIAG = 4;
    static final int NETFILTER = 12;
    /** NLM_F_REQUEST and NLM_F_DUMP. */
    static final int REQUEST_DUMP = 0x301;
    /** NLM_F_REQUEST and NLM_F_ACK. */
    static final int REQUEST_ACK = 5;
    /** NLM_F_DUMP_INTR: what is told changed while it was told. */
    static final int DUMP_INTERRUPTED = 0x10;
    /** NLMSG_ERROR, NLMSG_DONE. */
    static final int ERROR = 2;
    static final int DONE = 3;
    static final int HEADER_BYTES = 16;
    static final int ATTRIBUTE_HEADER_BYTES = 4;
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
    /** NLA_TYPE_MASK */
    private static final int TYPE_MASK = 0x3fff;

    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private Netlink() {}

    /** A socket, or a negative error number. */
    static int open(int protocol) {
        return (int) Libc.SYSCALL.call(SOCKET, AF_NETLINK, SOCK_RAW_CLOEXEC, protocol, 0, 0);
    }

    /** A message with its header; the rest of it is still to be put. */
    static ByteBuffer message(int type, int flags, int restBytes) {
        return ByteBuffer.allocate(HEADER_BYTES + restBytes).order(ByteOrder.nativeOrder())
                .putInt(HEADER_BYTES + restBytes).putShort((short) type).putShort((short) flags).putInt(0).putInt(0);
    }

    static ByteBuffer of(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** Where the message that begins there ends, if its header is whole; the kernel's word, to be checked. */
    static int end(ByteBuffer in, int at) {
        return at + in.getInt(at);
    }

    static int type(ByteBuffer in, int at) {
        return in.getShort(at + 4);
    }

    static int flags(ByteBuffer in, int at) {
        return in.getShort(at + 6);
    }

    /** Of {@link #ERROR}, which ends behind it: a negative error number. */
    static int error(ByteBuffer in, int at) {
        return in.getInt(at + HEADER_BYTES);
    }

    /** Whether an attribute begins there that lies before the end with all of its value. */
    static boolean hasAttribute(ByteBuffer in, int at, int end) {
        return at + ATTRIBUTE_HEADER_BYTES <= end && attributeBytes(in, at) >= ATTRIBUTE_HEADER_BYTES && at + attributeBytes(in, at) <= end;
    }

    /** With its header. */
    static int attributeBytes(ByteBuffer in, int at) {
        return in.getShort(at) & 0xffff;
    }

    static int attributeType(ByteBuffer in, int at) {
        return in.getShort(at + 2) & TYPE_MASK;
    }

    /** Where the next message or attribute begins, if this one ends there. */
    static int align(int end) {
        return end + 3 & ~3;
    }
}
