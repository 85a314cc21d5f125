package org.secfilt.kernel.jnr;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.InheritedDescriptor;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Launching;
import org.secfilt.kernel.Vault;

/** Launching by the C library and /proc. Main thread, but for takeListener. */
final class JnrLaunching implements Launching {
    // linux/prctl.h, fcntl.h, asm-generic/ioctls.h
    private static final int PR_SET_DUMPABLE = 4;
    private static final int O_RDWR = 2;
    private static final int TCGETS = 0x5401;
    private static final int LANDLOCK_CREATE_RULESET_VERSION = 1;
    // asm-generic/socket.h
    private static final int SO_TYPE = 3;
    private static final int SO_DOMAIN = 39;
    private static final int SOCKADDR_BYTES = 128;
    private static final int CAP_SYS_ADMIN = 21;

    private final Proc proc = new Proc();
    private final JnrTracees tracees = new JnrTracees(proc);
    private final long scratch = NativeMemory.allocate(4096);

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
    public List<InheritedDescriptor> inherited(int pid, Set<Integer> descriptors) {
        List<InheritedDescriptor> found = new ArrayList<>();
        for (int fd : descriptors) {
            if (fd <= 2) {
                continue;
            }
            String target = new String(tracees.link("/proc/" + pid + "/fd/" + fd), StandardCharsets.ISO_8859_1);
            if (target.equals("anon_inode:[io_uring]")) {
                found.add(new InheritedDescriptor(
                        fd, InheritedDescriptor.Kind.IO_URING, -1, -1, -1, Optional.empty()));
            } else if (target.startsWith("socket:[")) {
                found.add(socket(pid, fd));
            }
        }
        return found;
    }

    private InheritedDescriptor socket(int pid, int fd) {
        int copy = (int) Libc.must("pidfd_getfd(" + pid + ", " + fd + ")", Pidfd.copy(proc, pid, fd));
        InheritedDescriptor socket = new InheritedDescriptor(
                fd,
                InheritedDescriptor.Kind.SOCKET,
                tracees.intOption(copy, SO_DOMAIN),
                tracees.intOption(copy, SO_TYPE),
                tracees.intOption(copy, JnrTracees.SO_PROTOCOL),
                peer(copy));
        Libc.CLOSE.call(copy);
        return socket;
    }

    private Optional<Sockaddr> peer(int fd) {
        NativeMemory.IO.putInt(scratch, SOCKADDR_BYTES);
        if (Libc.GETPEERNAME.call(fd, scratch + 8, scratch) < 0) {
            return Optional.empty();
        }
        byte[] name = new byte[SOCKADDR_BYTES];
        NativeMemory.IO.getByteArray(scratch + 8, name, 0, SOCKADDR_BYTES);
        return Optional.of(Sockaddr.decode(name, Math.min(SOCKADDR_BYTES, NativeMemory.IO.getInt(scratch))));
    }

    @Override
    public int landlockAbi() {
        int nr = Arch.X86_64.syscalls().nr("landlock_create_ruleset");
        return (int) Math.max(0, Libc.SYSCALL.call(nr, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0));
    }

    @Override
    public boolean isPrivileged(int pid) {
        String status = proc.read(pid, "/status");
        int at = status.indexOf("\nCapEff:\t") + 9;
        long effective = at < 9 ? 0 : Long.parseUnsignedLong(status.substring(at, at + 16), 16);
        return (effective >>> CAP_SYS_ADMIN & 1) != 0;
    }

    @Override
    public void hide() {
        Libc.must("prctl(PR_SET_DUMPABLE)", Libc.PRCTL.call(PR_SET_DUMPABLE, 0, 0, 0, 0));
    }

    @Override
    public void closeStandardInputAndOutput() {
        replaceByNull(0);
        replaceByNull(1);
    }

    @Override
    public void releaseStandardError() {
        String target = new String(tracees.link("/proc/self/fd/2"), StandardCharsets.ISO_8859_1);
        if (target.startsWith("pipe:[") || target.startsWith("socket:[")) {
            replaceByNull(2);
        }
    }

    private static void replaceByNull(int fd) {
        long none = Libc.must("open(/dev/null)", Libc.OPEN.call(NativeMemory.string("/dev/null"), O_RDWR, 0));
        Libc.DUP2.call(none, fd);
        if (none > 2) {
            Libc.CLOSE.call(none);
        }
    }

    @Override
    public boolean isTerminal(int fd) {
        return Libc.IOCTL.call(fd, TCGETS, scratch) == 0;
    }

    @Override
    public void write(int fd, byte[] text) {
        long buffer = NativeMemory.IO.allocateMemory(Math.max(1, text.length), false);
        NativeMemory.IO.putByteArray(buffer, text, 0, text.length);
        int written = 0;
        while (written < text.length) {
            long rc = Libc.WRITE.call(fd, buffer + written, text.length - written);
            if (rc < 0 && rc != -Errno.EINTR.number()) {
                break;
            }
            written += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
    }

    @Override
    public void takeListener(int pid, int fd, Vault vault) {
        // Its own Proc: this runs on the tracer thread while the main thread may be here too.
        int listener = (int) Libc.must("pidfd_getfd(" + pid + ", " + fd + ")", Pidfd.copy(new Proc(), pid, fd));
        ((JnrVault) vault).answerOn(listener);
    }
}
