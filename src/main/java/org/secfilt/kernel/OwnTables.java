package org.secfilt.kernel;

import java.util.List;
import java.util.Set;

/**
 * Tables of descriptors that a process's first thread does not have: of threads that parted from it (unshare(2) CLONE_FILES), or all, once
 * it has ended. A move of the process by net_cls changes the class of what the first thread has open, of nothing else.
 * // net/core/netclassid_cgroup.c cgrp_attach()
 */
public interface OwnTables {
    /**
     * A thread that is alive for each of them. Whose table cannot be told has its own.
     *
     * @throws KernelException if threads begin and end too fast for that
     */
    List<Integer> threads(int pid);

    /** @throws KernelException if this process cannot get hold of what the thread has open: before Linux 6.9, or where it may not */
    void check(int tid);

    /**
     * Gets hold of each socket that the thread has open, for a moment: it takes on the class that this process is in. One that has ended has
     * none. Threads that have the same table are stopped for it where they do not stand still by themselves, so that no socket is passed over.
     *
     * @param pids the processes whose threads those are
     * @throws KernelException if that cannot be
     */
    void takeSockets(Set<Integer> pids, int tid);
}
