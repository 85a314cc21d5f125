package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;

/**
 * Where this process finds /proc: at first by that path; and from {@link #keep} on in a copy of the mount that no path leads to, so that a command
 * of the same mount namespace that may mount cannot put files of its own over what is read there. Nothing can be mounted in the copy, and no
 * mount over the original comes to it. The copy is the working directory, as the names of sockets and calls that know paths alone are led there
 * by that too. open_tree(2) "OPEN_TREE_CLONE", mount_setattr(2), proc(5).
 */
final class ProcDirectory {
    // fcntl.h, linux/mount.h
    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_RECURSIVE = 0x8000;
    private static final int OPEN_TREE_CLONE = 1;
    private static final int O_CLOEXEC = 02000000;
    private static final int MS_MOVE = 8192;
    private static final int MS_PRIVATE = 1 << 18;
    /** struct mount_attr: attr_set, attr_clr, propagation, userns_fd. */
    private static final int ATTR_BYTES = 32;
    private static final int PROPAGATION = 16;
    private static final int PROC_SUPER_MAGIC = 0x9fa0; // linux/magic.h
    private static final int STATFS_BYTES = 120;
    private static final String PATH = "/proc/";

    /** What stands before the name of a file there. */
    private static volatile String prefix = PATH;

    private ProcDirectory() {}

    /** The path of a file there, whose name is as in {@code self/fd}. */
    static String path(String name) {
        return prefix + name;
    }

    /** The same of one that begins with /proc, or of /proc itself. */
    static String find(String path) {
        return isKept() ? path.length() <= PATH.length() ? "." : path.substring(PATH.length()) : path;
    }

    /** Likewise of one that the C library takes, and that was made before. */
    static long find(long path) {
        return isKept() ? path + PATH.length() : path;
    }

    /** Whether it is the working directory, which no path of others leads to. */
    static boolean isKept() {
        return prefix.isEmpty();
    }

    /**
     * Nothing is done where this process may not mount: what it runs may neither then, where this process sees it. Before anything runs.
     *
     * @throws KernelException if the command may, and no copy can be had; or if this is no /proc
     */
    static void keep() {
        if (isKept()) {
            return;
        }
        long path = NativeMemory.string("/proc");
        long statfs = NativeMemory.allocate(STATFS_BYTES);
        if (Libc.STATFS.call(path, statfs) == 0 && NativeMemory.IO.getLong(statfs) != PROC_SUPER_MAGIC) {
            throw KernelException.inWords("/proc is another file system here, so nothing can be supervised. Nothing was run");
        }
        int copy = (int) call("open_tree", AT_FDCWD, path, OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE, 0, 0);
        if (copy < 0 && !mayMount(path)) {
            return;
        }
        if (copy < 0) {
            throw notKept("open_tree", copy);
        }
        long attributes = NativeMemory.allocate(ATTR_BYTES);
        NativeMemory.IO.putLong(attributes + PROPAGATION, MS_PRIVATE);
        int rc = (int) call("mount_setattr", copy, NativeMemory.string(""), AT_EMPTY_PATH | AT_RECURSIVE, attributes, ATTR_BYTES);
        if (rc < 0) {
            throw notKept("mount_setattr", rc); // by a container's filter; whoever has a copy may move it over others, without mount(2)
        }
        Libc.must("fchdir", call("fchdir", copy, 0, 0, 0, 0));
        Libc.CLOSE.call(copy);
        prefix = "";
    }

    private static KernelException notKept(String call, int error) {
        return KernelException.inWords("/proc cannot be kept from what the command mounts (" + call + ": " + Errno.of(-error) + "). Nothing was run");
    }

    /** By a mount of nothing, which is refused for that after it would have been for want of the right. // fs/namespace.c path_mount() */
    private static boolean mayMount(long path) {
        return call("mount", NativeMemory.string(""), path, 0, MS_MOVE, 0) == -Errno.EINVAL.number();
    }

    private static long call(String name, long a, long b, long c, long d, long e) {
        return Libc.SYSCALL.call(Arch.X86_64.syscalls().nr(name), a, b, c, d, e);
    }
}
