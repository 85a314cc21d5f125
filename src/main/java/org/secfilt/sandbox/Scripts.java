package org.secfilt.sandbox;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.OpenHow;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Program;
import org.secfilt.kernel.NamedFile;
import org.secfilt.landlock.Ruleset;
import org.secfilt.launch.Launch;
import org.secfilt.launch.LaunchScript;
import org.secfilt.launch.Operand;
import org.secfilt.plan.Capability;
import org.secfilt.plan.Plan;

/** The launch scripts of a run: what the stub does to itself before it becomes the command. */
final class Scripts {
    // linux/seccomp.h
    private static final int SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;
    private static final int SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32;
    // linux/capability.h
    private static final long CAP_SETPCAP = 1 << 8;
    private static final long CAP_SYS_ADMIN = 1 << 21;
    // linux/landlock.h, fcntl.h
    private static final int LANDLOCK_RULE_PATH_BENEATH = 1;
    private static final int AT_FDCWD = -100;
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000;

    private static final long CLONE_NEWNS = 0x20000; // linux/sched.h
    // linux/mount.h
    private static final int MS_REC_PRIVATE = 1 << 14 | 1 << 18;
    private static final int MS_REMOUNT_READ_ONLY = 32 | 4096 | 1 | 2 | 4 | 8; // of a bind, nosuid, nodev and noexec too

    private final Plan plan;
    private final Command command;
    private final ByteString file;
    private final boolean yama;
    /** The stub's permitted set, one bit a capability. */
    private final long capabilities;
    private final long inheritable;
    private final Descriptors descriptors;
    private final Enclosure enclosure;
    private final List<NamedFile> writable;
    private final boolean entered;

    /**
     * @param writable where files may be written, if the plan restricts that
     * @param entered whether the stub is in its enclosure already
     */
    Scripts(
            Plan plan, Command command, ByteString file, boolean yama, long capabilities, long inheritable, Descriptors descriptors,
            Enclosure enclosure, List<NamedFile> writable, boolean entered) {
        this.plan = plan;
        this.command = command;
        this.file = file;
        this.yama = yama;
        this.capabilities = capabilities;
        this.inheritable = inheritable;
        this.descriptors = descriptors;
        this.enclosure = enclosure;
        this.writable = List.copyOf(writable);
        this.entered = entered;
    }

    /** Nothing is restricted, but for what {@link Plan#guardsOutside} says. */
    LaunchScript plain(Program filter) {
        Launch launch = launch();
        if (!entered) {
            enclosure.enter(launch);
        }
        close(launch);
        if (plan.guardsOutside()) {
            // In a user namespace of its own the stub has CAP_SYS_ADMIN too. Else what has rights by its file (sudo) could not go on having them.
            if ((capabilities & CAP_SYS_ADMIN) == 0 && !plan.surroundings().ownsNetwork() && !plan.ownsMounts()) {
                launch.noNewPrivileges();
            }
            launch.filter(filter.encode(ByteOrder.nativeOrder()), 0);
        }
        enclosure.becomeUser(launch);
        return launch.execute(file, command.first());
    }

    /** The stub is under its filter already and gets the file that the kernel would not execute. */
    LaunchScript byShell() {
        Launch launch = new Launch(plan.arch().syscalls());
        enclosure.setEnvironment(launch, command.environment());
        return launch.executeByShell(file, command.arguments());
    }

    /** What the command's keeper is to have too; {@link #filtered} follows. */
    LaunchScript confined() {
        Launch launch = new Launch(plan.arch().syscalls());
        confine(launch);
        return launch.script();
    }

    /** @param socket to the keeper, in the stub */
    LaunchScript filtered(Program filter, boolean notifies, int socket) {
        return filtered(launch().close(socket), filter, notifies);
    }

    /** @param notifies whether the filter has the supervisor notified of calls: no signal may have one made again that is being answered */
    LaunchScript restricted(Program filter, boolean notifies) {
        Launch launch = launch();
        confine(launch);
        return filtered(launch, filter, notifies);
    }

    private void confine(Launch launch) {
        if (!entered) {
            enclosure.enter(launch);
        }
        close(launch);
        dropCapabilities(launch);
        enclosure.becomeUser(launch);
        launch.noNewPrivileges();
        if (plan.landlock().isPresent()) {
            enter(launch, Ruleset.of(plan.landlock().get(), writable));
        }
    }

