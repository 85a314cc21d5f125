package org.secfilt.kernel.jnr;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;

/** A hierarchy, by names below a mount of it. */
final class JnrCgroups implements Cgroups {
    // fcntl.h, sys/file.h
    private static final int AT_FDCWD = -100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int O_WRONLY_CLOEXEC = 1 | 02000000;
    private static final int O_DIRECTORY_CLOEXEC = 0200000 | 02000000;
    private static final int LOCK_EX_NB = 2 | 4;
    /** A dead task leaves its cgroup a moment after its death can be seen. */
    private static final int REMOVALS = 50;

    private static final String PROCESSES = "/cgroup.procs";
    private static final String CLASSES = "net_cls";
    /** The first cgroup namespace. // linux/proc_ns.h PROC_CGROUP_INIT_INO */
    private static final String WHOLE = "cgroup:[4026531835]";

    private static final SyscallTable NUMBERS = Arch.X86_64.syscalls();

    private final Hierarchy hierarchy;
    private final Proc proc = new Proc();
    private final CgroupMount mount;
    private final String root;

    /** @throws KernelException if there is no such hierarchy to be had */
    JnrCgroups(Hierarchy hierarchy) {
        this.hierarchy = hierarchy;
        this.mount = CgroupMount.of(hierarchy);
        this.root = mount.root();
    }

    static long call(String name, long a, long b, long c, long d, long e) {
        return Libc.SYSCALL.call(NUMBERS.nr(name), a, b, c, d, e);
    }

    @Override
    public Hierarchy hierarchy() {
        return hierarchy;
    }

    @Override
    public String of(int pid) {
        String path = path(proc, pid, hierarchy);
        return path.startsWith("..") ? "" : path;
    }

    /** As {@link org.secfilt.kernel.CgroupSight#of}. */
    static String path(Proc proc, int pid, Hierarchy hierarchy) {
        Optional<String[]> cgroup = Proc.cgroup(proc.read(pid, "/cgroup"), hierarchy == Hierarchy.UNIFIED ? Proc.UNIFIED : CLASSES);
        return cgroup.isPresent() ? cgroup.get()[2].substring(1) : "";
    }

    @Override
    public String classControllers() {
        Optional<String[]> cgroup = Proc.cgroup(proc.read("self/cgroup"), CLASSES);
        return cgroup.isPresent() ? cgroup.get()[1] : CLASSES;
    }

    @Override
    public List<String> in(String path) {
        List<String> found = new ArrayList<>();
        String[] names = new File(root + path).list();
        if (names != null) {
            for (String name : names) {
                // Files of the kernel's have a dot and no dash in their names, and cost a look each.
                if ((name.indexOf('.') < 0 || name.indexOf('-') >= 0) && new File(root + path, name).isDirectory()) {
                    found.add(name);
                }
            }
        }
        return found;
    }

    @Override
    public boolean mayMakeIn(String path) {
        return new File(root + path).canWrite() && new File(root + path + PROCESSES).canWrite();
    }

    @Override
    public Optional<Cgroup> make(String path) {
        long name = NativeMemory.string(root + path);
        long rc = call("mkdirat", AT_FDCWD, name, 0755, 0, 0);
        if (rc == -Errno.EEXIST.number()) {
            return Optional.empty();
        }
        Libc.must("mkdir(cgroup /" + path + ")", rc);
        int fd = hold(path);
        // Somebody who cleans up may have come between: then the name is gone, and ours is held for nothing.
        if (fd < 0 || !new File(root + path).exists()) {
            remove(path);
            if (fd >= 0) {
                Libc.CLOSE.call(fd);
            }
            throw new KernelException("flock(cgroup /" + path + ")", Errno.EAGAIN.number());
        }
        return Optional.of(new Held(path, fd));
    }

    /** A descriptor with a lock, or the negative error number. */
    private int hold(String path) {
        long fd = Libc.OPEN.call(NativeMemory.string(root + path), O_DIRECTORY_CLOEXEC, 0);
        if (fd < 0) {
            return (int) fd;
        }
        long rc = call("flock", fd, LOCK_EX_NB, 0, 0, 0);
        if (rc < 0) {
            Libc.CLOSE.call(fd);
            return (int) rc;
        }
        return (int) fd;
    }

    @Override
    public boolean isAlive(String path) {
        int fd = hold(path);
        if (fd < 0) {
            return fd != -Errno.ENOENT.number();
        }
        boolean empty = isEmpty(path);
        Libc.CLOSE.call(fd);
        return !empty;
    }

    @Override
    public boolean removeUnlessAlive(String path) {
        int fd = hold(path);
        if (fd < 0) {
            return fd == -Errno.ENOENT.number();
        }
        boolean removed = isEmpty(path) && remove(path) == 0;
        Libc.CLOSE.call(fd);
        return removed;
    }

    private long remove(String path) {
        long name = NativeMemory.string(root + path);
        long rc = 0;
        for (int i = 0; i < REMOVALS; i++) {
            rc = call("unlinkat", AT_FDCWD, name, AT_REMOVEDIR, 0, 0);
            if (rc != -Errno.EBUSY.number()) {
                break;
            }
            for (String child : in(path)) {
                remove(path + "/" + child); // of the command's own making
            }
            Libc.POLL.call(0, 0, 2);
        }
        return rc == -Errno.ENOENT.number() ? 0 : rc;
    }

