package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;

/**
 * A file below /run that root alone can open, locked by flock(2): gone with its holder, however that ends. It is there while somebody holds it or
 * waits; what a crash has left the next to let go removes.
 */
final class RootLock implements AutoCloseable {
    static final String RUN = "/run";
    // fcntl.h
    private static final int O_RDWR_CREAT = 02 | 0100 | 0400000 | 02000000; // and O_NOFOLLOW, O_CLOEXEC
    private static final int O_RDWR = 02 | 0400000 | 02000000;
    private static final int OWNERS = 0600;
    private static final int OTHERS = 0077;
    private static final int LOCK_EX_NB = 2 | 4; // sys/file.h
    private static final int AT_FDCWD = -100;
    private static final int UNLINKAT = Arch.X86_64.syscalls().nr("unlinkat");

    /** As long as a hundred runs take that start at once, or whoever holds it waits for the lock of iptables, a few times. */
    private static final int PATIENCE_MILLIS = 240_000;
    private static final int LOOK_MILLIS = 10;

    private final String path;
    /** -1 if there can be none: /run is read-only, or the file is somebody else's. */
    private final long file;

    /**
     * @param name of the file in /run
     * @param what is locked, in words
     * @throws KernelException if somebody holds it all the time
     */
    RootLock(String name, String what) {
        this.path = RUN + "/" + name;
        this.file = open(what);
    }

    boolean isHeld() {
        return file >= 0;
    }

    /** Whoever lets go removes it, so what we waited for may be one that nobody else will find. */
    private long open(String what) {
        long name = NativeMemory.string(path);
        while (true) {
            long fd = Libc.OPEN.call(name, O_RDWR_CREAT, OWNERS);
            if (fd < 0) {
                return -1;
            }
            boolean roots;
            boolean gone;
            try {
                FileStatus status = look(fd);
                roots = status.user() == 0 && (status.mode() & OTHERS) == 0;
                boolean taken = roots && await(fd, PATIENCE_MILLIS);
                gone = !isThere(fd);
                if (taken && !gone) {
                    return fd;
                }
            } catch (KernelException e) {
                Libc.CLOSE.call(fd);
                throw e;
            }
            Libc.CLOSE.call(fd);
            if (!roots) {
                return -1;
            }
            if (!gone) {
                throw held(path, what, PATIENCE_MILLIS);
            }
        }
    }

    static KernelException held(String path, String what, int millis) {
        return KernelException.inWords("flock(" + path + "): another process has held " + what + " for " + millis / 1000 + " seconds");
    }

    /** Whether it has a name still. */
    private static boolean isThere(long fd) {
        return look(fd).links() != 0;
    }

    static FileStatus look(long fd) {
        FileStatus status = FileStatus.of((int) fd, FileStatus.ALL);
        Libc.must("statx", status.error());
        return status;
    }

    /** @return whether it is ours; not if it has lost its name meanwhile, for then anyone may go on to hold it whom nobody else waits for */
    static boolean await(long fd, int millis) {
        long begun = System.nanoTime();
        while (!lock(fd)) {
            if (System.nanoTime() - begun > millis * 1_000_000L || !isThere(fd)) {
                return false;
            }
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private static boolean lock(long fd) {
        long rc = Libc.FLOCK.call(fd, LOCK_EX_NB);
        if (rc != -Errno.EAGAIN.number() && rc != -Errno.EINTR.number()) {
            Libc.must("flock", rc);
        }
        return rc == 0;
    }

    @Override
    public void close() {
        if (isHeld()) {
            remove(NativeMemory.string(path));
            Libc.CLOSE.call(file);
        }
    }

    /** Of a run that was killed: nobody holds it. */
    static void removeIfLeft(String name) {
        long path = NativeMemory.string(RUN + "/" + name);
        long fd = Libc.OPEN.call(path, O_RDWR, 0);
        if (fd < 0) {
            return;
        }
        if (lock(fd) && isThere(fd)) {
            remove(path);
        }
        Libc.CLOSE.call(fd);
    }

    /** By its holder: so nobody else takes it meanwhile. */
    private static void remove(long path) {
        Libc.SYSCALL.call(UNLINKAT, AT_FDCWD, path, 0, 0, 0);
    }
}
