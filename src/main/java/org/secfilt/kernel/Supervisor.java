package org.secfilt.kernel;

import java.util.Optional;

/** What the supervisor asks and does of its own process, and by that of all that it supervises. */
public interface Supervisor {
    /** A call of the supervisor's own that is refused here, and how, as {@code waitid: EPERM (Operation not permitted)}; empty if none is. */
    Optional<String> refusedCall();

    /**
     * prctl(PR_SET_DUMPABLE, 0): no process of this user may read or trace the supervisor. And what it reads in /proc no other can mount anything
     * over from now on. Tracer thread.
     */
    void hide();

    /** Whether this process traces any other than that one. proc_pid_status(5) "TracerPid" */
    boolean tracesBesides(int pid);

    /** SIGKILL to all of this process namespace but process 1 and this one. kill(2) */
    void killAll();

    /** SIGKILL to this process, and so by PTRACE_O_EXITKILL to all that it supervises. By any thread. */
    void die();
}
