package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;

/**
 * Allowed calls that wait, and that the kernel makes again behind a signal (signal(7) "SA_RESTART"): they stop and are judged once more, and are
 * one call to their caller. One that ends with EINTR, and is made again by its program, is another one. What is denied is told each time.
 */
final class Repeats {
    /** What was told of a task. */
    static final class Told {
        /** Of its last allowed call. */
        private Optional<Sockaddr> to = Optional.empty();
        /** A signal interrupted that call: the kernel may make it again. */
        boolean interrupted;
        private final SyscallStop call = new SyscallStop();
        private Optional<Sockaddr> callTo = Optional.empty();
    }

    private final Ptrace ptrace;
    private final SyscallStop exit = new SyscallStop();

    Repeats(Ptrace ptrace) {
        this.ptrace = ptrace;
    }

    /** At the exit-stop of a call that was told of. */
    void ended(Task task) {
        if (ptrace.syscallInfo(task.tid, exit) == 0 && exit.result() == Ptrace.ERESTARTSYS && ptrace.noteRestart(task.tid) == 0) {
            task.told.call.copy(task.call);
            task.told.callTo = task.told.to;
            task.told.interrupted = true;
        }
    }

    /**
     * At the seccomp-stop of an allowed call, which is to be told if this is no repeat: a handler may have made others since, or changed the address.
     */
    boolean isOne(Task task, Optional<Sockaddr> destination) {
        Told told = task.told;
        boolean same = told.interrupted && task.call.isSameCall(told.call) && destination.equals(told.callTo) && ptrace.isRestart(task.tid);
        told.interrupted &= !same;
        told.to = destination;
        return same;
    }
}
