package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.OpenDescriptor;

/**
 * What a tracee's descriptors stand for, by pidfd_getfd(2) and /proc/PID/fd. One thread only.
 *
 * <p>Whoever looks at a descriptor in the moment in which it is closed is the one who closes what it stood for, be it only to learn that there is
 * none any more, and that takes as long as a socket lingers (SO_LINGER): so each look has a limit. // fs/file.c __fget_files_rcu()
 */
final class TraceeDescriptors {
    private static final String SOCKET_LINK = "socket:[";
    private static final int NAME_BYTES = 64;
    private static final int STATFS_BYTES = 256; // and some
    // linux/magic.h
    private static final long CGROUP_SUPER_MAGIC = 0x27e0eb;
    private static final long CGROUP2_SUPER_MAGIC = 0x63677270;

    private final Proc proc;
    private final Patience patience;
    private final KeptPidfds pidfds;
    private final long name = NativeMemory.allocate(NAME_BYTES);
    private final long statfs = NativeMemory.allocate(STATFS_BYTES);

    TraceeDescriptors(Proc proc, Patience patience) {
        this.proc = proc;
        this.patience = patience;
        this.pidfds = new KeptPidfds(proc);
    }

    /** As {@link Pidfd#copy}. */
    int copy(int tid, int fd) {
        boolean limited = patience.begin();
        int copy = pidfds.copy(tid, fd);
        end(limited);
        return copy;
    }

    /** Of a copy, of whatever it may be. */
    void close(int copy) {
        boolean limited = patience.begin();
        Libc.CLOSE.call(copy);
        end(limited);
    }

    /** As {@link Proc#link}. */
    byte[] link(int tid, int fd) {
        boolean limited = patience.begin();
        byte[] link = proc.link(tid, "/fd/" + fd);
        end(limited);
        return link;
    }

    /** As {@link org.secfilt.kernel.TraceeNumbers#pidfdTarget}. */
    int pidfdTarget(int tid, int fd) {
        String target = Proc.field(pidfdInfo(tid, fd), "Pid");
        return target.isEmpty() ? -1 : Integer.parseInt(target);
    }

    /** What /proc/PID/fdinfo tells of a pidfd; empty if it is none. */
    String pidfdInfo(int tid, int fd) {
        boolean limited = patience.begin();
        try {
            return pidfdInfoSoon(tid, fd);
        } finally {
            end(limited);
        }
    }

    /** As {@link org.secfilt.kernel.TraceeSockets#carrier}. */
    Optional<OpenDescriptor> carrier(int tid, int fd) {
        boolean limited = patience.begin();
        try {
            return carrierSoon(tid, fd);
        } finally {
            end(limited);
        }
    }

    /** Whether a directory lies on a mount that the tracee sees: from it is reached what it reaches by a path. */
    boolean liesOnItsMounts(int tid, int fd) {
        boolean limited = patience.begin();
        String mount = Proc.field(proc.read(tid, "/fdinfo/" + fd), "mnt_id");
        end(limited);
        if (!mount.isEmpty()) {
            for (String line : Mounts.of(tid)) {
                if (line.startsWith(mount + " ")) {
                    return true;
                }
            }
        }
        return false;
    }

    private void end(boolean limited) {
        if (limited) {
            patience.end();
        }
    }

    private String pidfdInfoSoon(int tid, int fd) {
        // Others print names there that anybody may have given them.
        String target = target(tid, fd);
        return target.equals("anon_inode:[pidfd]") || target.startsWith("pidfd:") ? proc.read(tid, "/fdinfo/" + fd) : "";
    }

    private Optional<OpenDescriptor> carrierSoon(int tid, int fd) {
        String target = target(tid, fd);
        if (target.startsWith(SOCKET_LINK)) {
            return Optional.of(noSocket(fd, OpenDescriptor.Kind.HIDDEN_SOCKET));
        }
        if (target.equals("anon_inode:[io_uring]")) {
            return Optional.of(noSocket(fd, OpenDescriptor.Kind.IO_URING));
        }
        if (isTunnel(target)) {
            return Optional.of(noSocket(fd, OpenDescriptor.Kind.TUNNEL));
        }
        if (target.startsWith("/dev/infiniband/") || target.equals("/dev/ppp") || target.equals("/dev/vhost-vsock")) {
            return Optional.of(noSocket(fd, OpenDescriptor.Kind.DEVICE));
        }
        return target.startsWith("/") ? file(tid, fd) : Optional.empty();
    }

    /** By its usual name. */
    static boolean isTunnel(String target) {
        return target.equals("/dev/net/tun") || target.startsWith("/dev/tap") || target.equals("/dev/vhost-net");
    }

    private Optional<OpenDescriptor> file(int tid, int fd) {
        byte[] path = (ProcDirectory.path(tid + "/fd/" + fd) + "\0").getBytes(StandardCharsets.ISO_8859_1);
        NativeMemory.IO.putByteArray(name, path, 0, path.length);
        if (Libc.STATFS.call(name, statfs) == 0) {
            long type = NativeMemory.IO.getLong(statfs);
            if (type == CGROUP_SUPER_MAGIC || type == CGROUP2_SUPER_MAGIC) {
                return Optional.of(noSocket(fd, OpenDescriptor.Kind.CGROUP));
            }
        }
        FileStatus status = FileStatus.at(name);
        if (status.error() == -Errno.EINTR.number() || status.isDirectory()) { // what does not say in time may be one
            return Optional.of(noSocket(fd, OpenDescriptor.Kind.DIRECTORY));
        }
        Optional<OpenDescriptor.Kind> device = status.isCharacterDevice() ? device(status.specialMajor(), status.specialMinor()) : Optional.empty();
        return device.isPresent() ? Optional.of(noSocket(fd, device.get())) : Optional.empty(); // no lambda: it would cost milliseconds
    }

    private Optional<OpenDescriptor.Kind> device(int major, int minor) {
        boolean looks = TrafficDevices.isGivenOut(major);
        return TrafficDevices.kind(major, minor, looks ? proc.readAll("devices") : "", looks ? proc.readAll("misc") : "");
    }

    boolean isSocket(int tid, int fd) {
        return target(tid, fd).startsWith(SOCKET_LINK);
    }

    /** As {@link org.secfilt.kernel.TraceeSockets#isSocket}. */
    boolean linksToSocket(int tid, int fd) {
        return new String(link(tid, fd), StandardCharsets.ISO_8859_1).startsWith(SOCKET_LINK);
    }

    private String target(int tid, int fd) {
        return new String(proc.link(tid, "/fd/" + fd), StandardCharsets.ISO_8859_1);
    }

    private static OpenDescriptor noSocket(int fd, OpenDescriptor.Kind kind) {
        return new OpenDescriptor(fd, kind, -1, -1, -1, Optional.empty(), Set.of());
    }
}
