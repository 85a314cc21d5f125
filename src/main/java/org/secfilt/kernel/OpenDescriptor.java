package org.secfilt.kernel;

import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Family;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;

/**
 * A descriptor that was open before anybody could judge it, inherited or handed over, and that could carry traffic past every
 * inspected call.
 *
 * @param kind what it is
 * @param domain AF_* of a socket, else -1
 * @param type SOCK_* of a socket, else -1
 * @param protocol IPPROTO_* of a socket, else -1
 * @param peer where a socket is connected to, once it is
 * @param steerings what else of an internet socket says where it sends, as far as it was asked
 */
public record OpenDescriptor(int fd, Kind kind, int domain, int type, int protocol, Optional<Sockaddr> peer,
        Set<Steering> steerings) {
    public OpenDescriptor {
        steerings = Set.copyOf(steerings);
    }

    /** What it is as a socket. */
    public SocketKind socket() {
        return new SocketKind(domain, type, protocol);
    }

    /** The same, but for where it is connected to. */
    public OpenDescriptor withoutPeer() {
        return new OpenDescriptor(fd, kind, domain, type, protocol, Optional.empty(), steerings);
    }

    public boolean isSocket() {
        return kind == Kind.SOCKET || kind == Kind.CONNECTING;
    }

    /** Whether it is a socket of IPv4 or IPv6. */
    public boolean isInternet() {
        return domain == Family.INET.number() || domain == Family.INET6.number();
    }

    /** What a socket was told before, and sends by, whatever a call says. */
    public enum Steering {
        /** A datagram with an address of its own, to which the next bytes are added, and which cannot be dropped. // udp(7) "UDP_CORK" */
        BEGUN,
        /** IP_OPTIONS, a routing header. */
        ROUTE,
        /** SO_BINDTODEVICE, IP_UNICAST_IF. */
        INTERFACE,
        /** SO_MARK. */
        MARK,
        /** IP_FREEBIND, IP_TRANSPARENT. */
        SENDER,
        /** TCP_ULP. */
        PROTOCOL
    }

    /** What such a descriptor is. */
    public enum Kind {
        SOCKET,
        /** A TCP socket whose connection is under way, or begins with its first bytes: it tells nobody where to. */
        CONNECTING,
        /** A socket that cannot be looked at: before Linux 6.9 one of a thread that shares its descriptors with nobody. */
        HIDDEN_SOCKET,
        IO_URING,
        /** The network's end of a tun or tap interface, or what drives one: what is written there is a packet. */
        TUNNEL,
        /** One that makes traffic by itself: RDMA, which connects by what is written to it, PPP, a virtual machine's end of vsock. */
        DEVICE,
        /** A file or directory of a cgroup hierarchy. */
        CGROUP,
        /** Any other directory. */
        DIRECTORY
    }
}
