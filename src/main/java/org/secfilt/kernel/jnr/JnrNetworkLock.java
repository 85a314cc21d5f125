package org.secfilt.kernel.jnr;

import java.io.File;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.NetworkLock;

/**
 * Two locks, each gone with its holder, however that ends: flock(2) on a file below /run that root alone can open, named after the namespace,
 * and then on the namespace itself, /proc/self/ns/net.
 *
 * <p>The file is there while somebody holds it or waits; what a crash has left the next to let go removes. Whoever has another /run (a container
 * in this network) is known by the namespace alone. But that everybody can open and hold, so nobody with the file waits long for it. Where there
 * is no such file (/run is read-only, or somebody else's) it has to do, and who waits too long is told. native-stubs/network.c does the same.
 */
final class JnrNetworkLock implements NetworkLock {
    private static final String NAMESPACE = "/proc/self/ns/net";
    private static final String RUN = "/run";
    private static final String PREFIX = "secfilt-network-";
    private static final String SUFFIX = ".lock";
    // fcntl.h
    private static final int O_RDONLY_CLOEXEC = 02000000;
    private static final int O_RDWR_CREAT = 02 | 0100 | 0400000 | 02000000; // and O_NOFOLLOW, O_CLOEXEC
    private static final int O_RDWR = 02 | 0400000 | 02000000;
    private static final int OWNERS = 0600;
    private static final int OTHERS = 0077;
    private static final int LOCK_EX_NB = 2 | 4; // sys/file.h
    private static final int AT_FDCWD = -100;
    private static final int UNLINKAT = Arch.X86_64.syscalls().nr("unlinkat");

    /** As long as a hundred runs take that start at once. */
    private static final int PATIENCE_MILLIS = 60_000;
    private static final int PATIENCE_WITHOUT_FILE_MILLIS = 20_000;
    private static final int PATIENCE_WITH_FILE_MILLIS = 1_000;
    private static final int LOOK_MILLIS = 10;

    private final String name;
    /** -1 if there can be none. */
    private final long file;
    private final long namespace;

    /** @throws KernelException if somebody holds it all the time */
    JnrNetworkLock() {
        namespace = Libc.must("open(" + NAMESPACE + ")", Libc.OPEN.call(NativeMemory.string(NAMESPACE), O_RDONLY_CLOEXEC, 0));
        name = PREFIX + Long.toUnsignedString(look(namespace).inode()) + SUFFIX;
        long held = -1;
        try {
            held = file();
            boolean taken = await(namespace, held < 0 ? PATIENCE_WITHOUT_FILE_MILLIS : PATIENCE_WITH_FILE_MILLIS);
            if (held < 0 && !taken) {
                throw held(NAMESPACE, PATIENCE_WITHOUT_FILE_MILLIS);
            }
        } catch (KernelException e) {
            Libc.CLOSE.call(held);
            Libc.CLOSE.call(namespace);
            throw e;
        }
        file = held;
    }

    /** The file, locked. Whoever lets go removes it, so what we waited for may be one that nobody else will find. @return -1 if there is none */
    private long file() {
        long path = NativeMemory.string(RUN + "/" + name);
        while (true) {
            long fd = Libc.OPEN.call(path, O_RDWR_CREAT, OWNERS);
            if (fd < 0) {
                return -1;
            }
            FileStatus status = look(fd);
            boolean roots = status.user() == 0 && (status.mode() & OTHERS) == 0;
            boolean taken = roots && await(fd, PATIENCE_MILLIS);
            if (taken && isThere(fd)) {
                return fd;
            }
            Libc.CLOSE.call(fd);
            if (!roots) {
                return -1;
            }
            if (!taken) {
                throw held(RUN + "/" + name, PATIENCE_MILLIS);
            }
        }
    }

    private static KernelException held(String path, int millis) {
        return KernelException.inWords("flock(" + path + "): another process has held this network's lock for " + millis / 1000 + " seconds");
    }

    /** Whether it has a name still. */
    private static boolean isThere(long fd) {
        return look(fd).links() != 0;
    }

    private static FileStatus look(long fd) {
        FileStatus status = FileStatus.of((int) fd, FileStatus.ALL);
        Libc.must("statx", status.error());
        return status;
    }

    private static boolean await(long fd, int millis) {
        long begun = System.nanoTime();
        while (!lock(fd)) {
            if (System.nanoTime() - begun > millis * 1_000_000L) {
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
            Libc.must("flock(a network's lock)", rc);
        }
        return rc == 0;
    }

    @Override
    public void close() {
        if (file >= 0) {
            String[] all = new File(RUN).list();
            for (String other : all == null ? new String[0] : all) {
                if (other.startsWith(PREFIX) && other.endsWith(SUFFIX) && !other.equals(name)) {
                    removeIfLeft(NativeMemory.string(RUN + "/" + other));
                }
            }
            remove(NativeMemory.string(RUN + "/" + name));
            Libc.CLOSE.call(file);
        }
        Libc.CLOSE.call(namespace);
    }

    /** Of a run that was killed: nobody holds it. */
    private static void removeIfLeft(long path) {
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
