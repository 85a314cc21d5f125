package org.secfilt.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The steps that give the stub namespaces of its own and put things into them: namespaces(7), user_namespaces(7),
 * mount_namespaces(7). They need the capabilities of the namespaces they change, so they come before these are dropped.
 */
public final class Namespaces {
    // linux/sched.h
    private static final long CLONE_NEWNS = 0x00020000;
    private static final long CLONE_NEWUSER = 0x10000000;
    private static final long CLONE_NEWNET = 0x40000000;
    // linux/mount.h
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;
    private static final long MS_NOEXEC = 8;
    private static final long MS_BIND = 0x1000;
    private static final long MS_REC = 0x4000;
    private static final long MS_SLAVE = 1 << 19;
    // fcntl.h, sys/socket.h, linux/sockios.h, linux/if.h
    private static final int AT_FDCWD = -100;
    private static final int O_WRONLY_CLOEXEC = 1 | 02000000;
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;
    private static final int SIOCSIFFLAGS = 0x8914;
    private static final short IFF_UP = 1;
    /** struct ifreq: the interface's name, then by the request. */
    private static final int IFREQ_BYTES = 40;
    private static final int IFNAMSIZ = 16;

    private final Launch launch;

    public Namespaces(Launch launch) {
        this.launch = launch;
    }

    /**
     * unshare(2), all at once.
     *
     * @param user a user namespace first, which makes the others possible without privileges. EPERM where user namespaces are switched
     *     off, ENOSPC where their number is limited to none
     */
    public void unshare(boolean user, boolean network, boolean mounts) {
        String names = (user ? " user" : "") + (network ? " network" : "") + (mounts ? " mount" : "");
        launch.call("unshare(" + names.substring(1) + " namespace)", "unshare",
                value((user ? CLONE_NEWUSER : 0) | (network ? CLONE_NEWNET : 0) | (mounts ? CLONE_NEWNS : 0)));
    }

    /** The user and the group are in the new user namespace what they are outside; nobody else is there. user_namespaces(7) */
    public void mapIdentity(int uid, int gid) {
        write("/proc/self/setgroups", "deny");
        write("/proc/self/uid_map", uid + " " + uid + " 1\n");
        write("/proc/self/gid_map", gid + " " + gid + " 1\n");
    }

    private void write(String file, String text) {
        Operand fd = launch.call("open(" + file + ")", "openat", value(AT_FDCWD), string(file), value(O_WRONLY_CLOEXEC));
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        launch.call("write(" + file + ")", "write", fd, launch.data(bytes), value(bytes.length));
        launch.call("close(" + file + ")", "close", fd);
    }

    /** Brings the loopback interface of the network namespace up; the kernel gives it 127.0.0.1 and ::1. netdevice(7) */
    public void raiseLoopback() {
        byte[] request = ByteBuffer.allocate(IFREQ_BYTES).order(ByteOrder.nativeOrder())
                .put(new byte[] {'l', 'o'}).putShort(IFNAMSIZ, IFF_UP).array();
        Operand socket = launch.call("socket(AF_INET)", "socket", value(AF_INET), value(SOCK_DGRAM_CLOEXEC), value(0));
        launch.call("ioctl(lo, SIOCSIFFLAGS)", "ioctl", socket, value(SIOCSIFFLAGS), launch.data(request));
        launch.call("close(socket)", "close", socket);
    }

    /** From now on the mount namespace gives its mounts to no other, and goes on taking the host's. */
    public void keepMounts() {
        launch.call("mount(/, MS_SLAVE)", "mount", string("none"), string("/"), value(0), value(MS_REC | MS_SLAVE), value(0));
    }

    /** Puts a file in the place of another, links followed, in the mount namespace. */
    public void replace(String file, String by) {
        launch.call("mount(" + file + ", MS_BIND)", "mount", string(by), string(file), value(0), value(MS_BIND), value(0));
    }

    /**
     * Mounts a fresh tmpfs(5) on /tmp in the mount namespace. It is gone with the namespace: nothing is left behind, whatever ends it.
     */
    public void privateTmp(int uid, int gid, boolean exec) {
        long flags = MS_NOSUID | MS_NODEV | (exec ? 0 : MS_NOEXEC);
        launch.call("mount(/tmp)", "mount", string("tmpfs"), string("/tmp"), string("tmpfs"), value(flags),
                string("mode=0700,uid=" + uid + ",gid=" + gid));
    }

    private Operand string(String text) {
        return launch.data((text + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    private static Operand value(long value) {
        return new Operand.Immediate(value);
    }
}
