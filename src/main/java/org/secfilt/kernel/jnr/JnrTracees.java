package org.secfilt.kernel.jnr;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.UnresolvedPath;
import org.secfilt.kernel.Vault;

/** Reads tracees by process_vm_readv(2), /proc and pidfd_getfd(2). One thread only. */
final class JnrTracees implements Tracees {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int IOVEC_BYTES = 16;
    private static final int F_GETFL = 3;
    private static final int O_PATH = 010000000;
    private static final int TGKILL = Arch.X86_64.syscalls().nr("tgkill");
    private static final int PREAD64 = Arch.X86_64.syscalls().nr("pread64");
    /** proc(5) "stat": the fields after the name's closing bracket start with number 3, the processor is number 39. */
    private static final int PROCESSOR_FIELDS_ON = 39 - 3;

    private static final long CAP_NET_BIND_SERVICE = 1L << 10; // linux/capability.h
    private static final int NUMBER_BYTES = 8;
    private static final int UNPRIVILEGED_PORT = 1024; // include/net/ip.h PROT_SOCK

    private final Proc proc;
    private final TraceeDescriptors descriptors;
    private final Patience patience;
    private final ProcessNumbers numbers;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    private final long local = NativeMemory.allocate(IOVEC_BYTES);
    private final long remote = NativeMemory.allocate(IOVEC_BYTES);

    /** Made when it is first asked for: few policies ask. */
    private SocketFiles sockets;

    /** The mount namespace whose paths are told, as its link names it. */
    private byte[] mounts;
    /** The file that tells {@link #firstUnprivilegedPort}; -1 as long as nobody asked. */
    private int portStart = -1;
    /** Our own security label, empty where there are none; null as long as nobody asked. */
    private byte[] label;
    /** It is not the supervisor's. */
    private boolean foreignMounts;

    JnrTracees(Proc proc, Patience patience) {
        this.proc = proc;
        this.patience = patience;
        this.descriptors = new TraceeDescriptors(proc, patience);
        this.numbers = new ProcessNumbers(proc);
        NativeMemory.IO.putLong(local, buffer);
        mounts = proc.link("self/ns/mnt");
    }

    @Override
    public void trustMounts(int tid) {
        byte[] theirs = proc.link(tid, "/ns/mnt");
        foreignMounts = !Arrays.equals(theirs, mounts);
        mounts = theirs;
    }

    @Override
    public int read(int tid, long address, byte[] into, int length) {
        span(address, length);
        int count = (int) Libc.PROCESS_VM_READV.call(tid, local, 1, remote, 1, 0);
        if (count > 0) {
            NativeMemory.get(buffer, into, count);
        }
        return count;
    }

    @Override
    public int writeInt(int tid, long address, int value) {
        span(address, Integer.BYTES);
        NativeMemory.IO.putInt(buffer, value);
        return (int) Libc.PROCESS_VM_WRITEV.call(tid, local, 1, remote, 1, 0);
    }

    @Override
    public int write(int tid, long address, byte[] from, int length) {
        span(address, length);
        NativeMemory.IO.putByteArray(buffer, from, 0, length);
        return (int) Libc.PROCESS_VM_WRITEV.call(tid, local, 1, remote, 1, 0);
    }

    private void span(long address, int length) {
        if (length > BUFFER_BYTES) {
            throw new IllegalArgumentException(length + " bytes are more than the buffer holds");
        }
        NativeMemory.IO.putLong(local + 8, length);
        NativeMemory.IO.putLong(remote, address);
        NativeMemory.IO.putLong(remote + 8, length);
    }

    @Override
    public byte[] comm(int tid) {
        int fd = proc.open(tid, "/comm");
        if (fd < 0) {
            return new byte[0];
        }
        byte[] name = proc.readBytes(fd);
        Libc.CLOSE.call(fd);
        return name.length > 0 && name[name.length - 1] == '\n' ? Arrays.copyOf(name, name.length - 1) : name;
    }

    @Override
    public List<Integer> threads(int tgid) {
        return Proc.numbers("/proc/" + tgid + "/task");
    }

    @Override
    public int tgid(int tid) {
        return proc.tgid(tid);
    }

    @Override
    public Whose process(int tid, int number) {
        return numbers.process(tid, number);
    }

    @Override
    public Whose group(int tid, int number) {
        return numbers.group(tid, number);
    }

    @Override
    public OwnGroup ownGroup(int tid) {
        return numbers.ownGroup(tid);
    }

    @Override
    public int parent(int tid) {
        return proc.parent(tid);
    }

    @Override
    public boolean hasOurLabel(int tid) {
        byte[] ours = label();
        return ours.length == 0 || Arrays.equals(ours, label(tid));
    }

    /** By the user, role and type that SELinux has labels of. */
    @Override
    public boolean familyMatters() {
        for (byte letter : label()) {
            if (letter == ':') {
                return true;
            }
        }
        return false;
    }

    private byte[] label() {
        if (label == null) {
            label = label(OwnProcess.PID);
        }
        return label;
    }

    @Override
    public boolean hasOurUser(int tid) {
        String theirs = fileUser(proc.status(tid));
        return !theirs.isEmpty() && theirs.equals(fileUser(proc.ownStatus()));
    }

    @Override
    public boolean isRunning(int tid) {
        return Proc.field(proc.status(tid), "State").startsWith("R");
    }

    @Override
    public boolean isPending(int tid, int signal) {
        return has(tid, "SigPnd", signal);
    }

    @Override
    public boolean ignores(int tid, int signal) {
        return has(tid, "SigIgn", signal);
    }

