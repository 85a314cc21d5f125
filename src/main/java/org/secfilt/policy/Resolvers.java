package org.secfilt.policy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;

/** Whom the C library asks for addresses: the nameservers of resolv.conf(5), and the caches of this machine, by unix sockets. */
public final class Resolvers {
    private static final String KEYWORD = "nameserver";
    private static final Optional<String> REASON = Optional.of("resolver of this machine");

    private static final Optional<String> OWN_PORT = Optional.of("any free port to ask nameservers from");

    /**
     * nscd(8), which glibc tries first, systemd-resolved(8), which nss-resolve(8) asks, and sssd(8), which "sss" in nsswitch.conf(5) asks for hosts
     * and users. They look names up as a nameserver does and do nothing else: sssd's other pipes are for more. /var/run stands here for where it is
     * no link to /run.
     */
    private static final String[] SOCKETS = {
        "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/var/lib/sss/pipes/nss",
    };

    public static final String FILE = "/etc/resolv.conf";

    /**
     * Where those that put themselves before all nameservers, on loopback, tell whom they ask: systemd-resolved(8) "/etc/resolv.conf",
     * NetworkManager.conf(5) "rc-manager".
     */
    private static final List<String> BEHIND_LOOPBACK = List.of("/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf");

    /** The C library reads three nameservers of it; a file longer than this is not one of its kind. */
    private static final int MAX_BYTES = 64 * 1024;

    private Resolvers() {}

    /** Those of /etc/resolv.conf. Without the file the C library asks 127.0.0.1. */
    public static List<IpAddress> nameservers(Opener files) {
        return parse(read(files, FILE));
    }

    /** Those that a command can ask in a network behind this host's addresses. */
    public static List<IpAddress> nameserversFromBehind(Opener files) {
        return parse(read(files, replacement(files).orElse(FILE)));
    }

    /** Whether /etc/resolv.conf names nameservers, and all of them on the loopback of this host, which is out of reach from behind. */
    public static boolean areOnLoopback(Opener files) {
        List<IpAddress> named = named(read(files, FILE));
        return !named.isEmpty() && named.stream().allMatch(IpAddress::isLoopback);
    }

    /** If they are, the file that serves in its place; empty if there is none. */
    public static Optional<String> replacement(Opener files) {
        if (areOnLoopback(files)) {
            for (String file : BEHIND_LOOPBACK) {
                if (named(read(files, file)).stream().anyMatch(server -> !server.isLoopback())) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    private static String read(Opener files, String name) {
        try {
            return new String(files.read(name, MAX_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Reads the text of /etc/resolv.conf. A scope ({@code fe80::1%eth0}) is dropped, a line that holds no address is
     * passed over as the C library does, and without any nameserver it is 127.0.0.1 that is asked.
     */
    public static List<IpAddress> parse(String resolvConf) {
        List<IpAddress> found = named(resolvConf);
        return found.isEmpty() ? List.of(IpAddress.parse("127.0.0.1")) : List.copyOf(found);
    }

    private static List<IpAddress> named(String resolvConf) {
        List<IpAddress> found = new ArrayList<>();
        int at = 0;
        while (at < resolvConf.length()) {
            int newline = resolvConf.indexOf('\n', at);
            int end = newline < 0 ? resolvConf.length() : newline;
            addNameserver(resolvConf.substring(at, end), found);
            at = end + 1;
        }
        return found;
    }

    /** Rules that allow the resolvers' unix sockets, for where unix sockets are restricted. */
    static List<Rule> sockets(Origin origin) {
        List<Rule> rules = new ArrayList<>();
        for (String path : SOCKETS) {
            rules.add(new Rule(new Match.UnixPath(path), REASON, origin));
        }
        return rules;
    }

    /**
     * Dig, host, musl and c-ares bind the socket of a query before they send it. By UDP alone: a socket that sends without a bind gets such a port
     * as well, while a stream socket could listen at it.
     */
    static Rule ownPort(Origin origin) {
        List<Cidr> anywhere = List.of(Cidr.of(IpAddress.parse("0.0.0.0")), Cidr.of(IpAddress.parse("::")));
        return new Rule(new Match.Inet(anywhere, List.of(PortRange.of(0)), Optional.of(Protocol.UDP)), OWN_PORT, origin);
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
            IpAddress server = IpAddress.parse(line.substring(from, to)).canonical();
            found.add(!server.isAny() ? server : IpAddress.parse(server.isV4() ? "127.0.0.1" : "::1")); // whom the kernel asks then
        } catch (IllegalArgumentException e) {
            // No address: the C library asks nobody here, so there is nobody to allow.
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
    }
}
