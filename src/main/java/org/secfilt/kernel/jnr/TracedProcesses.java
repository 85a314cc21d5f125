package org.secfilt.kernel.jnr;

import java.io.File;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.secfilt.abi.Arch;

/** The processes that this one traces, those too that its tracer has not heard of yet. By /proc, anew each time: nothing is known of numbers. */
final class TracedProcesses {
    private static final int SIGKILL = 9;

    private final Proc proc = new Proc();

    /** Whether there are any but this one. */
    boolean areThereBesides(int known) {
        for (int pid : numbers()) {
            if (pid != known && isOurs(pid)) {
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
            for (int pid : numbers()) {
                if (isOurs(pid) && killed.add(pid)) {
                    Libc.SYSCALL.call(Arch.X86_64.syscalls().nr("kill"), pid, SIGKILL, 0, 0, 0);
                    more = true;
                }
            }
        }
    }

    private boolean isOurs(int pid) {
        int tracer = proc.tracer(pid);
        return tracer != 0 && proc.tgid(tracer) == OwnProcess.PID;
    }

    private static int[] numbers() {
        String[] names = new File("/proc").list();
        int[] numbers = new int[names == null ? 0 : names.length];
        int count = 0;
        for (int i = 0; i < numbers.length; i++) {
            if (names[i].charAt(0) >= '0' && names[i].charAt(0) <= '9') {
                numbers[count++] = Integer.parseInt(names[i]);
            }
        }
        return Arrays.copyOf(numbers, count);
    }
}
