package org.secfilt.abi;

/** A range of ports, both ends included, in host order. */
public record PortRange(int first, int last) {
    public static final int MAX_PORT = 65535;
    public static final PortRange ALL = new PortRange(0, MAX_PORT);

    private static final String NO_RANGE = "' is no port and no range of ports; write ";
    private static final String RANGES = "one such as 443 or 8000-8099";
    private static final String NO_PORT = "' is no port; write ";
    private static final String PORTS = "one such as 443";

    public PortRange {
        check(first);
        check(last);
        if (first > last) {
            throw new IllegalArgumentException(
                    "port range " + first + "-" + last + " is reversed; write " + last + "-" + first);
        }
    }

    public static PortRange of(int port) {
        return new PortRange(port, port);
    }

    /**
     * Reads {@code 443} or {@code 8000-8099}. Port 0 may be written: it is what a bind to any free port asks for.
     *
     * @throws IllegalArgumentException saying what is wrong and what to write instead
     */
    public static PortRange parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a port is missing");
        }
        int dash = text.indexOf('-');
        if (dash < 0) {
            return of(port(text, text, NO_RANGE));
        }
        return new PortRange(port(text.substring(0, dash), text, NO_RANGE), port(text.substring(dash + 1), text, NO_RANGE));
    }

    /**
     * Reads {@code 443}, where no range may stand.
     *
     * @throws IllegalArgumentException saying what is wrong and what to write instead
     */
    public static int parseOne(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a port is missing");
        }
        return port(text, text, NO_PORT);
    }

    public boolean contains(int port) {
        return first <= port && port <= last;
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }

    private static int port(String text, String whole, String none) {
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                throw noPort(whole, none);
            }
            // Stays put once above any limit, so that a long number cannot wrap round.
            value = value > MAX_PORT ? value : value * 10 + c - '0';
        }
        if (text.isEmpty()) {
            throw noPort(whole, none);
        }
        if (value > MAX_PORT) {
            throw new IllegalArgumentException("port " + text + " is above " + MAX_PORT);
        }
        if (text.length() > 1 && text.charAt(0) == '0') {
            throw new IllegalArgumentException("port '" + text + "' has a leading zero; write " + value);
        }
        return value;
    }

    private static IllegalArgumentException noPort(String text, String none) {
        String named = ServiceName.port(text);
        String instead = !named.isEmpty() ? named : none.equals(NO_RANGE) ? RANGES : PORTS;
        return new IllegalArgumentException("'" + Printable.escape(text)
                + (text.indexOf(',') < 0 ? none + instead : "' is more than one port; write each by itself"));
    }

    private static void check(int port) {
        if (port < 0) {
            throw new IllegalArgumentException("port " + port + " is below 0");
        }
        if (port > MAX_PORT) {
            throw new IllegalArgumentException("port " + port + " is above " + MAX_PORT);
        }
    }
}
