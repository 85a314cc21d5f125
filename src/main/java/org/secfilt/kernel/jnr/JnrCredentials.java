package org.secfilt.kernel.jnr;

import java.util.Arrays;
import org.secfilt.abi.Arch;
import org.secfilt.abi.SyscallTable;

/**
 * The user, groups and capabilities that the kernel looks at when this thread touches files, and how to take on a tracee's for a moment.
 * They are the thread's own: bare system calls change no other thread's. credentials(7), setfsuid(2), capabilities(7).
 */
final class JnrCredentials {
    /**
     * CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, LINUX_IMMUTABLE, SYS_ADMIN, SYS_RESOURCE, MKNOD, LEASE, SETFCAP,
     * MAC_OVERRIDE, MAC_ADMIN. // linux/capability.h
     */
    private static final long ABOUT_FILES = 0x1f | 1L << 9 | 1L << 21 | 1L << 24 | 1L << 27 | 1L << 28 | 1L << 31 | 1L << 32 | 1L << 33;

    /** SYS_CHROOT, SYS_ADMIN. // linux/capability.h */
    private static final long MOVE_ROOTS = 1L << 18 | 1L << 21;

    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    private static final int CAPSET_BYTES = 32;
    private static final int MAX_GROUPS = 65536; // linux/limits.h NGROUPS_MAX
    private static final SyscallTable NUMBERS = Arch.X86_64.syscalls();
    private static final int SETFSUID = NUMBERS.nr("setfsuid");
    private static final int SETFSGID = NUMBERS.nr("setfsgid");
    private static final int SETGROUPS = NUMBERS.nr("setgroups");
    private static final int CAPSET = NUMBERS.nr("capset");

    private final Proc proc;
    private final byte[] namespace;
    private final Identity own;
    private final long permitted;
    private final long inheritable;
    private final long memory = NativeMemory.allocate(CAPSET_BYTES);
    private boolean taken;
    private boolean groupsTaken;
    private Caller caller = Caller.UNKNOWN;

    private record Identity(int user, int group, int[] groups, long effective) {
        boolean isSame(Identity other) {
            return user == other.user && group == other.group && Arrays.equals(groups, other.groups)
                    && (effective & ABOUT_FILES) == (other.effective & ABOUT_FILES);
        }
    }

    /** Who a tracee is to the files of others' in /proc. */
    record Caller(int user, int group, byte[] namespace) {
        static final Caller UNKNOWN = new Caller(-1, -1, new byte[0]);

        boolean isLike(Caller other) {
            return hasUserOf(other) && hasNamespaceOf(other);
        }

        boolean hasNamespaceOf(Caller other) {
            return namespace.length > 0 && Arrays.equals(namespace, other.namespace);
        }

        boolean hasUserOf(Caller other) {
            return user == other.user && group == other.group;
        }
    }

    JnrCredentials(Proc proc) {
        this.proc = proc;
        this.namespace = proc.link("self/ns/user");
        String status = proc.ownStatus();
        this.own = identity(status, true);
        this.permitted = capabilities(status, "CapPrm");
        this.inheritable = capabilities(status, "CapInh");
    }

    /** Whether user numbers and capabilities mean the same to the tracee as to us. */
    boolean sameNamespace(int tid) {
        return namespace.length > 0 && Arrays.equals(namespace, proc.link(tid, "/ns/user"));
    }

    /** Whether a user's number is the same number to the tracee and to us, though its namespace may be another: each maps to itself. */
    boolean sameNumbers(int tid) {
        return sameNamespace(tid) || mapsToItself(proc.readAll(tid + "/uid_map")) && mapsToItself(proc.readAll(tid + "/gid_map"));
    }

    /** user_namespaces(7): lines of a number inside, the number outside as the reader has it, and how many. */
    private static boolean mapsToItself(String map) {
        boolean same = !map.isEmpty();
        for (String line : map.split("\n")) {
            String[] numbers = line.trim().split(" +");
            same &= numbers.length == 3 && numbers[0].equals(numbers[1]);
        }
        return same;
    }

    static Caller caller(Proc proc, int pid) {
        String status = proc.status(pid);
        if (status.isEmpty()) {
            return Caller.UNKNOWN;
        }
        Identity identity = identity(status, false);
        return new Caller(identity.user(), identity.group(), proc.link(pid, "/ns/user"));
    }

    /** Whether we, and so perhaps who was born of us, have a capability to change root directories or mounts. No program gains any. */
    static boolean mayMoveRoots(Proc proc) {
        String status = proc.ownStatus();
        return status.isEmpty() || (capabilities(status, "CapPrm") & MOVE_ROOTS) != 0;
    }

