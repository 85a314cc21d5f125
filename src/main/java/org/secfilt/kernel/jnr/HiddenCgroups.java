package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The cgroups that a process could come to though no path leads it there now, as {@link org.secfilt.kernel.CgroupSight#hides} has it. */
final class HiddenCgroups {
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000; // fcntl.h
    private static final int PATH_MAX = 4096; // linux/limits.h

    private final int pid;
    private final List<String> mounts;

    HiddenCgroups(int pid) {
        this.pid = pid;
        this.mounts = Mounts.of(pid);
    }

    boolean areThere() {
        if (!RootDirectory.isWhole(pid) || !holdWorkingDirectory()) {
            return true;
        }
        for (String line : mounts) {
            Optional<String> point = Mounts.cgroups(line, false);
            if (point.isEmpty()) {
                point = Mounts.cgroups(line, true);
            }
            if (point.isPresent() && !leads(Mounts.unescape(point.get()), line.substring(0, line.indexOf(' ')))) {
                return true;
            }
        }
        return false;
    }

    /** Whether it is in one of the mounts: from one that was detached, or is of another namespace, ".." leads on there. */
    private boolean holdWorkingDirectory() {
        int fd = (int) Libc.OPEN.call(NativeMemory.string("/proc/" + pid + "/cwd"), O_PATH_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        String mount = RootDirectory.mount(fd) + " ";
        Libc.CLOSE.call(fd);
        for (String line : mounts) {
            if (line.startsWith(mount)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the path leads to this mount, and to none that was mounted over it. proc(5) "/proc/pid/fdinfo" */
    private boolean leads(byte[] path, String mount) {
        byte[] root = ("/proc/" + pid + "/root").getBytes(StandardCharsets.ISO_8859_1);
        if (root.length + path.length >= 2 * PATH_MAX) {
            return false;
        }
        long name = NativeMemory.allocate(root.length + path.length + 1); // zeros
        NativeMemory.IO.putByteArray(name, root, 0, root.length);
        NativeMemory.IO.putByteArray(name + root.length, path, 0, path.length);
        int fd = (int) Libc.OPEN.call(name, O_PATH_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        boolean same = RootDirectory.mount(fd).equals(mount);
        Libc.CLOSE.call(fd);
        return same;
    }
}