    private boolean isEmpty(String path) {
        if (hierarchy == Hierarchy.NET_CLS) {
            String own = OwnProcess.PID + "\n"; // see Session, why it may be there
            boolean empty = List.of("", own).contains(readFile(path + PROCESSES));
            for (String child : in(path)) {
                empty = empty && isEmpty(path + "/" + child);
            }
            return empty;
        }
        return readFile(path + "/cgroup.events").contains("populated 0");
    }

    private String readFile(String path) {
        long fd = Libc.OPEN.call(NativeMemory.string(root + path), 02000000, 0);
        if (fd < 0) {
            return "";
        }
        String text = proc.readAll((int) fd);
        Libc.CLOSE.call(fd);
        return text;
    }

    private void write(String path, String text) {
        long fd = Libc.must("open(cgroup /" + path + ")", Libc.OPEN.call(NativeMemory.string(root + path), O_WRONLY_CLOEXEC, 0));
        long buffer = NativeMemory.string(text);
        long rc = Libc.WRITE.call(fd, buffer, text.getBytes(StandardCharsets.UTF_8).length);
        Libc.CLOSE.call(fd);
        Libc.must("write(cgroup /" + path + ", " + text + ")", rc);
    }

    @Override
    public boolean inSight() {
        return CgroupMount.isInSight(hierarchy);
    }

    @Override
    public boolean seesAll() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/cgroup")).toString().equals(WHOLE);
        } catch (IOException e) {
            return true; // Linux without them
        }
    }

    @Override
    public boolean has(String path) {
        return new File(root + path).isDirectory();
    }

    @Override
    public List<Integer> members(String path) {
        List<Integer> pids = new ArrayList<>();
        for (String line : Mounts.lines(readFile(path + PROCESSES))) {
            if (!line.isEmpty() && !line.equals("0")) { // 0: of a process namespace that is not ours
                pids.add(Integer.parseInt(line));
            }
        }
        return pids;
    }

    @Override
    public void add(String path, int pid) {
        write(path + PROCESSES, Integer.toString(pid));
    }

    @Override
    public int classid(String path) {
        String text = readFile(path + "/net_cls.classid").strip();
        return text.isEmpty() ? 0 : Integer.parseUnsignedInt(text);
    }

    @Override
    public Optional<String> group(String path) {
        Path file = Path.of(root + path + PROCESSES);
        try {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
            return attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)
                    ? Optional.of(attributes.group().getName()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public OptionalInt groupId(String path) {
        try {
            return group(path).isPresent()
                    ? OptionalInt.of((Integer) Files.getAttribute(Path.of(root + path + PROCESSES), "unix:gid")) : OptionalInt.empty();
        } catch (IOException e) {
            return OptionalInt.empty();
        }
    }

    @Override
    public void setGroup(String path, OptionalInt gid) {
        Path file = Path.of(root + path + PROCESSES);
        try {
            if (group(path).isPresent()) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            }
            if (gid.isPresent()) {
                Files.setAttribute(file, "unix:gid", gid.getAsInt());
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
            }
        } catch (IOException e) {
            throw new KernelException("chown(cgroup /" + path + PROCESSES + ")", Errno.EPERM.number()); // the only one for root without CAP_CHOWN
        }
    }

    @Override
    public void close() {
        mount.close();
    }

    private final class Mover extends Thread implements Move {
        private final String path;
        private final int pid;
        private Optional<KernelException> failure = Optional.empty();
        private boolean there;

        Mover(String path, int pid) {
            super("mover");
            setDaemon(true);
            this.path = path;
            this.pid = pid;
        }

        @Override
        public void run() {
            try {
                add(path, pid);
                there = true;
            } catch (KernelException e) {
                failure = Optional.of(e);
            }
        }

        @Override
        public void await() {
            try {
                join();
            } catch (InterruptedException e) {
                throw new KernelException("write(cgroup /" + path + PROCESSES + ")", Errno.EINTR.number());
            }
            if (failure.isPresent()) {
                throw failure.get();
            }
            if (!there) {
                throw new KernelException("write(cgroup /" + path + PROCESSES + ")", Errno.ENOMEM.number());
            }
        }
    }

    private final class Held implements Cgroup {
        private final String path;
        private final int fd;
        private Optional<String> outside = Optional.empty();

        Held(String path, int fd) {
            this.path = path;
            this.fd = fd;
        }

        @Override
        public void add(int pid) {
            JnrCgroups.this.add(path, pid);
        }

        @Override
        public Move begin(int pid) {
            Mover mover = new Mover(path, pid);
            try {
                mover.start();
            } catch (OutOfMemoryError e) {
                throw new KernelException("pthread_create", Errno.EAGAIN.number()); // the user's limit of processes
            }
            return mover;
        }

        @Override
        public void enter() {
            String before = of(OwnProcess.PID);
            add(OwnProcess.PID);
            outside = Optional.of(before);
        }

        @Override
        public void leave() {
            if (outside.isPresent()) {
                write(outside.get() + PROCESSES, Integer.toString(OwnProcess.PID));
                outside = Optional.empty();
            }
        }

        @Override
        public void setClassid(int classid) {
            write(path + "/net_cls.classid", Integer.toUnsignedString(classid));
        }

        @Override
        public boolean isEmpty() {
            return JnrCgroups.this.isEmpty(path);
        }

        @Override
        public int descriptor() {
            return fd;
        }

        @Override
        public String name() {
            return path.substring(path.lastIndexOf('/') + 1);
        }

        @Override
        public void remove() {
            Libc.must("rmdir(cgroup /" + path + ")", JnrCgroups.this.remove(path));
        }

        @Override
        public void close() {
            Libc.CLOSE.call(fd);
        }
    }
}
