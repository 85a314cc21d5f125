package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.OpenHow;
import org.secfilt.kernel.Account;
import org.secfilt.kernel.NamedFile;
import org.secfilt.kernel.PathResolution;
import org.secfilt.kernel.UnresolvedPath;

/** Paths followed by faccessat2(2) and openat2(2), from /proc/PID/cwd, or below /proc/PID/root where its mounts may be its own by now. */
final class JnrPathResolution implements PathResolution {
    private static final int PATH_MAX = 4096;
    // fcntl.h, unistd.h
    private static final int AT_FDCWD = -100;
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000;
    private static final int AT_EACCESS = 0x200;
    private static final int F_OK = 0;
    private static final int X_OK = 1;

    private final Proc proc = new Proc();
    private final Openat2 openat2 = new Openat2();
    private final long scratch = NativeMemory.allocate(PATH_MAX);
    private final Optional<Account> user;

    JnrPathResolution(Optional<Account> user) {
        this.user = user;
    }

    @Override
    public PathResolution as(Account other) {
        return new JnrPathResolution(Optional.of(other));
    }

    @Override
    public int executable(int pid, byte[] path) {
        int error = executableToUs(pid, path);
        return error == 0 ? refused(pid, path, X_OK) : error;
    }

    private int executableToUs(int pid, byte[] path) {
        if (!putPath(pid, path)) {
            return Errno.ENAMETOOLONG.number();
        }
        long rc = Libc.FACCESSAT.call(AT_FDCWD, scratch, X_OK, AT_EACCESS);
        if (rc != 0) {
            return (int) -rc;
        }
        FileStatus status = FileStatus.at(scratch);
        return status.error() == 0 && !status.isRegular() ? Errno.EACCES.number() : -status.error();
    }

    @Override
    public boolean exists(int pid, byte[] path) {
        return putPath(pid, path) && Libc.FACCESSAT.call(AT_FDCWD, scratch, F_OK, AT_EACCESS) == 0 && refused(pid, path, F_OK) == 0;
    }

    /** Why the user may not do that, though we may; 0 if so, or where only the kernel will tell. */
    private int refused(int pid, byte[] path, int mode) {
        if (user.isEmpty() || user.get().uid() == 0) { // root keeps its capabilities
            return 0;
        }
        int from = proc.openPath(pid + "/cwd"); // the user may not look into /proc there
        JnrCredentials credentials = new JnrCredentials(proc);
        int[] groups = user.get().groups().stream().mapToInt(Integer::intValue).toArray();
        try {
            boolean taken = from >= 0 && credentials.take(user.get().uid(), user.get().gid(), groups);
            NativeMemory.IO.putByteArray(scratch, Arrays.copyOf(path, path.length + 1), 0, path.length + 1);
            return taken ? (int) -Libc.FACCESSAT.call(from, scratch, mode, AT_EACCESS) : 0;
        } finally {
            credentials.giveBack();
            close(from);
        }
    }

    /** Puts the path as the process means it into the scratch area; false if it is too long. */
    private boolean putPath(int pid, byte[] path) {
        boolean absolute = path.length > 0 && path[0] == '/';
        byte[] base = (absolute ? "" : ProcDirectory.path(pid + "/cwd/")).getBytes(StandardCharsets.ISO_8859_1);
        if (base.length + path.length >= PATH_MAX) {
            return false;
        }
        byte[] full = Arrays.copyOf(base, base.length + path.length + 1);
        System.arraycopy(path, 0, full, base.length, path.length);
        NativeMemory.IO.putByteArray(scratch, full, 0, full.length);
        return true;
    }

    @Override
    public NamedFile follow(int pid, byte[] path) throws UnresolvedPath {
        int from = (int) Libc.must("open(/proc/" + pid + "/cwd)",
                Libc.OPEN.call(NativeMemory.string(ProcDirectory.path(pid + "/cwd")), O_PATH_CLOEXEC, 0));
        int fd = openat2.open(from, path, 0, OpenHow.RESOLVE_NO_MAGICLINKS);
        Libc.CLOSE.call(from);
        if (fd < 0) {
            throw new UnresolvedPath(-fd);
        }
        NamedFile file = new NamedFile(ByteString.of(proc.link("self/fd/" + fd)), FileStatus.of(fd).isDirectory());
        Libc.CLOSE.call(fd);
        return file;
    }

    @Override
    public byte[] beginning(int pid, byte[] path, int length) {
        int named = openInside(pid, path);
        int fd = named >= 0 && FileStatus.of(named).isRegular() ? proc.open("self/fd/" + named) : -1;
        close(named);
        byte[] bytes = new byte[(int) Math.max(0, fd < 0 ? 0 : Libc.READ.call(fd, scratch, Math.min(length, PATH_MAX)))];
        close(fd);
        NativeMemory.IO.getByteArray(scratch, bytes, 0, bytes.length);
        return bytes;
    }

    /** By the process's own root, also where a symbolic link begins there. The working directory may be below a mount: no path leads to it then. */
    private int openInside(int pid, byte[] path) {
        boolean absolute = path.length > 0 && path[0] == '/';
        int fd = absolute ? -Errno.ELOOP.number() : openFrom(pid + "/cwd", path, OpenHow.RESOLVE_NO_SYMLINKS);
        if (fd != -Errno.ELOOP.number()) {
            return fd;
        }
        byte[] directory = absolute ? new byte[0] : proc.link(pid, "/cwd");
        byte[] full = Arrays.copyOf(directory, directory.length + 1 + path.length);
        full[directory.length] = '/';
        System.arraycopy(path, 0, full, directory.length + 1, path.length);
        return openFrom(pid + "/root", full, OpenHow.RESOLVE_IN_ROOT);
    }

    private int openFrom(String directory, byte[] path, int resolve) {
        int from = proc.openPath(directory);
        int fd = from < 0 ? from : openat2.open(from, path, 0, resolve);
        close(from);
        return fd;
    }

    private static void close(int fd) {
        if (fd >= 0) {
            Libc.CLOSE.call(fd);
        }
    }
}
