package org.secfilt.kernel.jnr;

import java.util.HashSet;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.KernelRelease;

/**
 * The processes that this one traces, those too that its tracer has not heard of yet. By /proc, anew each time: nothing is known of
 * numbers. The thread that traces them, where no other is named.
 */
final class TracedProcesses {
    private static final int SIGKILL = 9;
    // linux/ptrace.h
    private static final int PTRACE_KILL = 8;
    private static final int PTRACE_INTERRUPT = 0x4207;

    private final int kill = Arch.X86_64.syscalls().nr("kill");
    private final Proc proc = new Proc();

    /** Whether there are any but this one. */
    boolean areThereBesides(int known) {
        for (int pid : Proc.numbers("/proc")) {
            if (pid != known && proc.isOurs(pid)) {
                return true;
            }
        }
        return false;
    }

    /** And those that they make meanwhile: a fork under way when its process is killed comes to nothing. Any thread, as far as it may signal them. */
    void kill() {
        Set<Integer> killed = new HashSet<>();
        for (boolean more = true; more; ) {
            more = false;
            for (int pid : Proc.numbers("/proc")) {
                if (proc.isOurs(pid) && killed.add(pid)) {
                    if (Libc.SYSCALL.call(kill, pid, SIGKILL, 0, 0, 0) < 0) {
                        killThreads(pid);
                    }
                    more = true;
                }
            }
        }
    }

    /**
     * Root without CAP_KILL signals no other user's. Who traces needs no right; but before Linux 5.19 it can in some stops alone
     * ({@link org.secfilt.kernel.Ptrace#killInStop}), and PTRACE_KILL would have a call run that stands in its seccomp-stop.
     */
    private static void killThreads(int pid) {
        boolean kills = KernelRelease.parse(System.getProperty("os.version")).isAtLeast(5, 19); // uname(2)
        for (int thread : Proc.numbers("/proc/" + pid + "/task")) {
            if (kills) {
                Libc.PTRACE.call(PTRACE_KILL, thread, 0, 0);
            }
            Libc.PTRACE.call(PTRACE_INTERRUPT, thread, 0, 0);
        }
    }
}
