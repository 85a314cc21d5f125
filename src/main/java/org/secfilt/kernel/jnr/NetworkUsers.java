package org.secfilt.kernel.jnr;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The processes of a network namespace, by /proc. */
final class NetworkUsers {
    private static final int O_RDONLY_CLOEXEC = 02000000;
    private static final int NS_GET_USERNS = 0xb701; // linux/nsfs.h
    /** proc_pid_net(5): the tables of sockets whose packets a packet filter sees. */
    private static final List<String> TABLES =
            List.of("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6");
    /** The column of a socket's inode number in them. */
    private static final int INODE = 9;

    private final Proc proc;

    NetworkUsers(Proc proc) {
        this.proc = proc;
    }

    /** A namespace that belongs to none of ours has an owner that may not be asked for: EPERM. */
    boolean areInSight() {
        String own = link("self/ns/user");
        return !own.isEmpty() && owner("/proc/self/ns/net").equals(own) && !owner("/proc/self/ns/pid").equals(own);
    }

    /** It belongs to this user namespace, or to one within. */
    boolean areOurs() {
        return !owner("/proc/self/ns/net").isEmpty();
    }

    private String owner(String namespace) {
        long fd = Libc.OPEN.call(NativeMemory.string(namespace), O_RDONLY_CLOEXEC, 0);
        if (fd < 0) {
            return "";
        }
        long owner = Libc.IOCTL.call(fd, NS_GET_USERNS, 0);
        Libc.CLOSE.call(fd);
        if (owner < 0) {
            return "";
        }
        String name = link("self/fd/" + owner);
        Libc.CLOSE.call(owner);
        return name;
    }

    List<String> besides(int pid) {
        String namespace = link(pid + "/ns/net");
        Set<String> sockets = sockets();
        List<String> users = new ArrayList<>();
        for (int other : Proc.numbers("/proc")) {
            if (other != pid && link(other + "/ns/net").equals(namespace) && holdsAny(other, sockets)) {
                users.add(proc.read(other, "/comm").strip() + "[" + other + "]");
            }
        }
        return users;
    }

    private Set<String> sockets() {
        Set<String> found = new HashSet<>();
        for (String table : TABLES) {
            for (String line : Mounts.lines(proc.readAll("self/net/" + table))) {
                String[] fields = line.trim().split("\\s+");
                if (fields.length > INODE) {
                    found.add("socket:[" + fields[INODE] + "]");
                }
            }
        }
        return found;
    }

    private boolean holdsAny(int pid, Set<String> sockets) {
        String[] fds = new File(ProcDirectory.path(pid + "/fd")).list();
        if (fds == null) {
            return false; // it has ended, or is of another user
        }
        for (String fd : fds) {
            if (sockets.contains(link(pid + "/fd/" + fd))) {
                return true;
            }
        }
        return false;
    }

    private String link(String name) {
        return new String(proc.link(name), StandardCharsets.ISO_8859_1);
    }
}
