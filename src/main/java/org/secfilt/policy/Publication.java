package org.secfilt.policy;

import org.secfilt.abi.PortRange;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Protocol;

/** A port of the host that leads to a port of the command's own network: {@code 10105:5432}, {@code 5353:53/udp}. */
public record Publication(int hostPort, int port, Protocol protocol) {
    /** @throws IllegalArgumentException saying what is wrong with it */
    public static Publication parse(String text) {
        int slash = text.indexOf('/');
        int colon = text.indexOf(':');
        String ports = slash < 0 ? text : text.substring(0, slash);
        if (colon < 0 || colon >= ports.length()) {
            throw new IllegalArgumentException(
                    "'" + Printable.escape(text) + "' is no HOSTPORT:PORT; write one such as 10105:5432 or 5353:53/udp");
        }
        return new Publication(port(ports.substring(0, colon)), port(ports.substring(colon + 1)),
                slash < 0 ? Protocol.TCP : Protocol.parse(text.substring(slash + 1)));
    }

    private static int port(String text) {
        int port = text.indexOf('-') < 0 ? PortRange.parseOne(text) : 0;
        if (port == 0) {
            throw new IllegalArgumentException("'" + Printable.escape(text) + "' is no single port; one port leads to one port");
        }
        return port;
    }

    @Override
    public String toString() {
        return hostPort + ":" + port + "/" + protocol;
    }
}
