package org.secfilt.kernel.jnr;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.Staying;

/** By kcmp(2) and pidfd_getfd(2). One thread only. */
final class JnrOwnTables implements OwnTables {
    private static final int NO_DESCRIPTOR = -1;
    /** Some less than a look of the kernel's: a process may open more before it is moved. */
    private static final int MANY_DESCRIPTORS = 500;
    /** So many times threads may begin and end while a process's are counted. */
    private static final int COUNTS = 50;
    /** So often a table is looked through while its threads do as they like, and so often in all. */
    private static final int LOOKS_BEFORE_HOLDING = 10;
    private static final int LOOKS = 60;
    private static final int PAUSE_MILLIS = 3;

    private final Proc proc = new Proc();
    private final JnrRuns runs = new JnrRuns();
    private final StayingSockets staying = new StayingSockets(proc);
    private final Patience patience;
    private final TraceeDescriptors descriptors;

    JnrOwnTables(Patience patience) {
        this.patience = patience;
        this.descriptors = new TraceeDescriptors(proc, patience);
    }

    @Override
    public List<Integer> threads(int pid) {
        List<Integer> before = Proc.numbers("/proc/" + pid + "/task");
        for (int count = 0; count < COUNTS; count++) {
            List<Integer> found = among(before, pid);
            List<Integer> after = Proc.numbers("/proc/" + pid + "/task");
            if (after.equals(before)) { // else one may have ended, and left what it had to one that had not begun
                return found;
            }
            before = after;
        }
        throw KernelException.inWords("its threads begin and end faster than they can be counted; stop it for that (kill -STOP " + pid + ")");
    }

    private List<Integer> among(List<Integer> threads, int pid) {
        List<Integer> found = new ArrayList<>();
        for (int tid : threads) {
            boolean known = tid == pid ? !hasMany(pid) : Pidfd.shareTable(tid, pid);
            for (int i = 0; i < found.size() && !known; i++) {
                known = Pidfd.shareTable(tid, found.get(i));
            }
            if (!known && runs.isAlive(tid)) {
                found.add(tid);
            }
        }
        return found;
    }

    private static boolean hasMany(int tid) {
        String[] descriptors = new File(ProcDirectory.path(tid + "/fd")).list();
        return descriptors != null && descriptors.length > MANY_DESCRIPTORS;
    }

    @Override
    public void check(int tid) {
        int pidfd = Pidfd.openThread(tid);
        if (pidfd == -Errno.EINVAL.number() && proc.tgid(tid) != tid) {
            throw new KernelException("pidfd_open(" + tid + ", PIDFD_THREAD)", Errno.EINVAL.number(), "that takes Linux 6.9");
        }
        if (pidfd >= 0) {
            Libc.CLOSE.call(pidfd);
        }
        must(tid, Pidfd.copy(proc, tid, NO_DESCRIPTOR)); // leave is asked first
    }

    @Override
    public void takeSockets(Set<Integer> pids, int tid) {
        TableUsers users = new TableUsers(proc, patience, pids, tid);
        try {
            for (int look = 0; look < LOOKS; look++) {
                if (look >= LOOKS_BEFORE_HOLDING) {
                    users.hold();
                }
                users.note();
                takeSockets(tid);
                if (users.wereStill()) {
                    return;
                }
                pause();
            }
        } finally {
            users.letGo();
        }
        int pid = proc.tgid(tid);
        throw KernelException.inWords("thread " + tid + " never stands still, and cannot be stopped from here, as somebody traces it; go on: kill"
                + " -STOP " + pid + ", move it back, and again, kill -CONT " + pid);
    }

    private void takeSockets(int tid) {
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

    @Override
    public List<Staying> staying(int pid, boolean each) {
        return staying.of(pid, each);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** But for a descriptor that is closed, or a thread that has ended. */
    private static void must(int tid, int answer) {
        if (answer != -Errno.EBADF.number() && answer != -Errno.ESRCH.number()) {
            Libc.must("pidfd_getfd(" + tid + ")", answer);
        }
    }
}
