package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.secfilt.kernel.Runs;

/** Runs by /proc, which is looked through anew each time. One thread only. */
final class JnrRuns implements Runs {
    /** native-stubs/supervisor.c MAIN_CLASS */
    private static final String MAIN_CLASS = "\0org.secfilt.cli.Main\0";
    /** native-stubs/keeper.c NAME: more than the kernel keeps is cut off. */
    private static final String KEEPER = "secfilt-keeper\n";

    private static final int PF_KTHREAD = 0x00200000; // linux/sched.h

    private final Proc proc = new Proc();

    @Override
    public boolean has(int pid) {
        return !threads(pid).isEmpty();
    }

    @Override
    public boolean isOfKernel(int pid) {
        long flags = proc.flags(pid);
        return flags >= 0 && (flags & PF_KTHREAD) != 0;
    }

    @Override
    public int process(int tid) {
        return proc.tgid(tid);
    }

    @Override
    public OptionalInt supervisor(int pid) {
        int tracer = proc.tracer(pid);
        return tracer > 0 && isSupervisor(tracer) ? OptionalInt.of(proc.tgid(tracer)) : OptionalInt.empty();
    }

    @Override
    public boolean isSupervisor(int pid) {
        return proc.read(pid, "/cmdline").contains(MAIN_CLASS);
    }

    @Override
    public List<Integer> processes(int supervisor) {
        return traced(supervisor, true, false);
    }

    @Override
    public List<Integer> keepers(int supervisor) {
        return traced(supervisor, false, true);
    }

    @Override
    public List<Integer> all(int supervisor) {
        return traced(supervisor, true, true);
    }

    private List<Integer> traced(int supervisor, boolean processes, boolean keepers) {
        List<Integer> found = new ArrayList<>();
        for (int pid : Proc.numbers("/proc")) {
            int tracer = proc.tracer(pid);
            if (tracer != 0 && proc.tgid(tracer) == supervisor && (proc.read(pid, "/comm").equals(KEEPER) ? keepers : processes) && has(pid)) {
                found.add(pid);
            }
        }
        return found;
    }

    @Override
    public List<Integer> threads(int pid) {
        List<Integer> alive = new ArrayList<>();
        for (int tid : Proc.numbers("/proc/" + pid + "/task")) {
            if (isAlive(tid)) {
                alive.add(tid);
            }
        }
        return alive;
    }

    boolean isAlive(int tid) {
        String stat = proc.read(tid, "/stat");
        int state = stat.lastIndexOf(") ") + 2; // the name before may be anything
        return state > 1 && state < stat.length() && stat.charAt(state) != 'Z' && stat.charAt(state) != 'X';
    }
}
