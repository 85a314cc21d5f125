package org.secfilt.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.verdict.Action;

/**
 * Reads destinations off a command line.
 *
 * <pre>
 *   [connect|send|bind] PROTOCOL ADDR:PORT     [CALL] ADDR:PORT[/PROTOCOL]     [CALL] unix:PATH      [CALL] unix:@NAME
 * </pre>
 *
 * The parts stand in words of their own or, quoted, in one word. The second form is how reports print a destination; without a protocol
 * it is asked about for TCP and UDP. A protocol is one that rules name, or that the log does; of those without ports the port may be left out.
 */
public final class DestinationReader {
    /** What takes place of a path's links, and what interfaces there are. */
    public interface Paths {
        /** The absolute path that the kernel would reach by this name, as far as it is there. */
        String canonical(String path);

        /** Whether there is an interface of this name or number. */
        default boolean hasInterface(String scope) {
            return true;
        }
    }

    static final String UNIX = "unix:";
    static final String ABSTRACT = "unix-abstract:";
    /** An address of family AF_UNSPEC, as reports print one: to send and to bind the kernel reads it as IPv4's. */
    static final String UNSPEC = "unspec:";
    /** What reports print of a socket that is not made has no destination. */
    private static final String SOCKET = "socket";
    /** What stands for bytes that are no UTF-8. */
    private static final char UNKNOWN = '\ufffd';
    static final String SHAPE = "write tcp 192.0.2.1:443, udp [2001:db8::1]:53, unix:/run/x.sock, unix:@name or bind tcp 0.0.0.0:80";

    private static final String PROTOCOLS = "write tcp or udp, or as the log does mptcp, udplite, sctp, dccp, icmp, icmpv6, l2tp, smc, raw:1";
    private static final String ICMP = "icmp";
    private static final String ICMPV6 = "icmpv6";
    private static final String NO_PORT = ":0";

    private final Paths paths;
    private final List<String> parts;
    private final List<Destination> found = new ArrayList<>();
    private int at;

    private DestinationReader(List<String> parts, Paths paths) {
        this.parts = parts;
        this.paths = paths;
    }

