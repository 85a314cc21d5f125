package org.secfilt.kernel;

import java.util.List;
import java.util.OptionalInt;

/** The runs of secfilt on this host, as far as /proc tells of them: who supervises whom. proc(5) "/proc/pid/status". */
public interface Runs {
    /** Whether there is such a process, one thread of it being alive. */
    boolean has(int pid);

    /** Whether it is a thread of the kernel's own. */
    boolean isOfKernel(int pid);

    /** The process that a thread is of: {@code TracerPid} for one names a thread. */
    int process(int tid);

    /** The supervisor of a process that runs under secfilt; empty without, or where another program traces it. */
    OptionalInt supervisor(int pid);

    /** Whether the process is a supervisor itself. */
    boolean isSupervisor(int pid);

    /** All that a supervisor traces but its keeper, each process once, and none that has ended. */
    List<Integer> processes(int supervisor);

    /** Its keeper, or what has that one's name: which holds no sockets, and may be wherever the supervisor is. */
    List<Integer> keepers(int supervisor);

    /** Both, in one look: who changes its name between two is in neither of them. */
    List<Integer> all(int supervisor);

    /** The threads of a process that are alive. */
    List<Integer> threads(int pid);
}
