package org.secfilt.abi;

import java.util.Optional;

/**
 * A socket address as the kernel reads it: {@link #decode} takes the bytes a program hands over and says what the
 * kernel would make of them, at the kernel's own minimum and maximum lengths. Addresses and ports are in host order.
 *
 * <p>{@code toString} is fit for a terminal whatever the bytes were.
 */
public sealed interface Sockaddr {
    /** sizeof(struct sockaddr_storage); the kernel refuses more. */
    int MAX_LENGTH = 128;
    /** sizeof(struct sockaddr_in) */
    int INET_LENGTH = 16;
    /** sizeof(struct sockaddr_in6) */
    int INET6_LENGTH = 28;
    /** The size of sun_path. */
    int UNIX_PATH_LENGTH = 108;
    /** Of a path, with its NUL. // linux/limits.h */
    int PATH_MAX = 4096;

    /** One case each; a new kind of address fails to compile where it must be learnt. */
    interface Visitor<R> {
        R inet(Inet address);

        R inet6(Inet6 address);

        R unixPath(UnixPath address);

        R unixAbstract(UnixAbstract address);

        R unixUnnamed(UnixUnnamed address);

        R netlink(Netlink address);

        R unspec(Unspec address);

        R other(Other address);

        R malformed(Malformed address);
    }

    <R> R accept(Visitor<R> visitor);

    /**
     * Reads a socket address.
     *
     * <p>A length of 0 or 1 is {@link Malformed} here, as connect(2) and bind(2) answer it; whether a {@code sendto}
     * with an address of length 0 is a plain {@code send} depends on the socket, which the caller knows.
     *
     * @param bytes  at least {@code length} bytes, or as many as could be read: fewer make it {@code Malformed(EFAULT)}
     * @param length the length the program gave, in bytes
     */
    static Sockaddr decode(byte[] bytes, int length) {
        return SockaddrBytes.decode(bytes, length);
    }

    /** AF_INET. */
    record Inet(IpAddress address, int port) implements Sockaddr {
        public Inet {
            if (!address.isV4()) {
                throw new IllegalArgumentException(address + " is no IPv4 address");
            }
            PortRange.of(port);
        }

        /** {@code struct sockaddr_in}, 16 bytes. */
        public byte[] encode() {
            return SockaddrBytes.encode(this);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.inet(this);
        }

        @Override
        public String toString() {
            return address + ":" + port;
        }
    }

    /** AF_INET6. {@code scopeId} is 0 where the bytes end before it (RFC 2133 had none). */
    record Inet6(IpAddress address, int port, int flowInfo, int scopeId) implements Sockaddr {
        /** In every network namespace. // net/flow.h LOOPBACK_IFINDEX */
        private static final int LOOPBACK_INDEX = 1;

        public Inet6 {
            if (address.isV4()) {
                throw new IllegalArgumentException(address + " is no IPv6 address");
            }
            PortRange.of(port);
        }

        /**
         * Whether connect(2) and bind(2) tie the socket to the scope's interface, bind(2) even where it then fails: so they do for
         * link-local addresses, and for groups of the interface or the link. Interface 1 is loopback.
         * // net/ipv6.h __ipv6_addr_needs_scope_id()
         */
        public boolean choosesInterface() {
            int first = (int) (address.high() >>> 48);
            boolean linkLocal = (first & 0xffc0) == 0xfe80;
            boolean group = (first & 0xff00) == 0xff00 && ((first & 0xf) == 1 || (first & 0xf) == 2);
            return (linkLocal || group) && scopeId != 0 && scopeId != LOOPBACK_INDEX;
        }

        /** {@code struct sockaddr_in6}, 28 bytes. */
        public byte[] encode() {
            return SockaddrBytes.encode(this);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.inet6(this);
        }

        @Override
        public String toString() {
            String scope = scopeId == 0 ? "" : "%" + Integer.toUnsignedString(scopeId);
            return "[" + address + scope + "]:" + port;
        }
    }

    /**
     * AF_UNIX with a path; the kernel ends it at the first NUL. One of more than {@link #UNIX_PATH_LENGTH} bytes is where a shorter one, with
     * links or in a deep directory, leads to.
     */
    record UnixPath(ByteString path) implements Sockaddr {
        public UnixPath {
            if (path.length() == 0 || path.length() >= PATH_MAX || path.latin1().indexOf('\0') >= 0) {
                throw new IllegalArgumentException("a unix socket's path has 1 to 4095 bytes, none of them NUL");
            }
        }

        /** Whether {@code sun_path} holds it. */
        public boolean fits() {
            return path.length() <= UNIX_PATH_LENGTH;
        }

        /**
         * {@code struct sockaddr_un} up to and with the NUL, which a path of 108 bytes does without.
         *
         * @throws IllegalStateException if it does not fit
         */
        public byte[] encode() {
            if (!fits()) {
                throw new IllegalStateException("a socket address holds 108 bytes");
            }
            return SockaddrBytes.encode(this);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unixPath(this);
        }

        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /** AF_UNIX in the abstract name space. The name is without its leading NUL; NULs in it and after it count. */
    record UnixAbstract(ByteString name) implements Sockaddr {
        public UnixAbstract {
            if (name.length() >= UNIX_PATH_LENGTH) {
                throw new IllegalArgumentException("an abstract name has at most 107 bytes");
            }
        }

        /** {@code struct sockaddr_un} up to the end of the name. */
        public byte[] encode() {
            return SockaddrBytes.encode(this);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unixAbstract(this);
        }

        @Override
        public String toString() {
            return "unix-abstract:" + name;
        }
    }

    /** AF_UNIX and nothing more: bind(2) chooses an abstract name, everything else answers EINVAL. */
    record UnixUnnamed() implements Sockaddr {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unixUnnamed(this);
        }

        @Override
        public String toString() {
            return "unix-unnamed";
        }
    }

    /** AF_NETLINK: port id and multicast groups, in native order. */
    record Netlink(int pid, int groups) implements Sockaddr {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.netlink(this);
        }

        @Override
        public String toString() {
            return "netlink:" + Integer.toUnsignedString(pid) + "/0x" + Integer.toHexString(groups);
        }
    }

    /**
     * AF_UNSPEC. It disconnects in connect(2), but a UDP sendto(2) takes it for AF_INET, and so does bind(2) of
     * 0.0.0.0; so it carries the AF_INET reading of its bytes, if they are enough for one.
     */
    record Unspec(Optional<Inet> asInet) implements Sockaddr {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unspec(this);
        }

        @Override
        public String toString() {
            return asInet.isPresent() ? "unspec:" + asInet.get() : "unspec";
        }
    }

    /** A family that secfilt does not look into. */
    record Other(Family family) implements Sockaddr {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.other(this);
        }

        @Override
        public String toString() {
            return family.toString();
        }
    }

    /** Bytes that the kernel refuses, with its answer and why. */
    record Malformed(Errno answer, String why) implements Sockaddr {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.malformed(this);
        }

        @Override
        public String toString() {
            return "malformed address: " + why;
        }
    }
}