    /** @throws IllegalArgumentException saying what is wrong with each that cannot be read, and what to write, a line each */
    public static List<Destination> read(List<String> words, Paths paths) {
        DestinationReader reader = new DestinationReader(parts(words), paths);
        List<String> mistakes = new ArrayList<>();
        while (reader.at < reader.parts.size()) {
            try {
                reader.one();
            } catch (IllegalArgumentException e) {
                mistakes.add(e.getMessage());
            }
        }
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", mistakes));
        }
        return List.copyOf(reader.found);
    }

    /** A path may hold blanks, so that {@code unix:} takes the rest of its word. */
    private static List<String> parts(List<String> words) {
        List<String> parts = new ArrayList<>();
        for (String word : words) {
            String rest = word.strip();
            if (rest.isEmpty()) { // an unset shell variable, most likely: silence would read as success
                parts.add(word);
            }
            while (!rest.isEmpty()) {
                int blank = rest.startsWith(UNIX) || rest.startsWith(ABSTRACT) ? -1 : rest.indexOf(' ');
                parts.add(blank < 0 ? rest : rest.substring(0, blank));
                rest = blank < 0 ? "" : rest.substring(blank).strip();
            }
        }
        return parts;
    }

    private void one() {
        String word = parts.get(at);
        if (word.equals(SOCKET)) {
            throw socket();
        }
        Optional<Action> called = action(word);
        if (called.isPresent()) {
            at++;
        }
        Action action = called.orElse(Action.CONNECT);
        String before = called.isPresent() ? word + " " : "";
        if (at == parts.size()) {
            throw new IllegalArgumentException("behind '" + Printable.escape(word) + "' a destination is missing; " + SHAPE);
        }
        String place = parts.get(at);
        at++;
        DestinationMistakes.check(place, true);
        if (place.startsWith(UNIX) || place.startsWith(ABSTRACT)) {
            found.add(unix(before, action, place));
            return;
        }
        boolean known = SocketKind.of(Family.INET, place.toLowerCase(Locale.ROOT)).isPresent();
        if (known || at < parts.size() && isBareWord(place) && beginsAsAddress(parts.get(at))) {
            byProtocol(before, action, place, known);
            return;
        }
        int slash = place.lastIndexOf('/');
        if (slash > 0 && place.indexOf(':') >= 0 && place.indexOf(':') < slash && place.charAt(slash - 1) != ':'
                && Character.isLetter(place.charAt(Math.min(slash + 1, place.length() - 1)))) {
            String protocol = place.substring(slash + 1).toLowerCase(Locale.ROOT);
            if (SocketKind.of(Family.INET, protocol).isEmpty()) {
                throw unknown(place, protocol);
            }
            add(before, action, protocol, place.substring(0, slash));
        } else {
            address(place.startsWith(UNSPEC) ? place.substring(UNSPEC.length()) : place, place);
            for (Protocol protocol : Protocol.values()) {
                add(before, action, protocol.toString(), place);
            }
        }
    }

    private IllegalArgumentException socket() {
        at++;
        String kind = at < parts.size() ? parts.get(at++) : "";
        boolean internet = SocketKind.of(Family.INET, kind.toLowerCase(Locale.ROOT)).isPresent();
        String example = kind.equals(ICMPV6) ? " [2001:db8::1]" : " 192.0.2.1" + (hasNoPorts(kind) ? "" : ":443");
        return new IllegalArgumentException("'" + Printable.escape((SOCKET + " " + kind).strip()) + "' names no destination; "
                + (internet ? "write " + kind + example + " for one, or " : "") + "ask: secfilt simulate socket, with the call's numbers behind it");
    }

    private void byProtocol(String before, Action action, String word, boolean known) {
        String protocol = word.toLowerCase(Locale.ROOT);
        boolean hasPorts = !hasNoPorts(protocol);
        if (at == parts.size()) {
            String missing = hasPorts ? "an address and a port are missing; " : "an address is missing; ";
            throw new IllegalArgumentException("behind '" + before + word + "' " + missing + SHAPE);
        }
        String address = parts.get(at);
        at++;
        if (!known) {
            throw unknown(word + " " + address, word);
        }
        if (hasPorts || !IpAddress.isAddress(address)) {
            DestinationMistakes.check(address, hasPorts);
        }
        add(before, action, protocol, withoutProtocol(protocol, address));
    }

    /** Behind its protocol an address may name it once more, as reports do. */
    private static String withoutProtocol(String protocol, String place) {
        int slash = place.lastIndexOf('/');
        String again = place.substring(slash + 1).toLowerCase(Locale.ROOT);
        if (slash < 0 || SocketKind.of(Family.INET, again).isEmpty()) {
            return place;
        }
        String alone = place.substring(0, slash);
        if (!again.equals(protocol)) {
            throw new IllegalArgumentException("'" + Printable.escape(protocol + " " + place) + "' names two protocols; write "
                    + Printable.escape(protocol + " " + alone + " or " + again + " " + alone));
        }
        return alone;
    }

    private static Optional<Action> action(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            // A socket that a unix peer handed over is judged as if the receiver had connected it.
            case "connect", "recvmsg", "recvmmsg" -> Optional.of(Action.CONNECT);
            case "bind", "listen" -> Optional.of(Action.BIND);
            case "send", "sendto", "sendmsg", "sendmmsg" -> Optional.of(Action.SEND);
            default -> Optional.empty();
        };
    }

    private void add(String before, Action action, String protocol, String given) {
        boolean unspec = given.startsWith(UNSPEC);
        String place = unspec ? given.substring(UNSPEC.length()) : given;
        String alone = unscoped(bare(place));
        boolean bare = hasNoPorts(protocol) && IpAddress.isAddress(alone);
        Sockaddr address = bare ? sockaddr(IpAddress.parse(alone), 0) : address(place, protocol + " " + place);
        if (unspec && action == Action.CONNECT) {
            throw new IllegalArgumentException("'" + Printable.escape(given) + "': to connect there ends a connection, which nothing denies;"
                    + " write sendto or bind before it");
        }
        if (unspec && !(address instanceof Sockaddr.Inet)) {
            throw new IllegalArgumentException("'" + Printable.escape(given) + "' is no destination; where the family is unspec the kernel reads an"
                    + " IPv4 address");
        }
        add(before, action, protocol, address, scope(place), unspec ? UNSPEC : "");
    }

    /**
     * @param scope with its %, to be shown: rules do not look at it. Empty for none
     * @param as {@link #UNSPEC} or nothing
     */
    private void add(String before, Action action, String protocol, Sockaddr address, String scope, String as) {
        Family family = address instanceof Sockaddr.Inet ? Family.INET : Family.INET6;
        String other = family.equals(Family.INET) ? ICMP : ICMPV6;
        if (protocol.equals(family.equals(Family.INET) ? ICMPV6 : ICMP)) {
            String place = shown(protocol, address.toString());
            throw new IllegalArgumentException("'" + protocol + " " + place + "': there is no such socket; write " + other + " " + place);
        }
        String shown = scope.isEmpty() ? address.toString() : address.toString().replace("]", Printable.escape(scope) + "]");
        String text = before + protocol + " " + as + (as.isEmpty() ? shown(protocol, shown) : shown);
        found.add(new Destination(text, action, address, SocketKind.of(family, protocol).orElseThrow()));
    }

    /** Nobody has said 0 where there are no ports. */
    private static String shown(String protocol, String place) {
        return hasNoPorts(protocol) && place.endsWith(NO_PORT) ? bare(place.substring(0, place.length() - NO_PORT.length())) : place;
    }

    private static boolean hasNoPorts(String protocol) {
        return protocol.startsWith(ICMP) || protocol.startsWith("raw:") || protocol.equals("l2tp");
    }

    private static IllegalArgumentException unknown(String whole, String word) {
        return new IllegalArgumentException("'" + Printable.escape(whole) + "': '" + Printable.escape(word) + "' is no protocol; " + PROTOCOLS);
    }

    /** A word before an address stands for a protocol, be it none. */
    private static boolean isBareWord(String text) {
        return text.matches("[A-Za-z][A-Za-z0-9-]*|(?i:raw):.*");
    }

    private static boolean beginsAsAddress(String text) {
        char first = text.isEmpty() ? ' ' : text.charAt(0);
        return first == '[' || first >= '0' && first <= '9' && (text.indexOf('.') > 0 || text.indexOf(':') > 0);
    }

    private static Sockaddr address(String place, String whole) {
        int colon = place.lastIndexOf(':');
        boolean bracketed = place.startsWith("[");
        boolean hasPort = bracketed ? place.indexOf("]:") > 0 : colon >= 0 && place.indexOf(':') == colon;
        if (!hasPort) {
            throw new IllegalArgumentException(IpAddress.isAddress(unscoped(bare(place)))
                    ? "'" + Printable.escape(whole) + "' lacks a port; write " + withPort(place)
                    : "'" + Printable.escape(whole) + "' is no destination; " + SHAPE);
        }
        String host = bracketed ? place.substring(1, place.indexOf(']')) : place.substring(0, colon);
        IpAddress ip;
        try {
            ip = IpAddress.parse(unscoped(host));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(Character.isLetter(host.isEmpty() ? '.' : host.charAt(0)) && host.indexOf(':') < 0
                    ? "'" + Printable.escape(host) + "' is a name, and calls carry addresses; 'getent ahosts "
                            + Printable.escape(host) + "' shows them"
                    : "'" + Printable.escape(whole) + "': " + e.getMessage(), e);
        }
        return sockaddr(ip, port(whole, place.substring(colon + 1)));
    }

    /** An IPv6 address without its scope, which is not compared, see Judge. */
    static String unscoped(String host) {
        int scope = host.indexOf('%');
        return scope < 0 || host.indexOf(':') < 0 || host.indexOf(':') > scope ? host : host.substring(0, scope);
    }

    /** Of a destination that can be read: its scope with the %, or "". */
    private String scope(String place) {
        int scope = place.indexOf('%');
        if (scope < 0) {
            return "";
        }
        int end = place.indexOf(']', scope);
        String name = place.substring(scope + 1, end < 0 ? place.length() : end);
        if (name.isEmpty() || !paths.hasInterface(name)) {
            throw new IllegalArgumentException("'" + Printable.escape(place) + "': "
                    + (name.isEmpty() ? "behind the % an interface is missing" : "there is no interface '" + Printable.escape(name) + "' here")
                    + "; leave out the scope, which no rule looks at");
        }
        return "%" + name;
    }

    private static Sockaddr sockaddr(IpAddress ip, int port) {
        return ip.isV4() ? new Sockaddr.Inet(ip, port) : new Sockaddr.Inet6(ip, port, 0, 0);
    }

    private static int port(String whole, String text) {
        if (text.indexOf('-') >= 0) {
            throw new IllegalArgumentException("'" + Printable.escape(whole) + "': a destination has one port");
        }
        try {
            return PortRange.parseOne(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + Printable.escape(whole) + "': " + e.getMessage(), e);
        }
    }

    private static String withPort(String address) {
        return IpAddress.parse(unscoped(bare(address))).isV4() ? address + ":443" : "[" + bare(address) + "]:443";
    }

    private static String bare(String text) {
        return text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    }

    private Destination unix(String before, Action action, String word) {
        boolean abstractWord = word.startsWith(ABSTRACT);
        String name = word.substring(abstractWord ? ABSTRACT.length() : UNIX.length());
        boolean isAbstract = abstractWord || name.startsWith("@");
        String rest = isAbstract && !abstractWord ? name.substring(1) : name;
        if (rest.isEmpty()) {
            throw new IllegalArgumentException("'" + Printable.escape(word) + "' names no socket; write unix:/run/x.sock or unix:@name");
        }
        if (isAbstract) {
            if (ByteString.of(rest).length() >= Sockaddr.UNIX_PATH_LENGTH) {
                throw new IllegalArgumentException("'" + Printable.escape(word) + "': the name of a unix socket has 107 bytes at most");
            }
            return new Destination(before + "unix:@" + Printable.escape(rest), action,
                    new Sockaddr.UnixAbstract(ByteString.of(rest)), SocketKind.UNKNOWN);
        }
        String canonical = paths.canonical(rest);
        if (canonical.indexOf(UNKNOWN) >= 0 && rest.indexOf(UNKNOWN) < 0) {
            throw new IllegalArgumentException("'" + Printable.escape(word) + "' leads to a name that is no UTF-8; a run judges it, and this cannot");
        }
        ByteString path = ByteString.of(canonical);
        if (path.length() >= Sockaddr.PATH_MAX) {
            throw new IllegalArgumentException("'" + Printable.escape(word) + "' leads to a path of more than 4095 bytes");
        }
        return new Destination(before + UNIX + Printable.escape(rest), action, new Sockaddr.UnixPath(path), SocketKind.UNKNOWN);
    }
}
