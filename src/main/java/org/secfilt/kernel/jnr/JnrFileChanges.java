package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.OpenHow;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.FileChange;
import org.secfilt.kernel.FileChanges;
import org.secfilt.kernel.FileTarget;

/**
 * The path is followed once, to a descriptor (O_PATH). Where that file is, the kernel says (/proc/self/fd); and since such a text may
 * be about other mounts than ours, it is only believed if a walk from the permitted directory, along it, without symbolic links and
 * never upwards, comes to the same file. Then the change is made through the descriptor. openat2(2), path_resolution(7).
 */
final class JnrFileChanges implements FileChanges {
    private static final int PATH_MAX = 4096;
    private static final int VALUE_BYTES = 64 << 10; // linux/limits.h XATTR_SIZE_MAX
    // fcntl.h
    private static final int O_NOFOLLOW = 0400000;
    private static final int O_PATH = 010000000;
    private static final int O_CLOEXEC = 02000000;
    private static final int F_GETFL = 3;
    /** RESOLVE_IN_ROOT answers EAGAIN if something was renamed while it went up. */
    private static final int TRIES = 16;

    private static final SyscallTable NUMBERS = Arch.X86_64.syscalls();
    private static final int CHMOD = NUMBERS.nr("chmod");
    private static final int CHOWN = NUMBERS.nr("chown");
    private static final int UTIMENSAT = NUMBERS.nr("utimensat");
    private static final int SETXATTR = NUMBERS.nr("setxattr");
    private static final int REMOVEXATTR = NUMBERS.nr("removexattr");
    private static final int TRUNCATE = NUMBERS.nr("truncate");

    private static final Made BAD_DESCRIPTOR = new Made(-Errno.EBADF.number());

    private final Proc proc;
    private final Openat2 openat2 = new Openat2();
    private final TraceeDescriptors descriptors;
    private final JnrCredentials credentials;
    private final byte[] mounts;
    private final List<Permitted> permitted = new ArrayList<>();
    private final long path = NativeMemory.allocate(PATH_MAX);
    private final long name = NativeMemory.allocate(PATH_MAX);
    private final long value = NativeMemory.allocate(VALUE_BYTES);

    /** @param patience of the thread that asks */
    JnrFileChanges(Proc proc, Patience patience) {
        this.proc = proc;
        this.descriptors = new TraceeDescriptors(proc, patience);
        this.credentials = new JnrCredentials(proc);
        this.mounts = proc.link("self/ns/mnt");
    }

    private record Permitted(int fd, FileStatus status) {}

    @Override
    public int permit(int pid, byte[] file) {
        int root = open(ProcDirectory.path(pid + "/root"), O_PATH | O_CLOEXEC);
        int fd = root < 0 ? root : openat2.open(root, file, O_NOFOLLOW,
                OpenHow.RESOLVE_IN_ROOT | OpenHow.RESOLVE_NO_SYMLINKS | OpenHow.RESOLVE_NO_MAGICLINKS);
        close(root);
        if (fd < 0) {
            return fd;
        }
        FileStatus status = FileStatus.of(fd);
        if (status.error() != 0) {
            close(fd);
            return status.error();
        }
        permitted.add(new Permitted(fd, status));
        return 0;
    }

    @Override
    public Outcome make(int tid, FileTarget asked, FileChange change) {
        FileTarget target = DescriptorPath.through(proc, tid, asked);
        if (target.path().length >= PATH_MAX) {
            return new Made(-Errno.ENAMETOOLONG.number());
        }
        if (target.path().length == 0) {
            return ofDescriptor(tid, target, change);
        }
        View view = View.of(proc, tid, mounts);
        if (view == View.UNKNOWN) {
            return new Refused(target.path(), "its root directory is another, so the path cannot be followed");
        }
        boolean absolute = target.path()[0] == '/';
        int from = absolute || view == View.OTHER_MOUNTS ? open(ProcDirectory.path(tid + "/root"), O_PATH | O_CLOEXEC) : directory(tid, target);
        if (from < 0) {
            return from == -Errno.EBADF.number() ? BAD_DESCRIPTOR : new Refused(target.path(), "its directory cannot be seen");
        }
        try {
            byte[] full = absolute || view == View.OURS ? target.path() : fromRoot(tid, target);
            if (!credentials.take(tid)) {
                return new Refused(target.path(), "its user and groups cannot be taken on");
            }
            int fd = follow(from, full, target.follow() ? 0 : O_NOFOLLOW, view);
            return fd < 0 ? new Made(fd) : change(tid, fd, target, change);
        } finally {
            credentials.giveBack();
            close(from);
        }
    }

    /** A relative path goes on from there; ENOTDIR comes later, as from the kernel. */
    private int directory(int tid, FileTarget target) {
        return target.descriptor() == FileTarget.CWD
                ? open(ProcDirectory.path(tid + "/cwd"), O_PATH | O_CLOEXEC)
                : descriptors.copy(tid, target.descriptor());
    }

    private byte[] fromRoot(int tid, FileTarget target) {
        byte[] directory = target.descriptor() == FileTarget.CWD ? proc.link(tid, "/cwd") : descriptors.link(tid, target.descriptor());
        byte[] full = Arrays.copyOf(directory, directory.length + 1 + target.path().length);
        full[directory.length] = '/';
        System.arraycopy(target.path(), 0, full, directory.length + 1, target.path().length);
        return full;
    }

    private int follow(int from, byte[] file, int flags, View view) {
        int resolve = OpenHow.RESOLVE_NO_MAGICLINKS | (view == View.OURS ? 0 : OpenHow.RESOLVE_IN_ROOT);
        int fd = openat2.open(from, file, flags, resolve);
        for (int tried = 1; fd == -Errno.EAGAIN.number() && tried < TRIES; tried++) {
            fd = openat2.open(from, file, flags, resolve);
        }
        return fd;
    }

