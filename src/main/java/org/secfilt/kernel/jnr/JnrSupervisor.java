package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.Supervisor;

/** The supervisor's own process, by the C library and /proc. */
final class JnrSupervisor implements Supervisor {
    private static final int SIGKILL = 9;
    private static final int PR_SET_DUMPABLE = 4; // linux/prctl.h

    private final Patience patience;

    /** @param patience of the thread that is to trace */
    JnrSupervisor(Patience patience) {
        this.patience = patience;
    }

    @Override
    public Optional<String> refusedCall() {
        return OwnCalls.refused();
    }

    @Override
    public void hide() {
        patience.prepare(); // before the command can take the last process that its user may have
        ProcDirectory.keep();
        Libc.must("prctl(PR_SET_DUMPABLE)", Libc.PRCTL.call(PR_SET_DUMPABLE, 0, 0, 0, 0));
    }

    @Override
    public boolean tracesBesides(int pid) {
        return new TracedProcesses().areThereBesides(pid);
    }

    @Override
    public void killAll() {
        kill(-1);
    }

    /** Who is traced first: of a process that ends the leases go before the tracees, and who waits for one of those would have a moment. */
    @Override
    public void die() {
        new TracedProcesses().kill();
        kill(OwnProcess.PID);
    }

    private static void kill(int pid) {
        Libc.SYSCALL.call(Arch.X86_64.syscalls().nr("kill"), pid, SIGKILL, 0, 0, 0);
    }
}
