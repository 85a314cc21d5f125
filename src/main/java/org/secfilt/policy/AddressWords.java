package org.secfilt.policy;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Printable;

/** The words by which users name internet addresses: an address, a CIDR block, or {@code loopback}. */
public final class AddressWords {
    /** 127.0.0.0/8 and ::1, what the word {@code loopback} stands for. */
    public static final List<Cidr> LOOPBACK = List.of(Cidr.parse("127.0.0.0/8"), Cidr.parse("::1/128"));

    /** Of which nothing more is known. */
    private static final String NO_ADDRESS = "is no IPv4 or IPv6 address";
    private static final String EXAMPLES = "; write one such as 10.0.0.1, 10.0.0.0/8 or fd00::/8";

    private static final String LOOPBACK_WORD = "loopback";

    private static final String SCHEME_ENDS = "://";

    private static final String LOOPBACK_AND_PORT = "::1:";

    private AddressWords() {}

    /** @throws IllegalArgumentException saying what is wrong and what to write instead */
    public static List<Cidr> parse(String word) {
        refuseUrl(word);
        if (word.equals(LOOPBACK_WORD)) {
            return LOOPBACK;
        }
        String meant = meant(word);
        if (!meant.isEmpty()) {
            throw new IllegalArgumentException("'" + Printable.escape(word) + "' is no network; write " + meant);
        }
        try {
            return List.of(Cidr.parse(word));
        } catch (IllegalArgumentException e) {
            throw e.getMessage().endsWith(NO_ADDRESS) ? new IllegalArgumentException(e.getMessage() + EXAMPLES, e) : e;
        }
    }

    /** A host's name in one may stand for several addresses, and for others tomorrow. */
    private static void refuseUrl(String text) {
        int colon = text.indexOf(SCHEME_ENDS);
        if (colon < 0) {
            return;
        }
        String authority = text.substring(colon + SCHEME_ENDS.length()).split("/", 2)[0];
        String host = authority.substring(authority.indexOf('@') + 1);
        if (host.startsWith("[")) {
            host = host.substring(1).split("]", 2)[0];
        } else {
            host = host.split(":", 2)[0];
        }
        throw new IllegalArgumentException("'" + Printable.escape(text) + "' is a URL, and rules name addresses; "
                + (IpAddress.isAddress(host) ? "write " + host
                : "'getent ahosts " + (host.matches("[A-Za-z0-9.-]+") ? host : "HOST") + "' shows those of its host"));
    }

    /** What to write for what other tools' users write; empty if nothing is known. */
    private static String meant(String word) {
        int dash = word.indexOf('-');
        if (dash > 0 && IpAddress.isAddress(word.substring(0, dash)) && IpAddress.isAddress(word.substring(dash + 1))) {
            return "the blocks of this range, each by itself, as " + word.substring(0, dash) + "/31";
        }
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "localhost", LOOPBACK_WORD -> LOOPBACK_WORD + " for 127.0.0.0/8 and ::1";
            case "any", "all", "*" -> "0.0.0.0/0 for every IPv4 address, and ::/0 for every IPv6 address";
            default -> "";
        };
    }

    /**
     * Reads {@code ADDR[:PORTS]}: {@code 10.0.0.1}, {@code 127.0.0.0/8:8080}, {@code loopback:8000-8099}, {@code ::1},
     * {@code [::1]:80}, {@code [fe80::/10]:80}. An IPv6 address with ports stands in brackets; {@code ::1:80}, which is an address that
     * nobody has, is refused.
     *
     * @throws IllegalArgumentException saying what is wrong and what to write instead
     */
    public static Match.Inet parseWithPorts(String text) {
        refuseUrl(text);
        if (text.startsWith("[")) {
            int close = text.indexOf(']');
            if (close < 0) {
                throw new IllegalArgumentException("a ']' is missing after the IPv6 address");
            }
            return bracketed(text.substring(1, close), text.substring(close + 1));
        }
        int colon = text.indexOf(':');
        if (text.startsWith(LOOPBACK_AND_PORT) && isNumeric(text.substring(LOOPBACK_AND_PORT.length()))) {
            throw new IllegalArgumentException("'" + text + "' would be an IPv6 address of its own; write [::1]:"
                    + text.substring(LOOPBACK_AND_PORT.length()) + " for ports of ::1, and [" + text + "] for that address");
        }
        if (colon < 0 || text.indexOf(':', colon + 1) >= 0) {
            return new Match.Inet(parse(text), List.of(), Optional.empty());
        }
        return withPorts(text.substring(0, colon), text.substring(colon + 1));
    }

    /** Whether the text is what {@link #parseWithPorts} reads, and ports are in it. */
    public static boolean hasPorts(String text) {
        try {
            return !parseWithPorts(text).ports().isEmpty();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isNumeric(String ports) {
        for (int i = 0; i < ports.length(); i++) {
            if ("0123456789-".indexOf(ports.charAt(i)) < 0) {
                return false;
            }
        }
        return !ports.isEmpty();
    }

    /** The prefix length may stand within the brackets or after them. */
    private static Match.Inet bracketed(String address, String rest) {
        if (address.indexOf(':') < 0) {
            throw new IllegalArgumentException("brackets are for IPv6 addresses; write " + address + rest);
        }
        int colon = rest.indexOf(':');
        String prefix = colon < 0 ? rest : rest.substring(0, colon);
        if (!prefix.isEmpty() && prefix.charAt(0) != '/') {
            throw new IllegalArgumentException("after ']' a ':' and ports may follow, such as [::1]:80");
        }
        return colon < 0
                ? new Match.Inet(parse(address + prefix), List.of(), Optional.empty())
                : withPorts(address + prefix, rest.substring(colon + 1));
    }

    private static Match.Inet withPorts(String address, String ports) {
        return new Match.Inet(parse(address), List.of(PortRange.parse(ports)), Optional.empty());
    }
}
