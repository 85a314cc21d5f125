package org.secfilt.kernel.jnr;

import java.util.HashSet;
import java.util.Set;
import org.secfilt.abi.Arch;

/** The processes that this one traces, those too that its tracer has not heard of yet. By /proc, anew each time: nothing is known of numbers. */
final class TracedProcesses {
    private static final int SIGKILL = 9;

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

    /** And those that they make meanwhile: a fork under way when its process is killed comes to nothing. */
    void kill() {
        Set<Integer> killed = new HashSet<>();
        for (boolean more = true; more; ) {
            more = false;
            for (int pid : Proc.numbers("/proc")) {
                if (proc.isOurs(pid) && killed.add(pid)) {
                    Libc.SYSCALL.call(Arch.X86_64.syscalls().nr("kill"), pid, SIGKILL, 0, 0, 0);
                    more = true;
                }
            }
        }
    }
}
