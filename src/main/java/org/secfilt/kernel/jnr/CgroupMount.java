package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Cgroups.Hierarchy;
import org.secfilt.kernel.KernelException;

/** Where a hierarchy of cgroups is reached: a mount in sight, or one of our own that nobody sees, by fsopen(2) and fsmount(2). */
final class CgroupMount implements AutoCloseable {
    // linux/mount.h
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSMOUNT_CLOEXEC = 1;
    private static final int FSCONFIG_SET_FLAG = 0;
    private static final int FSCONFIG_CMD_CREATE = 6;
    /**
     * Where nobody has it mounted any more the kernel takes a moment to give it up; it then would have fsconfig(2) made again, which is EBUSY
     * the second time. // kernel/cgroup/cgroup-v1.c cgroup1_get_tree()
     */
    private static final int BUSY_TRIES = 300;
    private static final int BUSY_MILLIS = 10;
    private static final int O_PATH_DIRECTORY_CLOEXEC = 010000000 | 0200000 | 02000000; // fcntl.h
    // proc_pid_mountinfo(5); the first field is the mount's number, the last are the file system's options
    private static final int MOUNT_POINT = 4;
    private static final int OPTIONS = 5;

    /** Or a negative number. */
    private final int descriptor;
    private final String root;

    private CgroupMount(int descriptor, String root) {
        this.descriptor = descriptor;
        this.root = root;
    }

    /** What names in the hierarchy begin with. */
    String root() {
        return root;
    }

    @Override
    public void close() {
        if (descriptor >= 0) {
            Libc.CLOSE.call(descriptor);
        }
    }

    static boolean isInSight(Hierarchy hierarchy) {
        return inSight(hierarchy, OwnProcess.PID).isPresent();
    }

    /**
     * As it is mounted in sight or in that of process 1 (ip-netns(8) covers it for its commands), or where that is read-only, covered or not to
     * be found, by a mount of its own, which takes the kernel a grace period of RCU: 10 ms.
     *
     * @throws KernelException if it can be had in neither way
     */
    static CgroupMount of(Hierarchy hierarchy) {
        Optional<String[]> inSight = inSight(hierarchy, OwnProcess.PID);
        int seen = open("", inSight);
        seen = seen < 0 ? open("/proc/1/root", inSight(hierarchy, 1)) : seen;
        if (seen >= 0) {
            return new CgroupMount(seen, "/proc/self/fd/" + seen + "/");
        }
        long mount = mount(hierarchy);
        if (mount < 0 && inSight.isPresent()) {
            return new CgroupMount(-1, inSight.get()[MOUNT_POINT] + "/");
        }
        for (int i = 0; i < BUSY_TRIES && mount == -Errno.EBUSY.number() && hierarchy == Hierarchy.NET_CLS; i++) {
            pause();
            mount = mount(hierarchy);
        }
        if (mount < 0) {
            throw new KernelException("fsmount(" + (hierarchy == Hierarchy.UNIFIED ? "cgroup2" : "cgroup, net_cls") + ")", (int) -mount);
        }
        return new CgroupMount((int) mount, "/proc/self/fd/" + mount + "/");
    }

    /** The root of this very mount, not of one that covers it. @return a descriptor, or a negative number, also if it is read-only */
    private static int open(String root, Optional<String[]> mount) {
        if (mount.isEmpty() || !mount.get()[OPTIONS].startsWith("rw") || !mount.get()[mount.get().length - 1].startsWith("rw")) {
            return -1;
        }
        int fd = (int) Libc.OPEN.call(NativeMemory.string(root + mount.get()[MOUNT_POINT]), O_PATH_DIRECTORY_CLOEXEC, 0);
        if (fd >= 0 && !new Proc().read(OwnProcess.PID, "/fdinfo/" + fd).contains("\nmnt_id:\t" + mount.get()[0] + "\n")) {
            Libc.CLOSE.call(fd);
            return -1;
        }
        return fd;
    }

    private static long mount(Hierarchy hierarchy) {
        if (hierarchy == Hierarchy.UNIFIED) {
            return mount("cgroup2");
        }
        // A hierarchy is had whole or not at all, and systemd's has both. Not for want of the other: that would make one that stays.
        return isWithPriorities(new Proc().read("cgroups")) ? mount("cgroup", "net_cls", "net_prio") : mount("cgroup", "net_cls");
    }

    /** cgroups(7) "/proc files": the second column of /proc/cgroups is the number of the hierarchy, 0 where there is none. */
    static boolean isWithPriorities(String controllers) {
        String classes = hierarchy(controllers, "net_cls");
        return !classes.equals("0") && classes.equals(hierarchy(controllers, "net_prio"));
    }

    private static String hierarchy(String controllers, String name) {
        for (String line : controllers.split("\n")) {
            String[] fields = line.split("\t");
            if (fields.length > 1 && fields[0].equals(name)) {
                return fields[1];
            }
        }
        return "0";
    }

    private static void pause() {
        try {
            Thread.sleep(BUSY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long mount(String type, String... flags) {
        long context = JnrCgroups.call("fsopen", NativeMemory.string(type), FSOPEN_CLOEXEC, 0, 0, 0);
        if (context < 0) {
            return context;
        }
        long rc = 0;
        for (String flag : flags) {
            rc = rc < 0 ? rc : JnrCgroups.call("fsconfig", context, FSCONFIG_SET_FLAG, NativeMemory.string(flag), 0, 0);
        }
        rc = rc < 0 ? rc : JnrCgroups.call("fsconfig", context, FSCONFIG_CMD_CREATE, 0, 0, 0);
        rc = rc < 0 ? rc : JnrCgroups.call("fsmount", context, FSMOUNT_CLOEXEC, 0, 0, 0);
        Libc.CLOSE.call(context);
        return rc;
    }

    /** The fields of proc_pid_mountinfo(5) of a mount that the process sees of the whole hierarchy, whose name needs no unescaping. */
    private static Optional<String[]> inSight(Hierarchy hierarchy, int pid) {
        for (String line : Mounts.of(pid)) {
            String[] fields = line.split(" ");
            int dash = line.indexOf(" - ");
            if (fields.length < 10 || dash < 0 || !fields[3].equals("/") || fields[MOUNT_POINT].indexOf('\\') >= 0) {
                continue;
            }
            String[] file = line.substring(dash + 3).split(" ");
            boolean fits = hierarchy == Hierarchy.UNIFIED
                    ? file[0].equals("cgroup2")
                    : file[0].equals("cgroup") && file.length > 2 && ("," + file[2] + ",").contains(",net_cls,");
            if (fits) {
                return Optional.of(fields);
            }
        }
        return Optional.empty();
    }
}
