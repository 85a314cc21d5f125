package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.OpenHow;
import org.secfilt.kernel.FileTarget;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.SocketPaths;
import org.secfilt.kernel.UnresolvedPath;

/**
 * Follows the paths of unix sockets, as {@link SocketPaths#follow} says, to a descriptor (O_PATH). Where that file is, the kernel says
 * (/proc/self/fd); and since such a text may be about other mounts than the tracee's, for the directory that a relative path begins at may have
 * come from another mount namespace, it is only believed if a walk from the tracee's root, along it, without symbolic links, comes to the
 * same file. openat2(2), path_resolution(7).
 */
final class SocketFiles {
    /** A file may be renamed between the two walks, and a server that binds anew does so again and again. */
    private static final int TRIES = 64;
    /** So often in sequence it may be the same file to which no walk leads. */
    private static final int UNMOVED_TRIES = 3;

    private static final int O_NOFOLLOW = 0400000;
    private static final int O_DIRECTORY = 0200000;
    /** RESOLVE_IN_ROOT answers EAGAIN if something was renamed while it went up. */
    private static final int UPWARD_TRIES = 16;

    private final Proc proc;
    private final Openat2 openat2 = new Openat2();
    private final JnrCredentials credentials;
    private final UnixDiag diag;
    /** What the last walk came to, if it was not to be believed. */
    private Optional<FileStatus> passed = Optional.empty();
    /** Whether that was for a file that was put in its place. */
    private boolean moved;

    SocketFiles(Proc proc) {
        this.proc = proc;
        this.credentials = new JnrCredentials(proc);
        this.diag = new UnixDiag(proc, new UnixPeer(credentials));
    }

    /**
     * @param names whether the names are sought by which sockets were bound to it
     * @param mounts the mount namespace whose paths are told, as its link names it
     * @param foreign whether it is not ours: an absolute name, or a link to one, would lead through our own mounts
     */
    Optional<SocketFile> follow(int tid, byte[] name, boolean names, byte[] mounts, boolean foreign)
            throws UnresolvedPath {
        // In another mount namespace or root any file may stand under any name.
        if (!Arrays.equals(proc.link(tid, "/root"), new byte[] {'/'}) || !Arrays.equals(proc.link(tid, "/ns/mnt"), mounts)) {
            return Optional.empty();
        }
        FileTarget target = DescriptorPath.through(proc, tid, FileTarget.ofPath(FileTarget.CWD, name, true));
        int root = proc.openPath(tid + "/root");
        if (root < 0) {
            return Optional.empty();
        }
        try {
            Optional<SocketFile> file = Optional.empty();
            passed = Optional.empty();
            int unmoved = 0;
            for (int tried = 0; file.isEmpty() && unmoved < UNMOVED_TRIES; tried++) {
                if (tried == TRIES) {
                    throw new UnresolvedPath(Errno.ECONNREFUSED.number()); // as if the server of one of them had just ended
                }
                file = follow(tid, root, target, names, foreign);
                unmoved = moved ? 0 : unmoved + 1;
            }
            return file;
        } finally {
            Libc.CLOSE.call(root);
        }
    }

    /** @return empty if it is not to be believed where the path led; {@link #moved} tells whether another walk may be */
    private Optional<SocketFile> follow(int tid, int root, FileTarget target, boolean names, boolean foreign)
            throws UnresolvedPath {
        moved = false;
        boolean asCaller = credentials.take(tid);
        int fd;
        try {
            fd = open(tid, root, target, foreign);
        } finally {
            credentials.giveBack();
        }
        if (fd == -Errno.ESRCH.number()) {
            return Optional.empty();
        }
        if (fd < 0) {
            throw new UnresolvedPath(-fd);
        }
        boolean found = false;
        try {
            byte[] canonical = proc.link("self/fd/" + fd);
            FileStatus status = FileStatus.of(fd);
            if (leadsTo(root, canonical, status)) {
                JnrCredentials.Caller caller = credentials.caller();
                Optional<List<byte[]>> bound = names ? boundNames(tid, fd, status) : Optional.of(List.of());
                found = !(names && bound.isPresent() && bound.get().isEmpty() && isRemoved(fd, target));
                if (found) {
                    return Optional.of(new JnrSocketFile(fd, canonical, status, bound.orElse(List.of()), bound.isPresent(), asCaller, caller));
                }
            } else if (status.error() == 0 && !status.isSocketFile(canonical)) {
                throw new UnresolvedPath(Errno.ECONNREFUSED.number()); // a pipe, by its descriptor
            }
            moved = status.error() == 0 && (isRemoved(fd, target) || passed.isEmpty() || !passed.get().isSameFile(status));
            passed = Optional.of(status);
            return Optional.empty();
        } finally {
            if (!found) {
                Libc.CLOSE.call(fd);
            }
        }
    }

