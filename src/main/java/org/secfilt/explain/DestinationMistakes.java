package org.secfilt.explain;

import java.util.Locale;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;

/** What users write for a destination that is none, and what they mean by it. */
final class DestinationMistakes {
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
        int scheme = place.indexOf(SCHEME_END);
        if (scheme > 0) {
            return url(place.substring(0, scheme).toLowerCase(Locale.ROOT), authority(place.substring(scheme + SCHEME_END.length())));
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
        String behind = hasPorts ? ":" + Printable.escape(port) : "";
        if (host.equalsIgnoreCase("loopback") || host.equalsIgnoreCase("localhost")) {
            return "is no destination; write 127.0.0.1" + behind + " or [::1]" + behind;
        }
        if (host.equals("*") || host.isEmpty() && colon == 0) {
            return "is no destination; write 0.0.0.0" + behind + " or [::]" + behind + " for any address";
        }
        // Such an address may be: but nobody writes one without a port.
        return place.indexOf(':') != colon && IpAddress.isAddress(host) && isPort(port)
                ? "lacks brackets; write [" + host + "]:" + port + ", or [" + place + "]:443 for that address" : "";
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
        String port = !hasPorts ? "" : rest.isEmpty() ? ":443" : Printable.escape(rest);
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

    private static String url(String scheme, String authority) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon > 0 && isPort(authority.substring(colon + 1)) && authority.lastIndexOf(']') < colon;
        String host = hasPort ? authority.substring(0, colon) : authority;
        String port = hasPort ? authority.substring(colon + 1)
                : scheme.equals("http") ? "80" : scheme.equals("ssh") ? "22" : "443";
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (IpAddress.isAddress(bracketed ? host.substring(1, host.length() - 1) : host)) {
            return "is a URL; write tcp " + host + ":" + port;
        }
        return "is a URL, and calls carry addresses; 'getent ahosts " + Printable.escape(host) + "' shows them, write tcp ADDR:" + port;
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
