package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The cookies of all network namespaces that there are: each is entered by a thread of its own, which then ends. A namespace lives by its processes,
 * by descriptors of it and by mounts of it: network_namespaces(7). One thread only, once.
 */
final class NetworkCookies {
    // fcntl.h
    private static final int O_RDONLY_CLOEXEC = 02000000;
    private static final int O_PATH_CLOEXEC = 010000000 | O_RDONLY_CLOEXEC;
    private static final int O_NOFOLLOW = 0400000;
    private static final int CLONE_NEWNET = 0x40000000; // linux/sched.h
    /** The process namespace that all others are in. // linux/proc_ns.h PROC_PID_INIT_INO */
    private static final String ALL_PROCESSES = "pid:[4026531836]";
    private static final String NETWORK = "net:[";
    /** It is in the network namespace that the kernel's threads are in, and some hosts let nobody look at it. */
    private static final int INIT = 1;
    /** A process may begin, and the one that made it end, while they are looked through. */
    private static final int LOOKS = 2;
    private static final int ROOT_OF_MOUNT = 3;
    private static final int POINT_OF_MOUNT = 4;

    private final Proc proc = new Proc();
    /** It is in the one file system that all namespaces are files of. // fs/nsfs.c */
    private final FileStatus own = FileStatus.at(NativeMemory.string(ProcDirectory.path("self/ns/net")), FileStatus.INODE);
    private final JnrRuns runs = new JnrRuns();
    /** Descriptors, by the names of what they stand for. */
    private final Map<String, Integer> namespaces = new HashMap<>();
    private final Set<String> mountNamespaces = new HashSet<>();
    /** Of those that are mounted, the names of such as could not be opened by that. */
    private final Set<String> hidden = new HashSet<>();
    private boolean whole = true;

    /** Empty if it cannot be told of all: in a process namespace below, or without the rights to look at all and to enter them. */
    Optional<Set<Long>> ask() {
        if (!link("self/ns/pid").equals(ALL_PROCESSES)) {
            return Optional.empty();
        }
        try {
            for (int look = 0; look < LOOKS; look++) {
                mountNamespaces.clear();
                for (int pid : Proc.numbers("/proc")) {
                    addOf(pid);
                }
            }
            Set<Long> cookies = new HashSet<>();
            boolean all = whole && namespaces.keySet().containsAll(hidden) && enterAll(cookies);
            return all ? Optional.of(cookies) : Optional.empty();
        } finally {
            for (int fd : namespaces.values()) {
                Libc.CLOSE.call(fd);
            }
        }
    }

    private void addOf(int pid) {
        for (int tid : Proc.numbers("/proc/" + pid + "/task")) {
            boolean seen = add(pid + "/task/" + tid + "/ns/net");
            whole &= seen || pid == INIT || !runs.isAlive(tid);
        }
        for (int fd : Proc.numbers("/proc/" + pid + "/fd")) {
            add(pid + "/fd/" + fd);
        }
        if (mountNamespaces.add(link(pid + "/ns/mnt"))) {
            addMounts(pid);
        }
    }

    /** @return whether it leads to a network namespace, and that is known by now */
    private boolean add(String name) {
        String target = link(name);
        return target.startsWith(NETWORK) && (namespaces.containsKey(target)
                || open(target, proc.openPath(name)));
    }

    /** As ip-netns(8) makes them. */
    private void addMounts(int pid) {
        for (String line : Mounts.of(pid)) {
            String[] fields = line.split(" ");
            if (fields.length > POINT_OF_MOUNT && fields[ROOT_OF_MOUNT].startsWith(NETWORK) && !namespaces.containsKey(fields[ROOT_OF_MOUNT])) {
                String point = new String(Mounts.unescape(fields[POINT_OF_MOUNT]), StandardCharsets.UTF_8);
                long found = Libc.OPEN.call(NativeMemory.string(ProcDirectory.path(pid + "/root" + point)), O_PATH_CLOEXEC | O_NOFOLLOW, 0);
                if (!open(fields[ROOT_OF_MOUNT], (int) found)) {
                    hidden.add(fields[ROOT_OF_MOUNT]); // as below another mount: it may be reached in another way
                }
            }
        }
    }

    /**
     * Of whatever else may be there by now nothing is opened, which a FIFO lets wait and a device acts on.
     *
     * @param found an O_PATH descriptor, which is closed, or a negative error number
     */
    private boolean open(String name, int found) {
        if (found < 0) {
            return false;
        }
        FileStatus status = FileStatus.of(found, FileStatus.INODE);
        boolean fits = status.error() == 0 && status.device() == own.device() && name.equals(NETWORK + status.inode() + "]");
        long opened = fits ? Libc.OPEN.call(NativeMemory.string(ProcDirectory.path("self/fd/" + found)), O_RDONLY_CLOEXEC, 0) : -1;
        Libc.CLOSE.call(found);
        if (opened < 0) {
            return false;
        }
        namespaces.put(name, (int) opened);
        return true;
    }

    private String link(String name) {
        return new String(proc.link(name), StandardCharsets.ISO_8859_1);
    }

    private boolean enterAll(Set<Long> cookies) {
        Visitor visitor = new Visitor(List.copyOf(namespaces.values()), cookies);
        try {
            visitor.start();
            visitor.join();
        } catch (OutOfMemoryError e) {
            return false; // the user's limit of processes
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return visitor.visitedAll;
    }

    /** It does not come back to where it began. setns(2) */
    private static final class Visitor extends Thread {
        private final List<Integer> namespaces;
        private final Set<Long> cookies;
        private volatile boolean visitedAll;

        Visitor(List<Integer> namespaces, Set<Long> cookies) {
            super("networks");
            setDaemon(true);
            this.namespaces = namespaces;
            this.cookies = cookies;
        }

        @Override
        public void run() {
            long scratch = NativeMemory.allocate(JnrNetworks.COOKIE_BYTES);
            for (int namespace : namespaces) {
                if (JnrCgroups.call("setns", namespace, CLONE_NEWNET, 0, 0, 0) < 0) {
                    return;
                }
                cookies.add(JnrNetworks.ownCookie(scratch));
            }
            visitedAll = true;
        }
    }
}