    /** Whether a path led to the file that has no link any more: another may have been put there. */
    private static boolean isRemoved(int fd, FileTarget target) {
        FileStatus status = FileStatus.of(fd);
        return status.error() == 0 && status.links() == 0 && target.path().length > 0;
    }

    /** @return an O_PATH descriptor, or a negative error number; that of ESRCH if it cannot be told where the path begins */
    private int open(int tid, int root, FileTarget target, boolean foreign) {
        byte[] name = target.path();
        if (name.length > 0 && name[0] == '/') {
            return walk(root, name, foreign);
        }
        String begin = tid + (target.descriptor() == FileTarget.CWD ? "/cwd" : "/fd/" + target.descriptor());
        if (foreign && name.length > 0) {
            return walk(root, join(proc.link(begin), name), true);
        }
        int from = proc.openPath(begin);
        if (from < 0) {
            return from == -Errno.ENOENT.number() && target.descriptor() != FileTarget.CWD ? from : -Errno.ESRCH.number();
        }
        if (name.length == 0) {
            return from;
        }
        int fd = walk(from, name, false);
        Libc.CLOSE.call(from);
        return fd;
    }

    /** Through no link such as /proc/self/cwd: that would lead to what is the supervisor's, not the tracee's. */
    private int walk(int from, byte[] name, boolean inRoot) {
        int resolve = OpenHow.RESOLVE_NO_MAGICLINKS | (inRoot ? OpenHow.RESOLVE_IN_ROOT : 0);
        int fd = openat2.open(from, name, 0, resolve);
        for (int tried = 1; fd == -Errno.EAGAIN.number() && tried < UPWARD_TRIES; tried++) {
            fd = openat2.open(from, name, 0, resolve);
        }
        return fd;
    }

    private boolean leadsTo(int root, byte[] canonical, FileStatus expected) {
        if (canonical.length == 0 || canonical[0] != '/') {
            return false;
        }
        int fd = openat2.open(root, canonical, O_NOFOLLOW,
                OpenHow.RESOLVE_IN_ROOT | OpenHow.RESOLVE_NO_SYMLINKS | OpenHow.RESOLVE_NO_MAGICLINKS);
        if (fd < 0) {
            return false;
        }
        boolean same = FileStatus.of(fd).isSameFile(expected);
        Libc.CLOSE.call(fd);
        return same;
    }

    private static byte[] join(byte[] directory, byte[] name) {
        byte[] joined = Arrays.copyOf(directory, directory.length + 1 + name.length);
        joined[directory.length] = '/';
        System.arraycopy(name, 0, joined, directory.length + 1, name.length);
        return joined;
    }

    private Optional<List<byte[]>> boundNames(int tid, int fd, FileStatus status) throws UnresolvedPath {
        Optional<List<byte[]>> names = diag.names(tid, fd, status);
        List<byte[]> absolute = new ArrayList<>();
        for (byte[] name : names.orElse(List.of())) {
            if (name[0] == '/') {
                absolute.add(name);
                followed(name, absolute);
            }
        }
        return names.isPresent() ? Optional.of(absolute) : Optional.empty();
    }

    /** The directory of a bound name as it is found now: servers bind below /var/run, which leads to /run, and rules name what it leads to. */
    private void followed(byte[] name, List<byte[]> into) {
        int slash = name.length - 1;
        while (name[slash] != '/') {
            slash--;
        }
        int directory = openat2.open(FileTarget.CWD, Arrays.copyOf(name, slash + 1), O_DIRECTORY, OpenHow.RESOLVE_NO_MAGICLINKS);
        if (directory < 0) {
            return;
        }
        byte[] canonical = proc.link("self/fd/" + directory);
        Libc.CLOSE.call(directory);
        if (canonical.length > 0 && canonical[0] == '/') {
            byte[] last = Arrays.copyOfRange(name, slash + 1, name.length);
            into.add(canonical.length == 1 ? Arrays.copyOfRange(name, slash, name.length) : join(canonical, last));
        }
    }
}
