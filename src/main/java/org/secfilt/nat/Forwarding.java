package org.secfilt.nat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which interfaces of this host forward, by sysctl: net.ipv4.conf.IF.forwarding, and for IPv6 force_forwarding, which leaves router
 * advertisements alone (since Linux 6.17). Never the switch for all of them, which would change what each was set to.
 */
final class Forwarding {
    /** Above the default of ip_local_port_range. */
    private static final int FIRST_PORT = 61000;
    private static final int LAST_PORT = 65535;
    /** EROFS, as strerror(3) says it. */
    private static final String READ_ONLY = "Read-only file system";
    private static final String ADVICE =
            ", as in containers; mount /proc/sys anew (Docker: --privileged), or write --net=none, which needs none of that";

    private final Path interfaces;
    private final String file;
    /** All interfaces forward already, whatever the file of each says. */
    private final boolean everywhere;

    private Forwarding(Path interfaces, String file, boolean everywhere) {
        this.interfaces = interfaces;
        this.file = file;
        this.everywhere = everywhere;
    }

    /** @param root /proc/sys/net */
    static Forwarding v4(Path root) {
        return new Forwarding(root.resolve("ipv4/conf"), "forwarding", false);
    }

    static Forwarding v6(Path root) {
        Path conf = root.resolve("ipv6/conf");
        return new Forwarding(conf, "force_forwarding", isOn(conf.resolve("all/forwarding")));
    }

    /** Whether forwarding can be had without the switch for all interfaces, and a new one has this protocol. */
    boolean isPossible() {
        return !isOn(interfaces.resolve("default/disable_ipv6")) && (everywhere || Files.exists(interfaces.resolve("all").resolve(file)));
    }

    /** The host's own interfaces that forward nothing. */
    List<String> off() {
        List<String> off = new ArrayList<>();
        String[] names = everywhere ? null : new File(interfaces.toString()).list();
        for (String name : names == null ? new String[0] : names) {
            boolean ours = NatLink.isName(name) || name.equals("all") || name.equals("default") || name.equals("lo");
            if (!ours && !isOn(interfaces.resolve(name).resolve(file))) {
                off.add(name);
            }
        }
        return off;
    }

    /** Whose switch it is; nothing where all interfaces forward already. */
    List<String> files(List<String> names) {
        List<String> files = new ArrayList<>();
        for (String name : everywhere ? List.<String>of() : names) {
            files.add(interfaces.resolve(name).resolve(file).toString());
        }
        return files;
    }

    /** @throws IOException naming the file */
    void set(String name, boolean on) throws IOException {
        if (!everywhere) {
            write(interfaces.resolve(name).resolve(file), on);
        }
    }

    /**
     * Has this interface, which is one of IPv4, hear of no neighbours but those that are behind it: else each sender that a frame names would be
     * remembered, in a table that the whole machine shares. net.ipv4.conf.IF.rp_filter
     */
    void refuseStrangers(String name) {
        try {
            write(interfaces.resolve(name).resolve("rp_filter"), true);
        } catch (IOException e) {
            // /proc/sys may be read-only; nothing else depends on it
        }
    }

    /** Lets packets from 127.0.0.0/8 into this interface: net.ipv4.conf.IF.route_localnet. */
    void routeLoopback(String name) throws IOException {
        write(interfaces.resolve(name).resolve("route_localnet"), true);
    }

    /** Has this interface, which is one of IPv6, take no routes and addresses from who is behind it; its rules see to that too, if there are any. */
    void refuseAdvice(String name) {
        for (String advice : List.of("accept_ra", "accept_redirects")) {
            try {
                write(interfaces.resolve(name).resolve(advice), false);
            } catch (IOException e) {
                // /proc/sys may be read-only: then the rules do
            }
        }
    }

    /** Takes this protocol, which is IPv6, from this interface: it has a link-local address of itself. */
    void close(String name) throws IOException {
        Path closed = interfaces.resolve(name).resolve("disable_ipv6");
        if (Files.exists(closed)) { // else the kernel has no IPv6
            write(closed, true);
        }
    }

    /**
     * What lies above the ports that this host's own programs connect from, of both families: net.ipv4.ip_local_port_range.
     *
     * @param root /proc/sys/net
     */
    static String ports(Path root) {
        int first = FIRST_PORT;
        try {
            String[] range = Files.readString(root.resolve("ipv4/ip_local_port_range")).strip().split("\\s+");
            int above = Integer.parseInt(range[1]) + 1;
            first = above <= FIRST_PORT && above > LAST_PORT / 2 ? above : FIRST_PORT; // where they are all in use those are as good as others
        } catch (IOException | RuntimeException e) {
            // as it is by default
        }
        return first + "-" + LAST_PORT;
    }

    /**
     * Whether what a bridge passes on asks rules of FORWARD too: where that was ever loaded, as by Docker. // br_netfilter
     *
     * @param root /proc/sys/net
     */
    static boolean asksBridged(Path root) {
        return Files.exists(root.resolve("bridge/bridge-nf-call-iptables"));
    }

    /** What stands there already is not written once more. */
    private static void write(Path path, boolean on) throws IOException {
        if (Files.exists(path) && isOn(path) == on) {
            return;
        }
        try {
            Files.write(path, new byte[] {(byte) (on ? '1' : '0'), '\n'});
        } catch (FileSystemException e) {
            String why = e.getReason() != null ? e.getReason() : e instanceof NoSuchFileException ? "it is gone" : "it may not be written";
            throw new IOException("write(" + path + "): " + why + (why.equals(READ_ONLY) ? ADVICE : ""), e);
        } catch (IOException e) {
            throw new IOException("write(" + path + "): " + e.getMessage(), e);
        }
    }

    private static boolean isOn(Path path) {
        try {
            return !new String(Files.readAllBytes(path), StandardCharsets.US_ASCII).startsWith("0");
        } catch (IOException e) {
            return false;
        }
    }
}