    private Outcome ofDescriptor(int tid, FileTarget target, FileChange change) {
        int fd = directory(tid, target);
        if (fd < 0) {
            return fd == -Errno.EBADF.number() ? BAD_DESCRIPTOR : new Refused(new byte[0], "its descriptors cannot be seen");
        }
        if (!target.bare() && (Libc.FCNTL.call(fd, F_GETFL, 0) & O_PATH) != 0) {
            close(fd);
            return BAD_DESCRIPTOR;
        }
        try {
            if (!credentials.take(tid)) {
                close(fd);
                return new Refused(new byte[0], "its user and groups cannot be taken on");
            }
            return change(tid, fd, target, change);
        } finally {
            credentials.giveBack();
        }
    }

    /** Takes the descriptor over. The tracee's credentials are on. */
    private Outcome change(int tid, int fd, FileTarget target, FileChange change) {
        try {
            byte[] where = proc.link("self/fd/" + fd);
            FileStatus status = FileStatus.of(fd);
            if (status.error() != 0) {
                return new Made(status.error()); // of a network or a file system that has ended
            }
            if (!isPermitted(fd, where, status)) {
                return new Refused(where.length == 0 ? target.path() : where, "");
            }
            if ((change instanceof FileChange.Owner || change instanceof FileChange.SetAttribute)
                    && !credentials.sameNumbers(tid)) {
                return new Refused(where, "its user namespace is another, so users cannot be told");
            }
            return new Made((int) apply(fd, status, change));
        } finally {
            close(fd);
        }
    }

    private boolean isPermitted(int fd, byte[] where, FileStatus status) {
        if (status.hasNoName(where)) {
            return true;
        }
        for (Permitted place : permitted) {
            if (place.status().isDevice()) {
                continue; // it may be written; its mode and owner are not this run's
            }
            if (status.isSameFile(place.status())) {
                return true;
            }
            byte[] rest = below(proc.link("self/fd/" + place.fd()), where);
            if (rest.length > 0 && leadsTo(place.fd(), rest, status)) {
                return true;
            }
        }
        return false;
    }

    /** The path from a directory to what is below it; empty for what is not. */
    private static byte[] below(byte[] directory, byte[] file) {
        int length = directory.length == 1 ? 0 : directory.length;
        boolean starts = directory.length > 0 && file.length > length + 1 && file[length] == '/'
                && Arrays.equals(directory, 0, length, file, 0, length);
        return starts ? Arrays.copyOfRange(file, length + 1, file.length) : new byte[0];
    }

    private boolean leadsTo(int directory, byte[] rest, FileStatus expected) {
        int fd = openat2.open(directory, rest, O_NOFOLLOW,
                OpenHow.RESOLVE_BENEATH | OpenHow.RESOLVE_NO_SYMLINKS | OpenHow.RESOLVE_NO_MAGICLINKS);
        if (fd < 0) {
            return false;
        }
        boolean same = FileStatus.of(fd).isSameFile(expected);
        close(fd);
        return same;
    }

    private long apply(int fd, FileStatus status, FileChange change) {
        long file = string(ProcDirectory.path("self/fd/" + fd));
        if (change instanceof FileChange.Mode mode) {
            // A link has no mode of its own; some file systems would change it all the same.
            return status.isLink() ? -Errno.EOPNOTSUPP.number() : Libc.SYSCALL.call(CHMOD, file, mode.mode(), 0, 0, 0);
        }
        if (change instanceof FileChange.Owner owner) {
            return Libc.SYSCALL.call(CHOWN, file, owner.user(), owner.group(), 0, 0);
        }
        if (change instanceof FileChange.Times times) {
            if (times.times().isPresent()) {
                NativeMemory.IO.putByteArray(value, times.times().get(), 0, times.times().get().length);
            }
            return Libc.SYSCALL.call(UTIMENSAT, FileTarget.CWD, file, times.times().isPresent() ? value : 0, 0, 0);
        }
        if (change instanceof FileChange.SetAttribute set) {
            NativeMemory.IO.putByteArray(value, set.value(), 0, set.value().length);
            return Libc.SYSCALL.call(SETXATTR, file, put(name, set.name()), value, set.value().length, set.flags());
        }
        if (change instanceof FileChange.RemoveAttribute remove) {
            return Libc.SYSCALL.call(REMOVEXATTR, file, put(name, remove.name()), 0, 0, 0);
        }
        return Libc.SYSCALL.call(TRUNCATE, file, ((FileChange.Length) change).bytes(), 0, 0, 0);
    }

    private int open(String file, int flags) {
        return (int) Libc.OPEN.call(string(file), flags, 0);
    }

    private void close(int fd) {
        if (fd >= 0) {
            descriptors.close(fd);
        }
    }

    private long string(String text) {
        return put(path, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static long put(long memory, byte[] text) {
        NativeMemory.IO.putByteArray(memory, text, 0, text.length);
        NativeMemory.IO.putByte(memory + text.length, (byte) 0);
        return memory;
    }

    /** How a tracee's paths relate to ours. */
    private enum View {
        OURS,
        /** A mount namespace of its own, and the root directory of that: paths are followed from that root. */
        OTHER_MOUNTS,
        /** Another root directory. */
        UNKNOWN;

        /** @param ours the mount namespace of this process, as its link names it */
        static View of(Proc proc, int tid, byte[] ours) {
            if (!Arrays.equals(proc.link(tid, "/root"), new byte[] {'/'})) {
                return UNKNOWN;
            }
            return Arrays.equals(proc.link(tid, "/ns/mnt"), ours) ? OURS : OTHER_MOUNTS;
        }
    }
}
