package org.secfilt.kernel.jnr;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.kernel.Networks;

/** By /proc and by sockets of our own. Main thread. */
final class JnrNetworks implements Networks {
    // sys/socket.h, asm-generic/socket.h
    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");
    private static final int AF_UNIX = 1;
    private static final int AF_INET6 = 10;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_NETNS_COOKIE = 71;

    /** A socklen_t, then a cookie. */
    static final int COOKIE_BYTES = 2 * Long.BYTES;

    private final Proc proc = new Proc();
    private final NatHooks natHooks = new NatHooks(proc);
    private final long scratch = NativeMemory.allocate(COOKIE_BYTES);

    /** Of the supervisor's network namespace, when first asked for. */
    static final class Ours {
        static final long COOKIE = new JnrNetworks().cookie();

        private Ours() {}
    }

    @Override
    public long namespace(int pid) {
        return inode(pid + "/ns/net");
    }

    @Override
    public long processNamespace() {
        return inode("self/ns/pid");
    }

    @Override
    public long cookie() {
        return ownCookie(scratch);
    }

    @Override
    public Optional<Set<Long>> cookies() {
        return new NetworkCookies().ask();
    }

    /** Of the thread's network namespace. @param scratch of {@link #COOKIE_BYTES} */
    static long ownCookie(long scratch) {
        long fd = Libc.must("socket", Libc.SYSCALL.call(SOCKET, AF_UNIX, SOCK_DGRAM_CLOEXEC, 0, 0, 0));
        NativeMemory.IO.putInt(scratch, Long.BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, SOL_SOCKET, SO_NETNS_COOKIE, scratch + Long.BYTES, scratch);
        Libc.CLOSE.call(fd);
        Libc.must("getsockopt(SO_NETNS_COOKIE)", rc);
        return NativeMemory.IO.getLong(scratch + Long.BYTES);
    }

    @Override
    public boolean seesAllUsers() {
        return new NetworkUsers(proc).areInSight();
    }

    @Override
    public boolean isOurs() {
        return new NetworkUsers(proc).areOurs();
    }

    @Override
    public List<String> users(int pid) {
        return new NetworkUsers(proc).besides(pid);
    }

    @Override
    public Set<Long> namespaces() {
        Set<Long> found = new HashSet<>();
        for (String name : names(ProcDirectory.find("/proc"))) {
            if (name.charAt(0) >= '0' && name.charAt(0) <= '9') {
                found.add(inode(name + "/ns/net"));
            }
        }
        for (String name : names("/run/netns")) {
            try {
                found.add((Long) Files.getAttribute(Path.of("/run/netns", name), "unix:ino"));
            } catch (IOException e) {
                // removed meanwhile: whoever was in it is in /proc
            }
        }
        return found;
    }

    private static String[] names(String directory) {
        String[] names = new File(directory).list();
        return names == null ? new String[0] : names;
    }

    /** The number of net:[4026531840]; 0 where the process has ended or may not be looked at. */
    private long inode(String link) {
        String name = new String(proc.link(link), StandardCharsets.ISO_8859_1);
        int from = name.indexOf('[') + 1;
        int to = name.indexOf(']');
        return to < from ? 0 : Long.parseLong(name.substring(from, to));
    }

    @Override
    public boolean hasInternet6() {
        long fd = Libc.SYSCALL.call(SOCKET, AF_INET6, SOCK_DGRAM_CLOEXEC, 0, 0, 0);
        if (fd >= 0) {
            Libc.CLOSE.call(fd);
        }
        return fd != -Errno.EAFNOSUPPORT.number();
    }

    @Override
    public boolean translates(Family family) {
        return natHooks.translate(family);
    }

    @Override
    public void forgetFlows(Protocol protocol, int port, List<Cidr> to, List<Cidr> leading, List<Cidr> except) {
        new FlowsToPort(protocol, port, to, leading, except).forget();
    }

    @Override
    public void forgetFlows(IpAddress address, List<Cidr> former, List<Cidr> except, PortRange ports) {
        new FlowsOfNobody(address, former, except, ports).forget();
    }
}
