package org.secfilt.abi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * {@code struct sockaddr} in its shapes. The family and netlink's numbers are native, that is little-endian on both
 * architectures; ports, addresses and flow information are in network order.
 *
 * <pre>
 *   sockaddr_in   u16 family  be16 port  be32 address  pad[8]
 *   sockaddr_in6  u16 family  be16 port  be32 flowinfo  u8 address[16]  u32 scope_id
 *   sockaddr_un   u16 family  char path[108]
 *   sockaddr_nl   u16 family  u16 pad    u32 pid       u32 groups
 * </pre>
 */
final class SockaddrBytes {
    private static final int FAMILY_LENGTH = 2;
    /** SIN6_LEN_RFC2133: the kernel does without the scope. // net/ipv6.h */
    private static final int INET6_MIN_LENGTH = 24;
    private static final int UNIX_MAX_LENGTH = FAMILY_LENGTH + Sockaddr.UNIX_PATH_LENGTH;
    private static final int NETLINK_LENGTH = 12;

    private SockaddrBytes() {}

    static Sockaddr decode(byte[] bytes, int length) {
        // The order of the kernel: move_addr_to_kernel() looks at the length, then copies, then the family looks.
        if (length < 0 || length > Sockaddr.MAX_LENGTH) {
            return invalid("length " + length + " is not within 0 to " + Sockaddr.MAX_LENGTH);
        }
        if (bytes.length < length) {
            return new Sockaddr.Malformed(
                    Errno.EFAULT, "only " + bytes.length + " of its " + length + " bytes can be read");
        }
        if (length < FAMILY_LENGTH) {
            return invalid("length " + length + " leaves no room for a family");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
        int family = in.getShort(0) & 0xffff;
        if (family == Family.INET.number()) {
            return length < Sockaddr.INET_LENGTH ? tooShort("inet", length, Sockaddr.INET_LENGTH) : inet(in);
        }
        if (family == Family.INET6.number()) {
            return length < INET6_MIN_LENGTH ? tooShort("inet6", length, INET6_MIN_LENGTH) : inet6(in);
        }
        if (family == Family.UNIX.number()) {
            return unix(bytes, length);
        }
        if (family == Family.NETLINK.number()) {
            return length < NETLINK_LENGTH
                    ? tooShort("netlink", length, NETLINK_LENGTH)
                    : new Sockaddr.Netlink(in.getInt(4), in.getInt(8));
        }
        if (family == Family.UNSPEC.number()) {
            return new Sockaddr.Unspec(length < Sockaddr.INET_LENGTH ? Optional.empty() : Optional.of(inet(in)));
        }
        return new Sockaddr.Other(Family.of(family));
    }

    private static Sockaddr.Inet inet(ByteBuffer in) {
        in.order(ByteOrder.BIG_ENDIAN);
        return new Sockaddr.Inet(IpAddress.v4(in.getInt(4)), in.getShort(2) & 0xffff);
    }

    private static Sockaddr.Inet6 inet6(ByteBuffer in) {
        int scopeId = in.limit() < Sockaddr.INET6_LENGTH ? 0 : in.getInt(24);
        in.order(ByteOrder.BIG_ENDIAN);
        IpAddress address = IpAddress.v6(in.getLong(8), in.getLong(16));
        return new Sockaddr.Inet6(address, in.getShort(2) & 0xffff, in.getInt(4), scopeId);
    }

    private static Sockaddr unix(byte[] bytes, int length) {
        if (length == FAMILY_LENGTH) {
            return new Sockaddr.UnixUnnamed();
        }
        if (length > UNIX_MAX_LENGTH) {
            return invalid("length " + length + " of a unix address is above " + UNIX_MAX_LENGTH);
        }
        if (bytes[FAMILY_LENGTH] == 0) {
            return new Sockaddr.UnixAbstract(ByteString.of(bytes, FAMILY_LENGTH + 1, length));
        }
        int end = FAMILY_LENGTH;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return new Sockaddr.UnixPath(ByteString.of(bytes, FAMILY_LENGTH, end));
    }

    static byte[] encode(Sockaddr.Inet address) {
        ByteBuffer out = start(Family.INET, Sockaddr.INET_LENGTH).order(ByteOrder.BIG_ENDIAN);
        out.putShort(2, (short) address.port()).putInt(4, address.address().hostOrder());
        return out.array();
    }

    static byte[] encode(Sockaddr.Inet6 address) {
        ByteBuffer out = start(Family.INET6, Sockaddr.INET6_LENGTH).putInt(24, address.scopeId());
        out.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) address.port()).putInt(4, address.flowInfo());
        out.putLong(8, address.address().high()).putLong(16, address.address().low());
        return out.array();
    }

    static byte[] encode(Sockaddr.UnixPath address) {
        byte[] path = address.path().toBytes();
        int length = Math.min(FAMILY_LENGTH + path.length + 1, UNIX_MAX_LENGTH);
        return start(Family.UNIX, length).position(FAMILY_LENGTH).put(path).array();
    }

    static byte[] encode(Sockaddr.UnixAbstract address) {
        byte[] name = address.name().toBytes();
        return start(Family.UNIX, FAMILY_LENGTH + 1 + name.length).position(FAMILY_LENGTH + 1).put(name).array();
    }

    private static ByteBuffer start(Family family, int length) {
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        return out.putShort(0, (short) family.number());
    }

    private static Sockaddr invalid(String why) {
        return new Sockaddr.Malformed(Errno.EINVAL, why);
    }

    private static Sockaddr tooShort(String family, int length, int least) {
        return invalid("length " + length + " is below " + least + ", the least for family " + family);
    }
}
