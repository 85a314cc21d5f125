package org.secfilt.tracer;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/** The calls that a plan's filter sends to the supervisor, by their numbers. Not changed once made: for any thread. */
final class Calls {
    // asm/unistd_32.h, of i386 and of arm: exit, and exit_group of each
    private static final Set<Integer> I386_EXITS = Set.of(1, 252);
    private static final Set<Integer> ARM_EXITS = Set.of(1, 248);

    private final Arch arch;
    private final int audit;
    private final Map<Integer, TracedCall> traced = new HashMap<>();
    private final Map<Integer, TracedCall> notified = new HashMap<>();
    private final Map<Integer, FileCall> files = new HashMap<>();

    /** @param notifies whether the filter has the supervisor notified of some before they stop */
    Calls(Plan plan, boolean notifies) {
        arch = plan.arch();
        audit = arch.audit();
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

    /**
     * By which entry of the machine that is not the plan's the call comes: {@code i386}, {@code x32} or {@code arm}. Its number then is
     * none of these here.
     */
    Optional<String> foreign(SyscallStop stop) {
        if (stop.audit() != audit) {
            return Optional.of(arch == Arch.X86_64 ? "i386" : "arm");
        }
        return arch == Arch.X86_64 && (int) stop.number() >= Arch.X32_SYSCALL_BIT ? Optional.of("x32") : Optional.empty();
    }

    /** Whether this foreign call ends its thread, or its process. */
    boolean isForeignExit(SyscallStop stop) {
        int nr = (int) stop.number();
        if (stop.audit() == audit) {
            int own = nr - Arch.X32_SYSCALL_BIT;
            return own == arch.syscalls().nr("exit") || own == arch.syscalls().nr("exit_group");
        }
        return (arch == Arch.X86_64 ? I386_EXITS : ARM_EXITS).contains(nr);
    }
}