    private LaunchScript filtered(Launch launch, Program filter, boolean notifies) {
        if (!plan.traced()) {
            return launch.filter(filter.encode(ByteOrder.nativeOrder()), 0).execute(file, command.first());
        }
        launch.filter(filter.encode(ByteOrder.nativeOrder()),
                SECCOMP_FILTER_FLAG_NEW_LISTENER | (notifies ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0));
        // The filter sends this to the tracer, for the vault's sake: the stop at which it takes the listener, and the proof that filter and
        // tracer work.
        launch.call("munmap(vault)", "munmap",
                value(plan.vault().address()), value(plan.vault().lengthBytes()));
        return launch.execute(file, command.first());
    }

    private void close(Launch launch) {
        for (int fd : descriptors.closed()) {
            launch.close(fd);
        }
    }

    private Launch launch() {
        Launch launch = new Launch(plan.arch().syscalls());
        if (yama) {
            launch.forgetPtracer();
        }
        enclosure.setEnvironment(launch, command.environment());
        return launch;
    }

    /** Mounts of its own, which get nothing of what is mounted outside later, and lose one only when its mount point is removed. */
    static LaunchScript separateMounts(SyscallTable numbers) {
        Launch launch = new Launch(numbers);
        launch.call("unshare(CLONE_NEWNS)", "unshare", value(CLONE_NEWNS));
        launch.call("mount(/, MS_PRIVATE)", "mount", value(0), launch.data(new byte[] {'/', 0}), value(0), value(MS_REC_PRIVATE));
        return launch.script();
    }

    /** Some among {@link #separateMounts} become read-only. */
    static LaunchScript readOnly(SyscallTable numbers, List<byte[]> points) {
        Launch launch = new Launch(numbers);
        for (byte[] point : points) {
            launch.call("mount(" + ByteString.of(point) + ", MS_RDONLY)", "mount", value(0),
                    launch.data(Arrays.copyOf(point, point.length + 1)), value(0), value(MS_REMOUNT_READ_ONLY));
        }
        return launch.script();
    }

    /** No execve(2) brings them back under no_new_privs; the bounding set is for processes that look at it, and needs CAP_SETPCAP. */
    private void dropCapabilities(Launch launch) {
        if (plan.droppedCapabilities().isEmpty()) {
            return;
        }
        long kept = capabilities;
        for (Capability capability : plan.droppedCapabilities()) {
            long bit = 1L << capability.number();
            if ((capabilities & bit) != 0 && (capabilities & CAP_SETPCAP) != 0) {
                launch.dropFromBoundingSet(capability.number());
            }
            kept &= ~bit;
        }
        launch.setCapabilities(kept, kept, inheritable & kept); // what is not in both is not ambient either
    }

    /**
     * landlock(7): a domain, and its rules. A rule's descriptor stands in memory, not in a register: it is the second number that is
     * free, the ruleset takes the first. The paths have no links, and must have none by now: somebody else may have made one since.
     */
    private void enter(Launch launch, Ruleset rules) {
        byte[] attribute = rules.attribute();
        Operand ruleset = launch.call("landlock_create_ruleset", "landlock_create_ruleset",
                launch.data(attribute), value(attribute.length), value(0));
        Operand how = launch.data(bytes(OpenHow.BYTES)
                .putLong(OpenHow.FLAGS, O_PATH_CLOEXEC).putLong(OpenHow.RESOLVE, OpenHow.RESOLVE_NO_SYMLINKS).array());
        for (Ruleset.Rule rule : rules.rules()) {
            String name = "(" + rule.path() + ")";
            Operand file = launch.call("open" + name, "openat2",
                    value(AT_FDCWD), launch.data(terminated(rule.path())), how, value(OpenHow.BYTES));
            launch.call("landlock_add_rule" + name, "landlock_add_rule",
                    ruleset, value(LANDLOCK_RULE_PATH_BENEATH), launch.data(rule.encode(descriptors.free(1))), value(0));
            launch.call("close" + name, "close", file);
        }
        launch.call("landlock_restrict_self", "landlock_restrict_self", ruleset, value(0));
        launch.call("close(ruleset)", "close", ruleset);
    }

    private static byte[] terminated(ByteString path) {
        return Arrays.copyOf(path.toBytes(), path.length() + 1);
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    }

    private static Operand value(long value) {
        return new Operand.Immediate(value);
    }
}