    /** Whoever {@link #take} looked at last. */
    Caller caller() {
        return caller;
    }

    /** Takes the tracee's on, until {@link #giveBack}. @return false if that cannot be done, or the tracee is gone */
    boolean take(int tid) {
        caller = Caller.UNKNOWN;
        String status = proc.status(tid);
        if (status.isEmpty()) {
            return false;
        }
        byte[] where = proc.link(tid, "/ns/user");
        Identity theirs = identity(status, namespace.length > 0 && Arrays.equals(namespace, where));
        caller = new Caller(theirs.user(), theirs.group(), where);
        if (theirs.isSame(own)) {
            return true;
        }
        if (theirs.groups().length > MAX_GROUPS || (theirs.effective() & ABOUT_FILES & ~permitted) != 0) {
            return false; // it can do more than we can
        }
        taken = true;
        return set(theirs, own.effective() & ~ABOUT_FILES | theirs.effective() & ABOUT_FILES);
    }

    /** Takes those of a user who is root of nothing on, until {@link #giveBack}. @return false if that cannot be done */
    boolean take(int user, int group, int[] groups) {
        taken = true;
        return set(new Identity(user, group, groups, 0), own.effective() & ~ABOUT_FILES);
    }

    /** Ours again. Does nothing if nothing was taken. */
    void giveBack() {
        if (!taken) {
            return;
        }
        taken = false;
        if (!set(own, own.effective())) {
            throw new IllegalStateException("the supervisor's own user cannot be taken back");
        }
        groupsTaken = false;
    }

    private boolean set(Identity identity, long effective) {
        if (groupsTaken || !Arrays.equals(identity.groups(), own.groups())) {
            groupsTaken = true;
            long list = NativeMemory.IO.allocateMemory(Math.max(1, 4L * identity.groups().length), false);
            for (int i = 0; i < identity.groups().length; i++) {
                NativeMemory.IO.putInt(list + 4L * i, identity.groups()[i]);
            }
            long rc = Libc.SYSCALL.call(SETGROUPS, identity.groups().length, list, 0, 0, 0);
            NativeMemory.IO.freeMemory(list);
            if (rc < 0) {
                groupsTaken = false;
                return false;
            }
        }
        Libc.SYSCALL.call(SETFSGID, identity.group(), 0, 0, 0, 0);
        Libc.SYSCALL.call(SETFSUID, identity.user(), 0, 0, 0, 0);
        // They tell no errors; an impossible number tells what is.
        return (int) Libc.SYSCALL.call(SETFSGID, 0xffffffffL, 0, 0, 0, 0) == identity.group()
                && (int) Libc.SYSCALL.call(SETFSUID, 0xffffffffL, 0, 0, 0, 0) == identity.user()
                && capset(effective);
    }

    private boolean capset(long effective) {
        NativeMemory.IO.putInt(memory, LINUX_CAPABILITY_VERSION_3);
        NativeMemory.IO.putInt(memory + 4, 0);
        for (int half = 0; half < 2; half++) {
            NativeMemory.IO.putInt(memory + 8 + 12L * half, (int) (effective >>> 32 * half));
            NativeMemory.IO.putInt(memory + 12 + 12L * half, (int) (permitted >>> 32 * half));
            NativeMemory.IO.putInt(memory + 16 + 12L * half, (int) (inheritable >>> 32 * half));
        }
        return Libc.SYSCALL.call(CAPSET, memory, memory + 8, 0, 0, 0) == 0;
    }

    /** Of /proc/PID/status; a namespace's capabilities are none over files that are not its own. proc(5). */
    private static Identity identity(String status, boolean ourNamespace) {
        String[] groups = Proc.field(status, "Groups").trim().split(" ");
        int[] numbers = new int[groups[0].isEmpty() ? 0 : groups.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Integer.parseUnsignedInt(groups[i]);
        }
        return new Identity(
                Integer.parseUnsignedInt(Proc.field(status, "Uid").split("\t")[3]),
                Integer.parseUnsignedInt(Proc.field(status, "Gid").split("\t")[3]),
                numbers,
                ourNamespace ? capabilities(status, "CapEff") : 0);
    }

    /** A set of /proc/PID/status, one bit for each; none of a process that died. */
    static long capabilities(String status, String name) {
        String set = Proc.field(status, name);
        return set.isEmpty() ? 0 : Long.parseUnsignedLong(set, 16);
    }
}
