package org.secfilt.kernel;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;

/**
 * A descriptor that the command would inherit and that could carry traffic past every inspected call.
 *
 * @param kind what it is
 * @param domain AF_* of a socket, else -1
 * @param type SOCK_* of a socket, else -1
 * @param protocol IPPROTO_* of a socket, else -1
 * @param peer where a socket is connected to
 */
public record InheritedDescriptor(int fd, Kind kind, int domain, int type, int protocol, Optional<Sockaddr> peer) {
    /** What an inherited descriptor is. */
    public enum Kind {
        SOCKET,
        IO_URING,
        /** The network's end of a tun or tap interface, or what drives one: what is written there is a packet. */
        TUNNEL
    }
}
