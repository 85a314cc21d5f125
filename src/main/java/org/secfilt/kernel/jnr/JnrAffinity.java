package org.secfilt.kernel.jnr;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.Affinity;

/**
 * The calling thread's processors, as a bit mask of up to 1024 of them, and its policy, which is SCHED_OTHER or SCHED_IDLE.
 *
 * <p>The scheduler takes a processor on which only SCHED_IDLE threads run for an idle one, and so wakes a tracee on it, where it would
 * look for another that is idle; being woken there takes five times as long. // kernel/sched/fair.c select_idle_sibling()
 *
 * <p>Among the threads of its scheduling group a SCHED_IDLE thread comes last, and would starve beside busy ones. So this is done only
 * where the supervisor, which has a session of its own, is thereby in a group of its own, and its share is that of any group: sched(7)
 * "The autogroup feature". The way back to SCHED_OTHER needs CAP_SYS_NICE.
 */
final class JnrAffinity implements Affinity {
    private static final int MASK_BYTES = 128;
    // linux/sched.h
    private static final int SCHED_OTHER = 0;
    private static final int SCHED_IDLE = 5;
    private static final int PRIO_PROCESS = 0; // sys/resource.h
    private static final int GETPRIORITY = Arch.X86_64.syscalls().nr("getpriority");

    private final long original = NativeMemory.allocate(MASK_BYTES);
    private final long one = NativeMemory.allocate(MASK_BYTES);
    private final long priority = NativeMemory.allocate(Integer.BYTES); // struct sched_param, 0
    private final Proc proc;
    private final Patience patience;
    private boolean known;
    private int processors;
    private Optional<Yielding> yielding = Optional.empty();

    /** @param patience of the calling thread */
    JnrAffinity(Proc proc, Patience patience) {
        this.proc = proc;
        this.patience = patience;
    }

    @Override
    public void pin(int processor) {
        if (processor < 0 || processor >= 8 * MASK_BYTES) {
            return;
        }
        if (!known) {
            if (Libc.SCHED_GETAFFINITY.call(0, MASK_BYTES, original) < 0) {
                return;
            }
            known = true;
            patience.prepare();
            for (int at = 0; at < MASK_BYTES; at += Long.BYTES) {
                processors += Long.bitCount(NativeMemory.IO.getLong(original + at));
            }
        }
        NativeMemory.IO.setMemory(one, MASK_BYTES, (byte) 0);
        NativeMemory.IO.putByte(one + processor / 8, (byte) (1 << processor % 8));
        Libc.SCHED_SETAFFINITY.call(0, MASK_BYTES, one);
    }

    @Override
    public void release() {
        if (known) {
            Libc.SCHED_SETAFFINITY.call(0, MASK_BYTES, original);
        }
    }

    @Override
    public Yielding yielding() {
        if (yielding.isEmpty()) {
            yielding = Optional.of(findYielding());
        }
        return yielding.get();
    }

    private Yielding findYielding() {
        if (Libc.SCHED_GETSCHEDULER.call(0) != SCHED_OTHER || !hasGroupOfItsOwn()) {
            return Yielding.NEVER;
        }
        return mayBeNicer() ? Yielding.AT_WILL : Yielding.FOR_GOOD;
    }

    /** Whoever may lower the nice value may also leave SCHED_IDLE; its value is put back. */
    private static boolean mayBeNicer() {
        long nice = 20 - Libc.SYSCALL.call(GETPRIORITY, PRIO_PROCESS, 0, 0, 0, 0); // the bare call answers 20 - nice
        if (Libc.SETPRIORITY.call(PRIO_PROCESS, 0, nice - 1) < 0) {
            return false;
        }
        Libc.SETPRIORITY.call(PRIO_PROCESS, 0, nice);
        return true;
    }

    /** proc(5) "loadavg": the fourth field is the number of threads that run or could, a slash, and that of all. */
    @Override
    public boolean idleProcessor() {
        String load = proc.read("loadavg");
        int slash = load.indexOf('/');
        int from = load.lastIndexOf(' ', slash) + 1;
        return slash > 0 && Integer.parseInt(load.substring(from, slash)) < processors;
    }

    @Override
    public void giveWay(boolean toAnyone) {
        Libc.SCHED_SETSCHEDULER.call(0, toAnyone ? SCHED_IDLE : SCHED_OTHER, priority);
    }

    /** An autogroup takes effect where no cgroup of ours has the cpu controller: then all sessions are in the root group. */
    private boolean hasGroupOfItsOwn() {
        String cgroups = proc.read("self/cgroup");
        if (!proc.read("sys/kernel/sched_autogroup_enabled").startsWith("1") || cgroups.isEmpty()) {
            return false; // no such kernel, or no /proc to see it by
        }
        Optional<String[]> unified = Proc.cgroup(cgroups, Proc.UNIFIED);
        Optional<String[]> own = Proc.cgroup(cgroups, "cpu");
        return (unified.isEmpty() || !hasController(unified.get()[2])) && (own.isEmpty() || own.get()[2].equals("/"));
    }

    /** Of a cgroup of the unified hierarchy or one above it; also where it cannot be seen. cgroups(7) */
    private static boolean hasController(String path) {
        Path root = Path.of("/sys/fs/cgroup");
        for (Path at = Path.of(path); at.getParent() != null; at = at.getParent()) {
            Path directory = root.resolve(Path.of("/").relativize(at));
            if (!Files.isDirectory(directory) || Files.exists(directory.resolve("cpu.weight"))) {
                return true;
            }
        }
        return false;
    }
}
