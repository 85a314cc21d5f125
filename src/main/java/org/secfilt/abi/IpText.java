package org.secfilt.abi;

/** Addresses as text: RFC 4291 section 2.2 in, RFC 5952 out. By hand, for a regex would cost start-up time. */
final class IpText {
    private static final int GROUPS = 8;

    private IpText() {}

    static IpAddress parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("an address is missing");
        }
        return text.indexOf(':') < 0 ? parse4(text, text) : parse6(text);
    }

    /** @param whole what to quote in a complaint: {@code text} may be the tail of an IPv6 address */
    private static IpAddress parse4(String text, String whole) {
        int value = 0;
        int at = 0;
        for (int i = 0; i < 4; i++) {
            int start = at;
            int octet = 0;
            while (at < text.length() && isDigit(text.charAt(at)) && at - start < 4) {
                octet = octet * 10 + text.charAt(at++) - '0';
            }
            boolean ended = i == 3 ? at == text.length() : at < text.length() && text.charAt(at) == '.';
            if (at == start || !ended) {
                throw no(whole, "");
            }
            if (octet > 255) {
                throw no(whole, ": " + octet + " is above 255");
            }
            if (at - start > 1 && text.charAt(start) == '0') {
                throw no(whole, ": '" + text.substring(start, at) + "' may mean octal; write it without leading zeros");
            }
            value = value << 8 | octet;
            at++;
        }
        return IpAddress.v4(value);
    }

    private static IpAddress parse6(String text) {
        if (text.indexOf('%') >= 0) {
            throw no(text, ": leave out the scope from the '%' on");
        }
        if (text.charAt(0) == '[') {
            throw no(text, ": write it without brackets");
        }
        int[] groups = new int[GROUPS];
        int count = 0;
        int gap = -1;
        int at = 0;
        if (text.startsWith("::")) {
            gap = 0;
            at = 2;
        }
        while (at < text.length()) {
            int start = at;
            int group = 0;
            while (at < text.length() && hex(text.charAt(at)) >= 0 && at - start < 5) {
                group = group << 4 | hex(text.charAt(at++));
            }
            if (at < text.length() && text.charAt(at) == '.') {
                if (count > GROUPS - 2) {
                    throw no(text, "");
                }
                int tail = parse4(text.substring(start), text).hostOrder();
                groups[count++] = tail >>> 16;
                groups[count++] = tail & 0xffff;
                break;
            }
            if (at == start || at - start > 4 || count == GROUPS) {
                throw no(text, "");
            }
            groups[count++] = group;
            if (at == text.length()) {
                break;
            }
            if (text.charAt(at) != ':' || ++at == text.length()) {
                throw no(text, "");
            }
            if (text.charAt(at) == ':') {
                if (gap >= 0) {
                    throw no(text, ": '::' may stand in it once");
                }
                gap = count;
                at++;
            }
        }
        if (gap < 0 ? count != GROUPS : count == GROUPS) {
            throw no(text, "");
        }
        return assemble(groups, count, gap);
    }

    /** Puts the groups after the gap at the end, zeros in between. */
    private static IpAddress assemble(int[] groups, int count, int gap) {
        long high = 0;
        long low = 0;
        for (int i = 0; i < count; i++) {
            int place = gap >= 0 && i >= gap ? i + GROUPS - count : i;
            long bits = (long) groups[i] << 48 - 16 * (place & 3);
            if (place < 4) {
                high |= bits;
            } else {
                low |= bits;
            }
        }
        return IpAddress.v6(high, low);
    }

    static String print(IpAddress address) {
        StringBuilder out = new StringBuilder(40);
        if (address.isV4()) {
            print4(out, (int) address.low());
        } else if (address.isMapped()) {
            print4(out.append("::ffff:"), (int) address.low());
        } else {
            print6(out, address);
        }
        return out.toString();
    }

    private static void print4(StringBuilder out, int bits) {
        out.append(bits >>> 24).append('.').append(bits >>> 16 & 0xff).append('.');
        out.append(bits >>> 8 & 0xff).append('.').append(bits & 0xff);
    }

    private static void print6(StringBuilder out, IpAddress address) {
        int gap = -1;
        int gapLength = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && group(address, end) == 0) {
                end++;
            }
            if (end - i > gapLength) {
                gap = i;
                gapLength = end - i;
            }
        }
        for (int i = 0; i < GROUPS; i++) {
            if (i == gap) {
                out.append("::");
                i += gapLength - 1;
                continue;
            }
            if (i > 0 && i != gap + gapLength) {
                out.append(':');
            }
            out.append(Integer.toHexString(group(address, i)));
        }
    }

    private static int group(IpAddress address, int i) {
        return (int) ((i < 4 ? address.high() : address.low()) >>> 48 - 16 * (i & 3)) & 0xffff;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** The value of a hexadecimal digit in ASCII, or -1. */
    private static int hex(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    /** Of a host, by its looks. */
    private static boolean isName(String text) {
        boolean name = text.length() > 1;
        boolean letter = false;
        for (int i = 0; i < text.length() && name; i++) {
            char c = text.charAt(i);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            letter |= plain;
            name = plain || isDigit(c) || i > 0 && (c == '.' || c == '-');
        }
        return name && letter && !text.startsWith("0x") && !text.startsWith("0X");
    }

    /** Of an IPv4 address that was cut short, or has too much, by its looks. */
    private static boolean isNumbers(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isDigit(text.charAt(i)) && text.charAt(i) != '.') {
                return false;
            }
        }
        return true;
    }

    private static IllegalArgumentException no(String text, String why) {
        String how = !why.isEmpty() ? why
                : isName(text) ? "; 'getent ahosts " + text + "' shows the name's"
                : isNumbers(text) ? "; write four numbers, as 10.0.0.0" + (text.contains(".") ? "" : ", a port stands behind them, as 10.0.0.0:80")
                : "";
        return new IllegalArgumentException("'" + Printable.escape(text) + "' is no IPv4 or IPv6 address" + how);
    }
}
