package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;

/**
 * The root directory of a process, which can be another than that of its mount namespace, by chroot(2). Then the process's mount table leaves
 * out the mounts that it cannot come to, but who may call chroot(2) can come to them: chroot(2) "the superuser can escape".
 */
final class RootDirectory {
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000; // fcntl.h
    private static final long CLONE_FS = 0x200; // linux/sched.h
    private static final int UNSHARE = Arch.X86_64.syscalls().nr("unshare");
    private static final int CHROOT = Arch.X86_64.syscalls().nr("chroot");
    private static final int OPENAT = Arch.X86_64.syscalls().nr("openat");

    private RootDirectory() {}

    /**
     * Whether nothing is above it, which is told by {@code ..}: that leads up from everywhere but from the root of the namespace, and from the
     * asking thread's own. So a thread asks that has a root of its own, further down. False where that cannot be had.
     */
    static boolean isWhole(int pid) {
        int root = (int) Libc.OPEN.call(NativeMemory.string(ProcDirectory.path(pid + "/root")), O_PATH_CLOEXEC, 0);
        if (root < 0) {
            return false;
        }
        int above = above(root);
        boolean same = above >= 0 && FileStatus.of(root).isSameFile(FileStatus.of(above)) && mount(root).equals(mount(above));
        Libc.CLOSE.call(root);
        if (above >= 0) {
            Libc.CLOSE.call(above);
        }
        return same;
    }

    private static int above(int root) {
        long below = NativeMemory.string("/proc");
        long up = NativeMemory.string("..");
        int[] above = {-1};
        Thread thread = new Thread("above") {
            @Override
            public void run() {
                if (Libc.SYSCALL.call(UNSHARE, CLONE_FS, 0, 0, 0, 0) == 0 && Libc.SYSCALL.call(CHROOT, below, 0, 0, 0, 0) == 0) {
                    above[0] = (int) Libc.SYSCALL.call(OPENAT, root, up, O_PATH_CLOEXEC, 0, 0);
                }
            }
        };
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
        return above[0];
    }

    /** The number of the mount that an open file is in. proc(5) "/proc/pid/fdinfo" */
    static String mount(int fd) {
        String text = new Proc().read("self/fdinfo/" + fd);
        int at = text.indexOf("\nmnt_id:\t") + 9;
        return at < 9 ? "" : text.substring(at, text.indexOf('\n', at));
    }
}
