package org.secfilt.explain;

import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.abi.Sockaddr;
import org.secfilt.verdict.Action;

/**
 * What a user asks about: an address, what is to be done with it, by what kind of socket.
 *
 * @param text as it is shown: {@code tcp 93.184.216.34:443}
 * @param address of a unix socket, its canonical path
 * @param socket {@link SocketKind#UNKNOWN} for a unix one
 */
public record Destination(String text, Action action, Sockaddr address, SocketKind socket) {
    /** IPv4 multicast, and with it 255.255.255.255. */
    private static final Cidr GROUPS_V4 = Cidr.parse("224.0.0.0/3");
    private static final Cidr GROUPS_V6 = Cidr.parse("ff00::/8");

    /** The call that names it, as reports name it. */
    String call() {
        return switch (action) {
            case BIND -> "bind";
            case CONNECT, SEND -> "connect";
        };
    }

    /** As rules name what it sends. */
    public Optional<Protocol> protocol() {
        return socket.protocol() == Protocol.MPTCP ? Optional.of(Protocol.TCP) : socket.ruled();
    }

    /** Whether it is an internet socket of a kind that rules cannot name. */
    boolean isOfOtherKind() {
        return !isUnix() && socket.word().isPresent() && socket.ruled().isEmpty();
    }

    boolean isUnix() {
        return address instanceof Sockaddr.UnixPath || address instanceof Sockaddr.UnixAbstract;
    }

    /** Whether what is sent there may leave this host's loopback interface; to connect and send, 0.0.0.0 and :: are loopback. */
    boolean leavesLoopback() {
        return action != Action.BIND && isElsewhere();
    }

    /** Whether it is to bind to an address that a host with a loopback interface alone has not; groups and 255.255.255.255 anybody may bind to. */
    boolean bindsElsewhere() {
        return action == Action.BIND && isElsewhere() && !GROUPS_V4.contains(ip().canonical()) && !GROUPS_V6.contains(ip());
    }

    private boolean isElsewhere() {
        return !isUnix() && !ip().isAny() && !ip().isLoopback();
    }

    private IpAddress ip() {
        return address instanceof Sockaddr.Inet inet ? inet.address() : ((Sockaddr.Inet6) address).address();
    }

    Family family() {
        return isUnix() ? Family.UNIX : address instanceof Sockaddr.Inet ? Family.INET : Family.INET6;
    }

    /** The arguments of the socket(2) that it takes. */
    SocketKind madeAs() {
        boolean unknown = socket.equals(SocketKind.UNKNOWN);
        return new SocketKind(family().number(), unknown ? SocketType.STREAM : socket.type(), Math.max(0, socket.protocol()));
    }
}
