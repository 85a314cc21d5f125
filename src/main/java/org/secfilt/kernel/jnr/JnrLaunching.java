package org.secfilt.kernel.jnr;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.OpenHow;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Launching;
import org.secfilt.kernel.LogFile;
import org.secfilt.kernel.NamedFile;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.UnresolvedPath;
import org.secfilt.kernel.Vault;

/** Launching by the C library and /proc. Main thread, but for takeListener. */
final class JnrLaunching implements Launching {
    // linux/prctl.h, fcntl.h, asm-generic/ioctls.h
    private static final int SIGKILL = 9;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int O_RDWR = 2;
    private static final int O_PATH = 010000000;
    private static final int TCGETS = 0x5401;
    private static final int LANDLOCK_CREATE_RULESET_VERSION = 1;
    // poll.h
    private static final int POLLOUT = 4;
    private static final int WRITE_PATIENCE_MILLIS = 1000;
    /** PIPE_BUF */
    private static final int CHUNK_BYTES = 4096;
    private static final int PATH_MAX = 4096;
    // fcntl.h, unistd.h
    private static final int AT_FDCWD = -100;
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000;
    private static final int AT_EACCESS = 0x200;
    private static final int F_OK = 0;
    private static final int X_OK = 1;

    private final Proc proc = new Proc();
    private final JnrTracees tracees;
    private final long scratch = NativeMemory.allocate(2 * PATH_MAX);
    private final Patience patience;
    private final Leases leases = new Leases();

    /** @param patience of the thread that asks */
    JnrLaunching(Patience patience) {
        this.patience = patience;
        this.tracees = new JnrTracees(proc, patience);
    }

    @Override
    public Set<Integer> descriptors(int pid) {
        Set<Integer> open = new HashSet<>();
        String[] names = new File("/proc/" + pid + "/fd").list();
        if (names == null) {
            throw new KernelException("open(/proc/" + pid + "/fd)", Errno.EACCES.number());
        }
        for (String name : names) {
            open.add(Integer.parseInt(name));
        }
        return open;
    }

    @Override
    public List<OpenDescriptor> inherited(int pid, Set<Integer> descriptors, Care care) {
        List<OpenDescriptor> found = new ArrayList<>();
        for (int fd : descriptors) {
            if (fd > 2 && tracees.descriptors().isSocket(pid, fd)) {
                found.add(socket(pid, fd, care));
                continue;
            }
            Optional<OpenDescriptor> carrier = tracees.carrier(pid, fd);
            if (carrier.isPresent() && (fd > 2 || isWayOut(carrier.get()))) { // no lambda: it would cost milliseconds
                found.add(carrier.get());
            }
        }
        return found;
    }

    @Override
    public List<Integer> internetStreams(int pid) {
        List<Integer> found = new ArrayList<>();
        for (int fd = 0; fd <= 2; fd++) {
            if (tracees.descriptors().isSocket(pid, fd) && socket(pid, fd, Care.NONE).isInternet()) {
                found.add(fd);
            }
        }
        return found;
    }

    /** Nobody talks by such a one. */
    private static boolean isWayOut(OpenDescriptor descriptor) {
        return descriptor.kind() == OpenDescriptor.Kind.CGROUP || descriptor.kind() == OpenDescriptor.Kind.DIRECTORY;
    }

    private OpenDescriptor socket(int pid, int fd, Care care) {
        int copy = Pidfd.copy(proc, pid, fd);
        if (copy < 0) {
            throw KernelException.inWords("the sockets that are open here cannot be looked at (pidfd_getfd: " + Errno.of(-copy)
                    + "): within another secfilt, or a container that forbids that call, secfilt can hold no policy. Nothing was run");
        }
        try (JnrSocket socket = new JnrSocket(copy, scratch, patience)) {
            return socket.describe(fd, care);
        }
    }

    @Override
    public int landlockAbi() {
        int nr = Arch.X86_64.syscalls().nr("landlock_create_ruleset");
        return (int) Math.max(0, Libc.SYSCALL.call(nr, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0));
    }

    @Override
    public List<byte[]> cgroupMounts(int pid) {
        return mounts(pid, false);
    }

    @Override
    public List<byte[]> classMounts(int pid) {
        return mounts(pid, true);
    }

    @Override
    public boolean hidesCgroups(int pid) {
        return new HiddenCgroups(pid).areThere();
    }

    private static List<byte[]> mounts(int pid, boolean classes) {
        List<byte[]> found = new ArrayList<>();
        for (String line : Mounts.of(pid)) {
            Optional<String> point = Mounts.cgroups(line, classes);
            if (point.isPresent()) {
                found.add(Mounts.unescape(point.get()));
            }
        }
        return found;
    }

    @Override
    public String cgroup(int pid, Cgroups.Hierarchy hierarchy) {
        return JnrCgroups.path(proc, pid, hierarchy);
    }

    @Override
    public long capabilities(int pid) {
        return capabilities(pid, "CapPrm");
    }

    @Override
    public long inheritable(int pid) {
        return capabilities(pid, "CapInh");
    }

    private long capabilities(int pid, String set) {
        return JnrCredentials.capabilities(proc.status(pid), set);
    }

    @Override
    public Owner owner(int pid) {
        String status = proc.status(pid);
        return new Owner(effective(status, "Uid"), effective(status, "Gid"));
    }

    /** proc(5) "status": the real, the effective, the saved and the file system's. */
    private static int effective(String status, String name) {
        return Integer.parseUnsignedInt(Proc.field(status, name).split("\t")[1]);
    }

    @Override
    public void killAll() {
        kill(-1);
    }

    @Override
    public boolean tracesBesides(int pid) {
        return new TracedProcesses().areThereBesides(pid);
    }

