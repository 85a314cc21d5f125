package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.OwnTables;

/** By kcmp(2) and pidfd_getfd(2). One thread only. */
final class JnrOwnTables implements OwnTables {
    private static final int NO_DESCRIPTOR = -1;

    private final Proc proc = new Proc();
    private final JnrRuns runs = new JnrRuns();
    private final TraceeDescriptors descriptors;

    JnrOwnTables(Patience patience) {
        this.descriptors = new TraceeDescriptors(proc, patience);
    }

    @Override
    public List<Integer> threads(int pid) {
        List<Integer> found = new ArrayList<>();
        for (int tid : runs.threads(pid)) {
            boolean known = tid == pid || Pidfd.shareTable(tid, pid);
            for (int other : found) {
                known = known || Pidfd.shareTable(tid, other);
            }
            if (!known) {
                found.add(tid);
            }
        }
        return found;
    }

    @Override
    public void check(int tid) {
        int pidfd = Pidfd.openThread(tid);
        if (pidfd == -Errno.EINVAL.number()) {
            throw new KernelException("pidfd_open(" + tid + ", PIDFD_THREAD)", Errno.EINVAL.number(), "that takes Linux 6.9");
        }
        if (pidfd >= 0) {
            int none = Pidfd.get(pidfd, NO_DESCRIPTOR); // leave is asked first
            Libc.CLOSE.call(pidfd);
            must(tid, none);
        }
    }

    @Override
    public void takeSockets(int tid) {
        for (int fd : Proc.numbers("/proc/" + tid + "/fd")) {
            if (descriptors.isSocket(tid, fd)) {
                int copy = descriptors.copy(tid, fd);
                if (copy >= 0) {
                    descriptors.close(copy);
                } else {
                    must(tid, copy);
                }
            }
        }
    }

    /** But for a descriptor that is closed, or a thread that has ended. */
    private static void must(int tid, int answer) {
        if (answer != -Errno.EBADF.number() && answer != -Errno.ESRCH.number()) {
            Libc.must("pidfd_getfd(" + tid + ")", answer);
        }
    }
}