    private boolean has(int tid, String set, int signal) {
        String signals = Proc.field(proc.status(tid), set);
        return !signals.isEmpty() && (Long.parseUnsignedLong(signals, 16) >>> signal - 1 & 1) != 0;
    }

    @Override
    public boolean isOurs(int tid) {
        return proc.isOurs(tid);
    }

    /** A signal that is none reaches a thread by its own number and that of its process alone. // tgkill(2) */
    @Override
    public boolean isProcess(int tid) {
        return Libc.SYSCALL.call(TGKILL, tid, tid, 0, 0, 0) == 0;
    }

    /** The fourth of the line: real, effective, saved, file system. */
    private static String fileUser(String status) {
        String users = Proc.field(status, "Uid");
        return users.substring(users.lastIndexOf('\t') + 1);
    }

    private byte[] label(int tid) {
        int fd = proc.open(tid, "/attr/current");
        if (fd < 0) {
            return new byte[0];
        }
        byte[] label = proc.readBytes(fd);
        Libc.CLOSE.call(fd);
        return label;
    }

    @Override
    public boolean mayBindPrivilegedPorts(int tid) {
        byte[] namespace = proc.link("self/ns/user");
        return (JnrCredentials.capabilities(proc.status(tid), "CapEff") & CAP_NET_BIND_SERVICE) != 0
                && namespace.length > 0
                && Arrays.equals(namespace, proc.link(tid, "/ns/user"));
    }

    @Override
    public int firstUnprivilegedPort() {
        if (portStart < 0) {
            portStart = proc.open("sys/net/ipv4/ip_unprivileged_port_start");
        }
        // The file is of the network namespace that we were in when we opened it; it tells anew at its beginning alone.
        int length = (int) Libc.SYSCALL.call(PREAD64, portStart, buffer, NUMBER_BYTES, 0, 0);
        int port = 0;
        for (int i = 0; i < length && NativeMemory.IO.getByte(buffer + i) >= '0'; i++) {
            port = 10 * port + NativeMemory.IO.getByte(buffer + i) - '0';
        }
        return length <= 0 ? UNPRIVILEGED_PORT : port;
    }

    @Override
    public int pidfdTarget(int tid, int fd) {
        return descriptors.pidfdTarget(tid, fd);
    }

    @Override
    public byte[] executable(int tid) {
        return proc.link(tid, "/exe");
    }

    @Override
    public Optional<SocketCopy> socket(int tid, int fd) {
        int copy = descriptors.copy(tid, fd);
        if (copy < 0) {
            return Optional.empty();
        }
        JnrSocket socket = new JnrSocket(copy, buffer, patience);
        if (!socket.isSocket()) {
            socket.close();
            return Optional.empty();
        }
        return Optional.of(socket);
    }

    @Override
    public boolean isSocket(int tid, int fd) {
        return descriptors.linksToSocket(tid, fd);
    }

    @Override
    public int socketError(int tid, int fd) {
        int copy = descriptors.copy(tid, fd);
        if (copy < 0) {
            return copy;
        }
        boolean open = (Libc.FCNTL.call(copy, F_GETFL, 0) & O_PATH) == 0;
        descriptors.close(copy);
        return open ? -Errno.ENOTSOCK.number() : -Errno.EBADF.number(); // open(2) "O_PATH"
    }

    @Override
    public Optional<OpenDescriptor> carrier(int tid, int fd) {
        return descriptors.carrier(tid, fd);
    }

    @Override
    public int processor(int tid) {
        String stat = proc.read(tid, "/stat");
        int at = stat.lastIndexOf(')') + 1;
        for (int i = 0; i <= PROCESSOR_FIELDS_ON && at > 0; i++) {
            at = stat.indexOf(' ', at) + 1;
        }
        int end = at <= 0 ? -1 : stat.indexOf(' ', at);
        return end < 0 ? -1 : Integer.parseInt(stat.substring(at, end));
    }

    @Override
    public int vaultMapping(int tid, Vault vault) {
        int fd = proc.open(tid, "/maps");
        if (fd < 0) {
            return -1;
        }
        JnrVault ours = (JnrVault) vault;
        boolean any = false;
        long mapped = ours.address(); // up to here; mlock(2), mseal(2) and mbind(2) of a part make several lines of one
        String rest = "";
        // maps is ordered by address, and few processes map anything below the vault: one read(2) nearly always tells.
        for (boolean below = true; below; ) {
            String chunk = proc.read(fd);
            String text = rest + chunk;
            int from = 0;
            for (int end = text.indexOf('\n'); end >= 0 && below; end = text.indexOf('\n', from)) {
                MapsLine line = MapsLine.decode(text.substring(from, end));
                from = end + 1;
                below = Long.compareUnsigned(line.end(), ours.address() + ours.lengthBytes()) < 0;
                if (ours.overlaps(line)) {
                    any = true;
                    mapped = ours.isMappedFrom(mapped, line) ? line.end() : mapped;
                }
            }
            rest = text.substring(from);
            below = below && !chunk.isEmpty();
        }
        Libc.CLOSE.call(fd);
        return !any ? 0 : mapped == ours.address() + ours.lengthBytes() ? 1 : -1;
    }

    @Override
    public Optional<SocketFile> socketFile(int tid, byte[] path, boolean names) throws UnresolvedPath {
        if (sockets == null) {
            sockets = new SocketFiles(proc);
        }
        return sockets.follow(tid, path, names, mounts, foreignMounts);
    }
}
