package org.secfilt.tracer;

import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;

/**
 * Judges the calls by which a process could take limits, processors or time from the supervisor. Their arguments are registers. (A process
 * in another PID namespace has other numbers: one of its own that happens to be the supervisor's number is refused too.)
 */
final class SupervisorGuard {
    // linux/resource.h PRIO_PROCESS, PRIO_PGRP, PRIO_USER; linux/ioprio.h IOPRIO_WHO_PROCESS, and so on
    private static final int PRIO_PROCESS = 0;
    private static final int IOPRIO_WHO_PROCESS = 1;

    private final Tracees tracees;

    SupervisorGuard(Tracees tracees) {
        this.tracees = tracees;
    }

    boolean concerns(TracedCall call, SyscallStop stop) {
        if (call != TracedCall.SETPRIORITY && call != TracedCall.IOPRIO_SET) {
            return isOurs((int) stop.argument(0));
        }
        // Counted from 1 by the one, from 0 by the other.
        int kind = (int) stop.argument(0) - (call == TracedCall.IOPRIO_SET ? IOPRIO_WHO_PROCESS : PRIO_PROCESS);
        return switch (kind) {
            case 0 -> isOurs((int) stop.argument(1));
            case 1 -> (int) stop.argument(1) == tracees.supervisor(); // it leads a session of its own, and so a group
            case 2 -> true; // all processes of a user, us too as a rule
            default -> false; // the kernel knows no other
        };
    }

    /** Limits are the process's, the rest is each thread's. */
    private boolean isOurs(int tid) {
        return tid > 0 && tracees.tgid(tid) == tracees.supervisor();
    }
}
