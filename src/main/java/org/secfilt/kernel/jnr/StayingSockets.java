package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.Staying;

/**
 * Finds {@link Staying}, by /proc alone: to get hold of a socket would give it the class of who does. proc(5), proc_pid_net(5). One thread only.
 */
final class StayingSockets {
    private static final int GETXATTR = Arch.X86_64.syscalls().nr("getxattr");
    /** net/socket.c sockfs_xattr_get(): what the protocol calls itself. One that was accepted bears the name of the listening socket's. */
    private static final long PROTOCOL_NAME = NativeMemory.string("system.sockprotoname");
    private static final int NAME_BYTES = 64;
    private static final String SOCKET = "socket:[";
    private static final String IO_URING = "anon_inode:[io_uring]";
    /** The fields of a table of TCP's: {@code 0: 0100007F:B47B 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 118729698 …}. */
    private static final int LOCAL = 1;
    private static final int STATE = 3;
    private static final int QUEUES = 4;
    private static final int INODE = 9;
    private static final String LISTENS = "0A";
    private static final int HEXADECIMAL = 16;

    private final Proc proc;
    private final long path = NativeMemory.allocate(NAME_BYTES);
    private final long name = NativeMemory.allocate(NAME_BYTES);

    StayingSockets(Proc proc) {
        this.proc = proc;
    }

    /** As {@link org.secfilt.kernel.OwnTables#staying}. */
    List<Staying> of(int pid, boolean each) {
        List<Staying> found = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        Map<Integer, String> rings = new HashMap<>();
        for (int tid : tables(pid)) {
            Map<String, Integer> waiting = waiting(tid);
            for (int fd : Proc.numbers("/proc/" + tid + "/fd")) {
                String target = new String(proc.link(tid, "/fd/" + fd), StandardCharsets.ISO_8859_1);
                if (target.equals(IO_URING)) {
                    rings.put(fd, proc.readAll(tid + "/fdinfo/" + fd));
                } else if (TraceeDescriptors.isTunnel(target)) {
                    found.add(new Staying(pid, Staying.Kind.UNSEEN, fd, 0));
                } else if (target.startsWith(SOCKET) && (seen.add(target) || each)) {
                    String protocol = protocol(tid, fd);
                    if (hasOthersBelow(protocol)) {
                        found.add(new Staying(pid, Staying.Kind.BELOW, fd, 0));
                    } else if (protocol.equals("PACKET") || protocol.equals("XDP")) {
                        found.add(new Staying(pid, Staying.Kind.UNSEEN, fd, 0));
                    } else if (waiting.containsKey(target)) {
                        found.add(new Staying(pid, Staying.Kind.WAITING, fd, waiting.get(target)));
                    }
                }
            }
        }
        for (Map.Entry<Integer, String> ring : rings.entrySet()) {
            if (holdsOthers(ring.getValue(), seen)) {
                found.add(new Staying(pid, Staying.Kind.REGISTERED, ring.getKey(), 0));
            }
        }
        return found;
    }

    /** A thread for each table of descriptors. */
    private static List<Integer> tables(int pid) {
        List<Integer> found = new ArrayList<>();
        for (int tid : Proc.numbers("/proc/" + pid + "/task")) {
            boolean known = false;
            for (int i = 0; i < found.size() && !known; i++) {
                known = Pidfd.shareTable(tid, found.get(i));
            }
            if (!known) {
                found.add(tid);
            }
        }
        return found;
    }

    /** The ports of listening sockets that have connections, by the sockets' links. // net/ipv4/tcp_ipv4.c get_tcp4_sock() */
    private Map<String, Integer> waiting(int tid) {
        Map<String, Integer> waiting = new HashMap<>();
        for (String table : List.of("/net/tcp", "/net/tcp6")) {
            for (String line : Mounts.lines(proc.readAll(tid + table))) {
                String[] fields = line.contains(' ' + LISTENS + ' ') ? line.trim().split(" +") : new String[0];
                if (fields.length > INODE && fields[STATE].equals(LISTENS) && behindColon(fields[QUEUES]) > 0) {
                    waiting.put(SOCKET + fields[INODE] + "]", (int) behindColon(fields[LOCAL]));
                }
            }
        }
        return waiting;
    }

    private static long behindColon(String field) {
        return Long.parseLong(field, field.indexOf(':') + 1, field.length(), HEXADECIMAL);
    }

    private String protocol(int tid, int fd) {
        byte[] link = (ProcDirectory.path(tid + "/fd/" + fd) + "\0").getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory.put(path, link, link.length);
        long length = Libc.SYSCALL.call(GETXATTR, path, PROTOCOL_NAME, name, NAME_BYTES, 0);
        byte[] bytes = new byte[(int) Math.max(0, length)];
        NativeMemory.IO.getByteArray(name, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.ISO_8859_1).replace("\0", "");
    }

    private static boolean hasOthersBelow(String protocol) {
        return protocol.startsWith("MPTCP") || protocol.startsWith("SMC");
    }

    /**
     * Whether an io_uring has sockets that are in no table of descriptors, or does not tell, as while it is busy. // io_uring/fdinfo.c
     *
     * @param info {@code UserFiles: 2}, and then {@code 0: socket:[4711]} for each
     */
    private static boolean holdsOthers(String info, Set<String> open) {
        int from = info.indexOf("\nUserFiles:");
        for (int at = info.indexOf(SOCKET, Math.max(0, from)); at >= 0; at = info.indexOf(SOCKET, at + 1)) {
            if (!open.contains(info.substring(at, info.indexOf(']', at) + 1))) {
                return true;
            }
        }
        return from < 0;
    }
}
