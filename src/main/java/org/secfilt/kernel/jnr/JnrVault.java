package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Vault;

/** The vault's memfd, the supervisor's own mapping of it, and how tracees get it. */
final class JnrVault implements Vault {
    // linux/memfd.h, linux/fcntl.h, sys/mman.h
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_NOEXEC_SEAL = 8;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_ALL = 1 | 2 | 4 | 16; // SEAL SHRINK GROW FUTURE_WRITE
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int O_CLOEXEC = 02000000;
    // linux/seccomp.h
    static final long SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103L;
    private static final int SECCOMP_ADDFD_FLAG_SEND = 2;
    private static final int NONE = -1;
    private static final String NAME = "secfilt";
    /**
     * As maps prints it. The inode alone would not tell: of a System V segment it is the segment's identifier, which its maker chooses, on the
     * device of memfds. // ipc/shm.c newseg()
     */
    private static final String PATH = "/memfd:" + NAME + " (deleted)";
    /** struct seccomp_notif_addfd. */
    private static final int ADDFD_BYTES = 24;

    private final long address;
    private final int lengthBytes;
    private final long memory;
    private final int readOnly;
    private final long inode;
    private final String device;
    /** What the threads were given whose vault calls are expected: a descriptor of theirs, or {@link #NONE}. */
    private final Map<Integer, Integer> expected = new HashMap<>();
    private final Proc proc = new Proc();
    /** Of the listener's thread. */
    private final long answer = NativeMemory.allocate(ADDFD_BYTES);

    /** @param address where tracees map it */
    JnrVault(long address, int lengthBytes) {
        this.address = address;
        this.lengthBytes = lengthBytes;
        long name = NativeMemory.string(NAME);
        long fd = Libc.MEMFD_CREATE.call(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
        if (fd == -Errno.EINVAL.number()) {
            fd = Libc.MEMFD_CREATE.call(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); // before Linux 6.3
        }
        Libc.must("memfd_create", fd);
        long rc = Libc.FTRUNCATE.call(fd, lengthBytes);
        if (rc < 0) {
            throw new KernelException("ftruncate", (int) -rc, "is there a limit on the size of files (ulimit -f)?");
        }
        memory = Libc.must("mmap", Libc.MMAP.call(0, lengthBytes, PROT_READ_WRITE, MAP_SHARED, fd, 0));
        Libc.must("fcntl(F_ADD_SEALS)", Libc.FCNTL.call(fd, F_ADD_SEALS, F_SEAL_ALL));
        readOnly = (int) Libc.must("open", Libc.OPEN.call(NativeMemory.string("/proc/self/fd/" + fd), O_CLOEXEC, 0));
        FileStatus status = FileStatus.of((int) fd, FileStatus.INODE);
        Libc.must("statx", status.error());
        inode = status.inode();
        device = hex(status.major()) + ":" + hex(status.minor());
        Libc.CLOSE.call(fd);
    }

    /** As maps prints it: two digits at least. */
    private static String hex(int number) {
        String text = Integer.toHexString(number);
        return text.length() < 2 ? "0" + text : text;
    }

    long address() {
        return address;
    }

    boolean overlaps(MapsLine line) {
        return Long.compareUnsigned(line.end(), address) > 0
                && Long.compareUnsigned(line.start(), address + lengthBytes) < 0;
    }

    /** Whether the line maps what belongs there: the vault's part from this address on. */
    boolean isMappedFrom(long start, MapsLine line) {
        return line.start() == start
                && Long.compareUnsigned(line.end(), address + lengthBytes) <= 0
                && (line.permissions().equals("r--s") || line.permissions().equals("r-xs")) // personality(2) "READ_IMPLIES_EXEC"
                && line.offset() == start - address
                && line.inode() == inode
                && line.device().equals(device)
                && line.path().equals(PATH);
    }

    @Override
    public int lengthBytes() {
        return lengthBytes;
    }

    @Override
    public void write(int offset, byte[] bytes, int length) {
        if (offset < 0 || length > lengthBytes - offset) {
            throw new IndexOutOfBoundsException(offset + "+" + length);
        }
        NativeMemory.IO.putByteArray(memory + offset, bytes, 0, length);
    }

    @Override
    public void writeLong(int offset, long value) {
        if (offset < 0 || offset > lengthBytes - Long.BYTES) {
            throw new IndexOutOfBoundsException(offset);
        }
        NativeMemory.IO.putLong(memory + offset, value);
    }

    @Override
    public void expect(int tid) {
        synchronized (expected) {
            expected.put(tid, NONE);
        }
    }

    @Override
    public int forget(int tid) {
        synchronized (expected) {
            Integer given = expected.remove(tid);
            return given == null ? NONE : given;
        }
    }

    @Override
    public boolean isOf(int tid, int fd) {
        byte[] target = proc.link(tid, "/fd/" + fd);
        return target.length == 0 ? !proc.isMissing(tid, "/fd/" + fd) : PATH.equals(new String(target, StandardCharsets.ISO_8859_1));
    }

    /**
     * Gives the thread that made a vault call a descriptor of the vault, which is the call's result.
     *
     * @param id of the notification
     * @return 0, or a negative error number to be answered in its place. An error of the kernel's means that the tracee died or was interrupted:
     *     it makes the call again or never will
     */
    int handOut(int listener, long id, int tid) {
        synchronized (expected) { // until it is written down what was given: the thread goes on at once
            return expected.containsKey(tid) ? give(listener, id, tid) : -Errno.EINVAL.number(); // the kernel's own answer
        }
    }

    private int give(int listener, long id, int tid) {
        NativeMemory.IO.putLong(answer, id);
        NativeMemory.IO.putInt(answer + 8, SECCOMP_ADDFD_FLAG_SEND);
        NativeMemory.IO.putInt(answer + 12, readOnly);
        NativeMemory.IO.putInt(answer + 16, 0);
        NativeMemory.IO.putInt(answer + 20, O_CLOEXEC);
        long rc = Libc.IOCTL.call(listener, SECCOMP_IOCTL_NOTIF_ADDFD, answer);
        if (rc >= 0) {
            expected.put(tid, (int) rc);
        }
        return rc >= 0 || rc == -Errno.ENOENT.number() ? 0 : (int) rc; // EMFILE: the tracee has no descriptor free
    }
}