    @Override
    public Optional<String> refusedCall() {
        return OwnCalls.refused();
    }

    @Override
    public void hide() {
        patience.prepare(); // before the command can take the last process that its user may have
        Libc.must("prctl(PR_SET_DUMPABLE)", Libc.PRCTL.call(PR_SET_DUMPABLE, 0, 0, 0, 0));
    }

    @Override
    public void watchOverwriting() {
        leases.watch();
    }

    @Override
    public boolean awaitOverwriting() {
        return leases.await();
    }

    @Override
    public void endWatch() {
        leases.end();
    }

    /** Who is traced first: of a process that ends the leases go before the tracees, and who waits for one of those would have a moment. */
    @Override
    public void die() {
        new TracedProcesses().kill();
        kill(OwnProcess.PID);
    }

    private static void kill(int pid) {
        Libc.SYSCALL.call(Arch.X86_64.syscalls().nr("kill"), pid, SIGKILL, 0, 0, 0);
    }

    @Override
    public void closeStandardInputAndOutput() {
        replaceByNull(0);
        replaceByNull(1);
    }

    @Override
    public void releaseStandardError() {
        String target = new String(proc.link("self/fd/2"), StandardCharsets.ISO_8859_1);
        if (target.startsWith("pipe:[") || target.startsWith("socket:[")) {
            replaceByNull(2);
        }
    }

    private static void replaceByNull(int fd) {
        long none = Libc.OPEN.call(NativeMemory.string("/dev/null"), O_RDWR, 0);
        if (none < 0) {
            none = Libc.must("open(/)", Libc.OPEN.call(NativeMemory.string("/"), O_PATH, 0));
        }
        Libc.DUP2.call(none, fd);
        if (none > 2) {
            Libc.CLOSE.call(none);
        }
    }

    @Override
    public Optional<String> tracer(int pid) {
        int tracer = proc.tracer(pid);
        return tracer == 0 ? Optional.empty() : Optional.of(proc.read(tracer, "/comm").strip() + "[" + tracer + "]");
    }

    @Override
    public boolean isTerminal(int fd) {
        return Libc.IOCTL.call(fd, TCGETS, scratch) == 0;
    }

    @Override
    public boolean write(int fd, byte[] text) {
        long buffer = NativeMemory.IO.allocateMemory(CHUNK_BYTES, false);
        int written = 0;
        while (written < text.length) {
            NativeMemory.IO.putLong(scratch, fd & 0xffffffffL | (long) POLLOUT << 32); // struct pollfd
            if (Libc.POLL.call(scratch, 1, WRITE_PATIENCE_MILLIS) == 0) { // where it is refused, nobody knows
                break;
            }
            // A pipe that polls writable takes a page without blocking.
            int length = Math.min(CHUNK_BYTES, text.length - written);
            NativeMemory.IO.putByteArray(buffer, text, written, length);
            long rc = Libc.WRITE.call(fd, buffer, length);
            if (rc < 0 && rc != -Errno.EINTR.number()) {
                break;
            }
            written += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
        return written == text.length;
    }

    @Override
    public int writeAll(int fd, byte[] text) {
        long buffer = NativeMemory.IO.allocateMemory(text.length, false);
        NativeMemory.IO.putByteArray(buffer, text, 0, text.length);
        int written = 0;
        int error = 0;
        while (written < text.length && error == 0) {
            long rc = Libc.WRITE.call(fd, buffer + written, text.length - written);
            if (rc == -Errno.EAGAIN.number()) { // the caller shares a descriptor that does not block
                NativeMemory.IO.putLong(scratch, fd & 0xffffffffL | (long) POLLOUT << 32); // struct pollfd
                Libc.POLL.call(scratch, 1, -1);
            } else if (rc < 0 && rc != -Errno.EINTR.number()) {
                error = (int) -rc;
            }
            written += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
        return error;
    }

    @Override
    public LogFile standardError() {
        return JnrLogFile.standardError();
    }

    @Override
    public int yamaScope() {
        try {
            return Integer.parseInt(Files.readString(Path.of("/proc/sys/kernel/yama/ptrace_scope")).strip());
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public boolean hasYama() {
        return new File("/proc/sys/kernel/yama").exists();
    }

    @Override
    public int executable(int pid, byte[] path) {
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
        return putPath(pid, path) && Libc.FACCESSAT.call(AT_FDCWD, scratch, F_OK, AT_EACCESS) == 0;
    }

    /** Puts the path as the process means it into the scratch area; false if it is too long. */
    private boolean putPath(int pid, byte[] path) {
        boolean absolute = path.length > 0 && path[0] == '/';
        byte[] base = (absolute ? "" : "/proc/" + pid + "/cwd/").getBytes(StandardCharsets.ISO_8859_1);
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
                Libc.OPEN.call(NativeMemory.string("/proc/" + pid + "/cwd"), O_PATH_CLOEXEC, 0));
        int fd = tracees.open(from, path, 0, OpenHow.RESOLVE_NO_MAGICLINKS);
        Libc.CLOSE.call(from);
        if (fd < 0) {
            throw new UnresolvedPath(-fd);
        }
        NamedFile file = new NamedFile(ByteString.of(proc.link("self/fd/" + fd)), FileStatus.of(fd).isDirectory());
        Libc.CLOSE.call(fd);
        return file;
    }

    @Override
    public void takeListener(int pid, int fd, Vault vault, NotifiedCalls calls) {
        // Its own Proc: this runs on the tracer thread while the main thread may be here too.
        int listener = (int) Libc.must("pidfd_getfd(" + pid + ", " + fd + ")", Pidfd.copy(new Proc(), pid, fd));
        new JnrListener(listener, (JnrVault) vault, calls).start();
    }
}
