package org.secfilt.kernel.jnr;

import java.util.Arrays;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.TraceeRights;

/** Rights by /proc. */
final class JnrTraceeRights implements TraceeRights {
    private static final int PREAD64 = Arch.X86_64.syscalls().nr("pread64");
    private static final long CAP_NET_BIND_SERVICE = 1L << 10; // linux/capability.h
    private static final int NUMBER_BYTES = 8;
    private static final int UNPRIVILEGED_PORT = 1024; // include/net/ip.h PROT_SOCK

    private final Proc proc;
    private final long number = NativeMemory.allocate(NUMBER_BYTES);
    /** The file that tells {@link #firstUnprivilegedPort}; -1 as long as nobody asked. */
    private int portStart = -1;
    /** Our own security label, empty where there are none; null as long as nobody asked. */
    private byte[] label;

    JnrTraceeRights(Proc proc) {
        this.proc = proc;
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
    public boolean hasOurUser(int tid) {
        String theirs = fileUser(proc.status(tid));
        return !theirs.isEmpty() && theirs.equals(fileUser(proc.ownStatus()));
    }

    /** The fourth of the line: real, effective, saved, file system. */
    private static String fileUser(String status) {
        String users = Proc.field(status, "Uid");
        return users.substring(users.lastIndexOf('\t') + 1);
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
        int length = (int) Libc.SYSCALL.call(PREAD64, portStart, number, NUMBER_BYTES, 0, 0);
        int port = 0;
        for (int i = 0; i < length && NativeMemory.IO.getByte(number + i) >= '0'; i++) {
            port = 10 * port + NativeMemory.IO.getByte(number + i) - '0';
        }
        return length <= 0 ? UNPRIVILEGED_PORT : port;
    }
}
