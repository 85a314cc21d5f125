package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.LogFile;

/**
 * A log that the caller named, with open(2) or, for one of the caller's own descriptors, with pidfd_getfd(2): a description that is
 * shared has one position, so that the command's output and the log do not overwrite each other.
 */
final class JnrLogFile implements LogFile {
    // asm-generic/fcntl.h
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_ACCMODE = 3;
    private static final int O_CREAT = 0100;
    private static final int O_NOCTTY = 0400;
    private static final int O_APPEND = 02000;
    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;
    private static final int O_PATH = 010000000;
    private static final int F_GETFL = 3;
    private static final int SEEK_END = 2;
    /** It tells what a program tried to reach: its user's business alone. */
    private static final int OWNER_ONLY = 0600;
    private static final int STDERR = 2;
    // poll.h
    private static final int POLLOUT = 4;
    /** PIPE_BUF: a pipe that polls writable takes so much without blocking, and in one piece. */
    private static final int CHUNK_BYTES = 4096;
    private static final int RWF_NOWAIT = 8; // linux/fs.h
    private static final int WHERE_IT_STANDS = -1;
    /** How long to wait until a FIFO without a reader, or what cannot be polled, is tried again. */
    private static final int RETRY_MILLIS = 20;
    private static final int STATFS_BYTES = 256; // and some
    /**
     * linux/magic.h: proc, sysfs, cgroup, cgroup2, debugfs, securityfs, configfs (fs/configfs/mount.c), efivarfs, selinux,
     * smack, tracefs, binfmt_misc, fusectl (fs/fuse/control.c). */
    private static final Set<Long> KERNELS_OWN =
            Set.of(0x9fa0L, 0x62656572L, 0x27e0ebL, 0x63677270L, 0x64626720L, 0x73636673L, 0x62656570L, 0xde5e81e4L, 0xf97cff8cL,
                    0x43415d53L, 0x74726163L, 0x42494e4dL, 0x65735543L);
    private static final int MODE = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    private final long buffer = NativeMemory.allocate(CHUNK_BYTES);
    private final long iovec = NativeMemory.allocate(2 * Long.BYTES);
    private final long poll = NativeMemory.allocate(Long.BYTES);
    /** The path of a FIFO that nobody has opened for reading; meaningful while there is no descriptor. */
    private final long unread;
    /** The name that was opened; 0 for a description of the caller's. */
    private final long path;
    /** Whose number {@link #own} is. */
    private final int pid;
    private final int own;
    private volatile int fd;
    /** Why it cannot be had again; 0 while all is well. */
    private volatile int error;

    private JnrLogFile(int fd, long path, int unread, int pid, int own) {
        this.fd = fd;
        this.path = path;
        this.unread = unread < 0 ? 0 : NativeMemory.string("/proc/self/fd/" + unread);
        this.pid = pid;
        this.own = own;
    }

    static LogFile standardError() {
        return new JnrLogFile(STDERR, 0, -1, 0, STDERR);
    }

    /** Never waits. @throws KernelException if the caller could not write there; EOPNOTSUPP if the file keeps nothing */
    static LogFile open(int pid, String name) {
        int own = ownDescriptor(name);
        if (own >= 0) {
            int copy = (int) Libc.must(name, Pidfd.copy(new Proc(), pid, own));
            if ((Libc.FCNTL.call(copy, F_GETFL, 0) & O_ACCMODE) == O_RDONLY) {
                throw new KernelException(name, Errno.EBADF.number());
            }
            return new JnrLogFile(copy, 0, -1, pid, own);
        }
        long path = NativeMemory.string(name.startsWith("/") ? name : "/proc/" + pid + "/cwd/" + name);
        long fd = Libc.OPEN.call(path, MODE | O_CREAT, OWNER_ONLY);
        if (fd == -Errno.ENXIO.number()) {
            int unread = (int) Libc.must(name, Libc.OPEN.call(path, O_PATH | O_CLOEXEC, 0));
            if (FileStatus.of(unread, FileStatus.TYPE).isFifo()) {
                return new JnrLogFile(-1, path, unread, pid, own);
            }
            Libc.CLOSE.call(unread);
        }
        Libc.must(name, fd);
        if (!keepsText((int) fd)) {
            Libc.CLOSE.call((int) fd);
            throw new KernelException(name, Errno.EOPNOTSUPP.number());
        }
        return new JnrLogFile((int) fd, path, -1, pid, own);
    }

    /**
     * A file that stands for the kernel itself opens for appending like any other; it refuses events then, or takes them for what is to be set:
     * {@code /proc/version}, {@code /proc/sys/kernel/hostname}. Such a one is not tried.
     */
    private static boolean keepsText(int fd) {
        if (!FileStatus.of(fd, FileStatus.TYPE).isRegular()) {
            return true;
        }
        long statfs = NativeMemory.allocate(STATFS_BYTES);
        return Libc.STATFS.call(NativeMemory.string(ProcDirectory.path("self/fd/" + fd)), statfs) != 0
                || !KERNELS_OWN.contains(NativeMemory.IO.getLong(statfs));
    }

    /** The number of the caller's descriptor that the name means, or -1. */
    private static int ownDescriptor(String name) {
        switch (name) {
            case "-", "/dev/stdout":
                return 1;
            case "/dev/stderr":
                return 2;
            default:
                String number = name.startsWith("/dev/fd/") ? name.substring("/dev/fd/".length())
                        : name.startsWith("/proc/self/fd/") ? name.substring("/proc/self/fd/".length()) : "";
                return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : -1;
        }
    }

