package org.secfilt.explain;

import java.util.Locale;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;
import org.secfilt.abi.ServiceName;

/** What users write for a destination that is none, and what they mean by it. */
final class DestinationMistakes {
    private static final String PORT = "PORT";
    private static final String SCHEME_END = "://";

    private DestinationMistakes() {}

    /**
     * @param hasPorts whether a port belongs to it
     * @throws IllegalArgumentException saying what to write, if this is a mistake that is known
     */
    static void check(String place, boolean hasPorts) {
        String meant = meant(place, hasPorts);
        if (!meant.isEmpty()) {
            throw new IllegalArgumentException("'" + Printable.escape(place) + "' " + meant);
        }
    }

    private static String meant(String place, boolean hasPorts) {
        boolean unix = beginsLike(place, DestinationReader.UNIX) && !beginsLike(place, "unix://");
        if (unix && !place.startsWith(DestinationReader.UNIX)) {
            return "is no destination; write unix:" + Printable.escape(place.substring(DestinationReader.UNIX.length()));
        }
        if (unix || place.startsWith(DestinationReader.ABSTRACT) && !place.startsWith("unix-abstract://")) {
            return "";
        }
        int scheme = place.indexOf(SCHEME_END);
        if (scheme > 0) {
            return url(place.substring(0, scheme).toLowerCase(Locale.ROOT), place.substring(scheme + SCHEME_END.length()));
        }
        if (place.indexOf('@') > 0) {
            return login(place.substring(place.lastIndexOf('@') + 1));
        }
        if (place.startsWith("/") || place.startsWith("@")) {
            return "is no destination; write unix:" + Printable.escape(place) + " for the unix socket";
        }
        String network = network(place, hasPorts);
        if (!network.isEmpty()) {
            return network;
        }
        int colon = place.lastIndexOf(':');
        String host = colon < 0 ? place : place.substring(0, colon);
        String port = colon < 0 ? "443" : place.substring(colon + 1);
        String behind = hasPorts ? ":" + number(port) : "";
        if (host.equalsIgnoreCase("loopback") || host.equalsIgnoreCase("localhost")) {
            return "is no destination; write 127.0.0.1" + behind + " or [::1]" + behind;
        }
        if (host.equals("*") || host.isEmpty() && colon == 0) {
            return "is no destination; write 0.0.0.0" + behind + " or [::]" + behind + " for any address";
        }
        // Such an address may be: but nobody writes one without a port.
        String unscoped = DestinationReader.unscoped(host);
        return place.indexOf(':') != colon && IpAddress.isAddress(unscoped) && isPort(port)
                ? "lacks brackets; write [" + Printable.escape(host) + "]:" + port
                        + (unscoped.equals(host) ? ", or [" + place + "]:443 for that address" : "") : "";
    }

    /** As rules name them, {@code 10.0.0.0/8:443}, {@code [fd00::/8]:443} or without a port. */
    private static String network(String place, boolean hasPorts) {
        int slash = place.indexOf('/');
        boolean bracketed = place.startsWith("[");
        int end = bracketed ? place.indexOf(']') : place.indexOf(':', Math.max(slash, 0));
        if (slash < 0 || bracketed && end < slash) {
            return "";
        }
        String text = place.substring(bracketed ? 1 : 0, end < 0 ? place.length() : end);
        String rest = end < 0 ? "" : place.substring(bracketed ? end + 1 : end);
        Cidr network;
        try {
            network = Cidr.parse(text);
        } catch (IllegalArgumentException e) {
            return ""; // as a protocol behind a slash
        }
        IpAddress one = network.prefix() == network.base().bits() ? network.base() : next(network.base());
        String port = !hasPorts ? "" : rest.isEmpty() ? ":443" : ":" + number(rest.substring(1));
        return "is a network, and a call has one address; write one of its addresses, as " + (one.isV4() ? one : "[" + one + "]") + port;
    }

    /** That of a network is no host's. */
    private static IpAddress next(IpAddress address) {
        return address.isV4() ? IpAddress.v4(address.hostOrder() + 1) : IpAddress.v6(address.high(), address.low() + 1);
    }

    /** What stands between the scheme and the path, without a user. */
    private static String authority(String rest) {
        int end = rest.length();
        for (char mark : new char[] {'/', '?', '#'}) {
            int at = rest.indexOf(mark);
            end = at < 0 ? end : Math.min(end, at);
        }
        return rest.substring(rest.lastIndexOf('@', end - 1) + 1, end);
    }

    /** @param rest what stands behind {@code ://} */
    private static String url(String scheme, String rest) {
        if (scheme.equals("unix") || scheme.equals("unix-abstract")) {
            return rest.isEmpty() ? "names no socket; write unix:/run/x.sock or unix:@name"
                    : "is a URL; write unix:" + (scheme.equals("unix") ? "" : "@") + Printable.escape(rest);
        }
        String authority = authority(rest);
        if (authority.isEmpty() || scheme.equals("fd")) { // what systemd hands over
            return "is a URL without a host; " + DestinationReader.SHAPE;
        }
        int colon = authority.lastIndexOf(':');
        String named = colon > 0 && authority.lastIndexOf(']') < colon ? number(authority.substring(colon + 1)) : PORT;
        boolean hasPort = !named.equals(PORT);
        String host = hasPort ? authority.substring(0, colon) : authority;
        String port = hasPort ? named : portOf(scheme);
        String protocol = scheme.equals("udp") ? "udp " : "tcp ";
        if (!isAddress(host)) {
            return "is a URL" + getent(host) + protocol + "ADDR:" + (port.isEmpty() ? PORT : port);
        }
        return port.isEmpty() ? "is a URL that names no port; write " + protocol + host + " with that port behind it, as :443"
                : "is a URL; write " + protocol + host + ":" + port;
    }

    /** That of what everybody knows; "" for others. */
    private static String portOf(String scheme) {
        return switch (scheme) {
            case "ws" -> ServiceName.port("http");
            case "wss" -> ServiceName.port("https");
            case "sftp", "git+ssh" -> ServiceName.port("ssh");
            default -> ServiceName.port(scheme);
        };
    }

    /** A port as it can be written, for one that goes by a service's name, with what stands behind it: {@code http/tcp}. */
    private static String number(String port) {
        int slash = port.indexOf('/');
        String alone = slash < 0 ? port : port.substring(0, slash);
        String known = isPort(alone) ? alone : ServiceName.port(alone);
        return (known.isEmpty() ? PORT : known) + (slash < 0 ? "" : Printable.escape(port.substring(slash)));
    }

    /** As ssh and git name a place: {@code git@example.org:path}, here without the user. */
    private static String login(String place) {
        int end = place.startsWith("[") ? place.indexOf(']') + 1 : place.indexOf(':');
        String host = end <= 0 ? place : place.substring(0, end);
        String behind = host.length() < place.length() ? place.substring(host.length() + 1) : "";
        String port = isPort(behind) ? behind : portOf("ssh");
        return isAddress(host) ? "is no destination; write tcp " + host + ":" + port
                : "is no destination" + getent(host) + "tcp ADDR:" + port;
    }

    private static String getent(String host) {
        return ", and calls carry addresses; 'getent ahosts " + Printable.escape(host) + "' shows them, write ";
    }

    private static boolean isAddress(String host) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        return IpAddress.isAddress(bracketed ? host.substring(1, host.length() - 1) : host);
    }

    private static boolean beginsLike(String text, String word) {
        return text.regionMatches(true, 0, word, 0, word.length());
    }

    private static boolean isPort(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= 5;
    }
}
