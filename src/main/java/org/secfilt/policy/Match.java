package org.secfilt.policy;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;

/** What a rule looks at: a closed set, each back end visits all of it. */
public sealed interface Match {
    <R> R accept(Visitor<R> visitor);

    /** One method per kind of match, so that a new kind fails to compile wherever it must be learnt. */
    interface Visitor<R> {
        R inet(Inet match);

        R unixPath(UnixPath match);

        R unixAbstract(UnixAbstract match);
    }

    /**
     * Internet destinations: an address in one of the networks and a port in one of the ranges and the protocol.
     * An empty list, or no protocol, does not restrict.
     */
    record Inet(List<Cidr> networks, List<PortRange> ports, Optional<Protocol> protocol) implements Match {
        public Inet {
            networks = List.copyOf(networks);
            ports = List.copyOf(ports);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.inet(this);
        }
    }

    /** Unix sockets in the file system, by the canonical path of the socket. {@code *} stays within one directory, {@code **} crosses. */
    record UnixPath(String pattern) implements Match {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unixPath(this);
        }
    }

    /** Abstract unix sockets by name, without the leading NUL. {@code *} stands for any bytes. */
    record UnixAbstract(String pattern) implements Match {
        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unixAbstract(this);
        }
    }
}
