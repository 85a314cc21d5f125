package org.secfilt.tracer;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/** The calls that a plan's filter sends to the supervisor, by their numbers. Not changed once made: for any thread. */
final class Calls {
    private final int audit;
    private final Map<Integer, TracedCall> traced = new HashMap<>();
    private final Map<Integer, TracedCall> notified = new HashMap<>();
    private final Map<Integer, FileCall> files = new HashMap<>();

    /** @param notifies whether the filter has the supervisor notified of some before they stop */
    Calls(Plan plan, boolean notifies) {
        audit = plan.arch().audit();
        for (TracedCall call : TracedCall.values()) {
            OptionalInt nr = plan.traces(call) ? plan.arch().syscalls().find(call.syscall()) : OptionalInt.empty();
            if (nr.isPresent()) {
                traced.put(nr.getAsInt(), call);
                if (notifies && call.notifies()) {
                    notified.put(nr.getAsInt(), call);
                }
            }
        }
        for (FileCall call : FileCall.values()) {
            OptionalInt nr = plan.traces(call) ? plan.arch().syscalls().find(call.syscall()) : OptionalInt.empty();
            if (nr.isPresent()) {
                files.put(nr.getAsInt(), call);
            }
        }
    }

    /** The call that stopped, or is about to run; null if it is none of these, or of another architecture. */
    TracedCall traced(SyscallStop stop) {
        return stop.audit() == audit ? traced.get((int) stop.number()) : null;
    }

    /** Likewise of a call that was notified of. */
    TracedCall notified(SyscallStop stop) {
        return stop.audit() == audit ? notified.get((int) stop.number()) : null;
    }

    /** Likewise of one that changes a file. */
    FileCall file(SyscallStop stop) {
        return stop.audit() == audit ? files.get((int) stop.number()) : null;
    }

    boolean notifies() {
        return !notified.isEmpty();
    }
}
