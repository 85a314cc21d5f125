package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whose packets a chain judges: those of sockets that were made in the cgroup, and with a class, those of sockets that a process of the
 * class holds, wherever they were made. Or all that leave a network namespace.
 *
 * @param path of the cgroup, below the root that iptables sees, without a leading slash
 * @param classid of a net_cls cgroup
 * @param everybody all packets of the network namespace, the kernel's own too
 * @param inverted the packets of all sockets but those are judged; of one of the two alone. Such as have no socket are nobody's
 */
public record Members(Optional<String> path, Optional<Integer> classid, boolean everybody, boolean inverted) {
    /** Of a network namespace that one run has to itself. */
    static final Members EVERYBODY = new Members(Optional.empty(), Optional.empty(), true, false);

    public Members {
        if (everybody == (path.isPresent() || classid.isPresent())) {
            throw new IllegalArgumentException("everybody, or some: not neither, not both");
        }
        if (inverted && (path.isPresent() && classid.isPresent() || everybody)) {
            throw new IllegalArgumentException("who is in neither cannot be told by either");
        }
        if (path.isPresent() && (path.get().startsWith("/") || !isPlain(path.get()))) {
            throw new IllegalArgumentException("'" + path.get() + "' cannot stand in a rule");
        }
    }

    /** Some. */
    public Members(Optional<String> path, Optional<Integer> classid, boolean inverted) {
        this(path, classid, false, inverted);
    }

    /** Not inverted. */
    public Members(Optional<String> path, Optional<Integer> classid) {
        this(path, classid, false);
    }

    /** Whether a path can stand between the quotes of a rule: iptables-restore knows no way to write a quote or a line's end in them. */
    public static boolean isPlain(String path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                return false;
            }
        }
        return path.length() < 512; // linux/netfilter/xt_cgroup.h XT_CGROUP_PATH_LEN
    }

    /**
     * As {@link #matches}, but of TCP the first segments alone, with SYN and no other flag. Of the rest no packet of this host is looked up in
     * a cgroup, which costs more than all else.
     */
    List<String> beginnings() {
        List<String> beginnings = new ArrayList<>();
        for (String match : matches()) {
            beginnings.add("-p tcp --syn " + match);
            beginnings.add("! -p tcp " + match);
        }
        return beginnings;
    }

    /** Matches of iptables with a blank behind, any of which makes a packet one of theirs. */
    List<String> matches() {
        List<String> matches = new ArrayList<>();
        if (everybody) {
            matches.add("");
        }
        if (path.isPresent()) {
            matches.add("-m cgroup " + (inverted ? "! " : "") + "--path \"" + path.get() + "\" ");
        }
        if (classid.isPresent()) {
            matches.add("-m cgroup " + (inverted ? "! " : "") + "--cgroup " + Integer.toUnsignedString(classid.get()) + " ");
        }
        return matches;
    }
}
