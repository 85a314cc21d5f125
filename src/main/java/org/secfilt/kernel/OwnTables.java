package org.secfilt.kernel;

import java.util.List;
import java.util.Set;

/**
 * Tables of descriptors whose sockets do not all change their class where the process is moved by net_cls.
 *
 * <p>It changes that of what the process's first thread has open, of nothing else: so they are those of threads that parted from it (unshare(2)
 * CLONE_FILES), or all, once it has ended. And it looks through a thousand descriptors at a time, between which one may move to a number that has
 * been looked at: so they are the first thread's, too, if it has that many. // net/core/netclassid_cgroup.c cgrp_attach(), UPDATE_CLASSID_BATCH
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

    /**
     * What does not change its class, be the process moved and all that it has open brought. As far as it can be seen.
     *
     * @param each whether all descriptors that stand for the same are told, and not the first alone
     */
    List<Staying> staying(int pid, boolean each);
}