    @Override
    public int write(byte[] bytes, int from, int patienceMillis) {
        if (error != 0) {
            return -error;
        }
        if (fd < 0 && !reopen()) {
            pause(patienceMillis);
            return 0;
        }
        NativeMemory.IO.putLong(poll, fd & 0xffffffffL | (long) POLLOUT << 32); // struct pollfd
        long ready = Libc.POLL.call(poll, 1, patienceMillis);
        if (ready == 0 || ready == -Errno.EINTR.number()) {
            return 0;
        }
        int length = Math.min(CHUNK_BYTES, bytes.length - from);
        NativeMemory.IO.putByteArray(buffer, bytes, from, length);
        int rc = patienceMillis == 0 ? writeAtOnce(length, ready > 0) : (int) Libc.WRITE.call(fd, buffer, length);
        if (rc == -Errno.EAGAIN.number() && ready < 0) {
            pause(patienceMillis);
        }
        return rc == -Errno.EAGAIN.number() || rc == -Errno.EINTR.number() ? 0 : rc;
    }

    /**
     * Somebody else may have filled a pipe since it polled writable. Where RWF_NOWAIT is not known, for a terminal too, or pwritev2(2) is
     * refused, as by a container's filter, that is not seen.
     *
     * @param polled whether it polled writable: what is refused poll(2) too is left to who may wait
     */
    private int writeAtOnce(int length, boolean polled) {
        NativeMemory.IO.putLong(iovec, buffer);
        NativeMemory.IO.putLong(iovec + Long.BYTES, length);
        int rc = Libc.PWRITEV2.exists() ? (int) Libc.PWRITEV2.call(fd, iovec, 1, WHERE_IT_STANDS, RWF_NOWAIT) : -Errno.EOPNOTSUPP.number();
        if (rc >= 0 || rc == -Errno.EAGAIN.number() || rc == -Errno.EINTR.number()) {
            return rc;
        }
        return polled ? (int) Libc.WRITE.call(fd, buffer, length) : 0;
    }

    private static void pause(int patienceMillis) {
        LockSupport.parkNanos(Math.min(RETRY_MILLIS, patienceMillis) * 1_000_000L);
    }

    /** Whether somebody reads the FIFO by now: until then open(2) answers ENXIO. fifo(7) */
    private synchronized boolean reopen() {
        if (fd < 0) {
            fd = (int) Libc.OPEN.call(ProcDirectory.find(unread), O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
        }
        return fd >= 0;
    }

    /** Its number goes on to stand for something: another thread may be about to use it. */
    @Override
    public synchronized void letGo() {
        int nothing = (int) Libc.OPEN.call(NativeMemory.string("/dev/null"), O_WRONLY | O_CLOEXEC, 0);
        if (nothing >= 0) {
            become(nothing);
        }
    }

    @Override
    public synchronized void takeAgain() {
        long again = path != 0 ? Libc.OPEN.call(path, MODE, 0) : Pidfd.copy(new Proc(), pid, own);
        if (again < 0) {
            error = (int) -again;
        } else {
            become((int) again);
        }
    }

    private void become(int other) {
        if (fd < 0) {
            fd = other;
            return;
        }
        Libc.DUP3.call(other, fd, O_CLOEXEC);
        Libc.CLOSE.call(other);
    }

    /** Of a named one that is a regular file, which the caller may read. lseek(2): EINVAL where it is empty. */
    @Override
    public boolean endsInMidLine() {
        if (path == 0 || fd < 0 || !FileStatus.of(fd, FileStatus.TYPE).isRegular()) {
            return false;
        }
        long again = NativeMemory.string(ProcDirectory.path("self/fd/" + fd));
        int read = (int) Libc.OPEN.call(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
        boolean torn = read >= 0 && Libc.LSEEK.call(read, -1, SEEK_END) >= 0 && Libc.READ.call(read, buffer, 1) == 1
                && NativeMemory.IO.getByte(buffer) != '\n';
        if (read >= 0) {
            Libc.CLOSE.call(read);
        }
        return torn;
    }

    @Override
    public boolean isRemoved() {
        if (path == 0 || fd < 0) {
            return false;
        }
        FileStatus status = FileStatus.of(fd);
        return status.error() == 0 && status.isRegular() && status.links() == 0;
    }

    /**
     * Renamed, the kernel knows it by its new name; of an unmounted file system it tells a path that begins there, and leads to another file or none.
     * Of several names it knows the one that was opened, and tells if that is gone.
     */
    @Override
    public boolean isOutOfReach() {
        if (path == 0 || fd < 0) {
            return false;
        }
        FileStatus open = FileStatus.of(fd);
        byte[] name = new Proc().link("self/fd/" + fd);
        boolean gone = new String(name, StandardCharsets.ISO_8859_1).endsWith(" (deleted)");
        if (open.error() != 0 || !open.isRegular() || name.length == 0 || name[0] != '/' || gone) {
            return false;
        }
        long memory = NativeMemory.IO.allocateMemory(name.length + 1L, true);
        NativeMemory.IO.putByteArray(memory, name, 0, name.length);
        FileStatus named = FileStatus.at(memory, FileStatus.TYPE | FileStatus.INODE);
        NativeMemory.IO.freeMemory(memory);
        return named.error() == 0 ? !named.isSameFile(open) : named.error() == -Errno.ENOENT.number() || named.error() == -Errno.ENOTDIR.number();
    }
}
