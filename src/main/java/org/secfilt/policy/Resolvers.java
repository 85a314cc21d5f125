package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.IpAddress;

/** The nameservers that the C library asks, resolv.conf(5). */
public final class Resolvers {
    private static final String KEYWORD = "nameserver";

    private Resolvers() {}

    /**
     * Reads the text of /etc/resolv.conf. A scope ({@code fe80::1%eth0}) is dropped, a line that holds no address is
     * passed over as the C library does, and without any nameserver it is 127.0.0.1 that is asked.
     */
    public static List<IpAddress> parse(String resolvConf) {
        List<IpAddress> found = new ArrayList<>();
        int at = 0;
        while (at < resolvConf.length()) {
            int newline = resolvConf.indexOf('\n', at);
            int end = newline < 0 ? resolvConf.length() : newline;
            addNameserver(resolvConf.substring(at, end), found);
            at = end + 1;
        }
        if (found.isEmpty()) {
            found.add(IpAddress.parse("127.0.0.1"));
        }
        return List.copyOf(found);
    }

    /** The keyword stands at the very start of its line, resolv.conf(5). */
    private static void addNameserver(String line, List<IpAddress> found) {
        if (!line.startsWith(KEYWORD)) {
            return;
        }
        int from = KEYWORD.length();
        while (from < line.length() && isBlank(line.charAt(from))) {
            from++;
        }
        int to = from;
        while (to < line.length() && !isBlank(line.charAt(to)) && "#;%".indexOf(line.charAt(to)) < 0) {
            to++;
        }
        if (from == KEYWORD.length() || from == to) {
            return;
        }
        try {
            found.add(IpAddress.parse(line.substring(from, to)).canonical());
        } catch (IllegalArgumentException e) {
            // No address: the C library asks nobody here, so there is nobody to allow.
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
    }
}
