package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.IpAddress;

/** Whom the C library asks for addresses: the nameservers of resolv.conf(5), and the caches of this machine, by unix sockets. */
public final class Resolvers {
    private static final String KEYWORD = "nameserver";
    private static final Optional<String> REASON = Optional.of("resolver of this machine");

    /**
     * nscd(8), which glibc tries first, and systemd-resolved(8), which nss-resolve(8) asks. They look names up as a nameserver does and
     * do nothing else. /var/run stands here for where it is no link to /run.
     */
    private static final String[] SOCKETS = {
        "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve",
    };

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

    /** Rules that allow the resolvers' unix sockets, for where unix sockets are restricted. */
    static List<Rule> sockets(Origin origin) {
        List<Rule> rules = new ArrayList<>();
        for (String path : SOCKETS) {
            rules.add(new Rule(new Match.UnixPath(path), REASON, origin));
        }
        return rules;
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
