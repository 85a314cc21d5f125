package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.FileOwner;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.TraceeNumbers.Whose;

/** By /proc, anew each time: nothing is known of numbers. */
final class JnrSignalTargets implements SignalTargets {
    private static final int INIT = 1;
    /** O_EXCL, in the flags of a pidfd: of a thread. pidfd_open(2) */
    private static final int PIDFD_THREAD = 0200;

    private final Proc proc;
    private final TraceeDescriptors descriptors;
    private final long owner = NativeMemory.allocate(FileOwner.BYTES);
    /** The thread of ours that traces, once it is known. */
    private int tracer;

    JnrSignalTargets(Proc proc, TraceeDescriptors descriptors) {
        this.proc = proc;
        this.descriptors = descriptors;
    }

    @Override
    public Whose one(int caller, int number, int keeper) {
        PidNamespace view = new PidNamespace(proc, caller);
        int here = view.find(number);
        String status = here == NONE ? "" : proc.status(here);
        if (status.isEmpty()) {
            return view.isGone() ? Whose.OTHERS : Whose.NOBODYS;
        }
        return isOutside(status, keeper) ? Whose.OTHERS : Whose.OURS;
    }

    @Override
    public Group group(int caller, int number, int keeper) {
        PidNamespace view = new PidNamespace(proc, caller);
        if (number != NONE) {
            return collect(view, number, keeper, new OfNumber(view, number));
        }
        int own = view.number(caller, view.status(), "NSpgid");
        return collect(view, own, keeper, new SameGroup(first(view.status(), "NSpgid")));
    }

    @Override
    public Group all(int caller, int keeper) {
        PidNamespace view = new PidNamespace(proc, caller);
        return collect(view, NONE, keeper, new Everybody(view, tgid(view.status())));
    }

    /** Whom a signal is for; of processes. */
    private interface Members {
        boolean has(int pid, String status);

        /** Whether some of them cannot be seen from here. */
        default boolean hidden() {
            return false;
        }
    }

    private record OfNumber(PidNamespace view, int number) implements Members {
        @Override
        public boolean has(int pid, String status) {
            return view.number(pid, status, "NSpgid") == number;
        }
    }

    /** @param group as the supervisor calls it; 0 for one from outside of its namespace, where other members may be */
    private record SameGroup(int group) implements Members {
        @Override
        public boolean has(int pid, String status) {
            return first(status, "NSpgid") == group;
        }

        @Override
        public boolean hidden() {
            return group == NONE;
        }
    }

    private record Everybody(PidNamespace view, int own) implements Members {
        @Override
        public boolean has(int pid, String status) {
            return tgid(status) != own && view.number(pid, status, "NSpid") > INIT;
        }
    }

    private Group collect(PidNamespace view, int number, int keeper, Members members) {
        int own = tgid(view.status());
        int self = NONE;
        boolean outside = view.isGone() || members.hidden();
        boolean empty = true;
        List<Integer> inside = new ArrayList<>();
        for (int pid : Proc.numbers("/proc")) {
            String status = proc.status(pid);
            if (status.isEmpty() || !members.has(pid, status)) {
                continue;
            }
            empty = false;
            int named = view.number(pid, status, "NSpid");
            if (isOutside(status, keeper)) {
                outside = true;
            } else if (pid == own) {
                self = named;
            } else if (named != NONE && isTraced(status)) {
                inside.add(named);
            }
        }
        return new Group(number, self, inside, outside, empty && !outside);
    }

    @Override
    public Optional<OfPidfd> pidfd(int caller, int fd) {
        String info = descriptors.pidfdInfo(caller, fd);
        String pid = Proc.field(info, "Pid");
        if (pid.isEmpty()) {
            return Optional.empty();
        }
        int here = Integer.parseInt(pid);
        String status = here <= NONE ? "" : proc.status(here);
        if (status.isEmpty()) {
            return Optional.of(new OfPidfd(here == NONE ? NONE : GONE, NONE, false));
        }
        PidNamespace view = new PidNamespace(proc, caller);
        boolean thread = (Integer.parseInt(Proc.field(info, "flags"), 8) & PIDFD_THREAD) != 0;
        return Optional.of(new OfPidfd(view.number(here, status, "NSpid"), view.number(here, status, "NStgid"), thread));
    }

    @Override
    public int ownByThread(int caller, int fd, int thread) {
        PidNamespace view = new PidNamespace(proc, caller);
        int here = view.find(thread);
        if (view.isGone() || here == NONE || proc.tgid(here) != tgid(view.status())) {
            return -Errno.EPERM.number();
        }
        int copy = descriptors.copy(caller, fd);
        if (copy < 0) {
            return copy == -Errno.EBADF.number() ? copy : -Errno.EPERM.number();
        }
        NativeMemory.IO.putInt(owner, FileOwner.F_OWNER_TID);
        NativeMemory.IO.putInt(owner + Integer.BYTES, here);
        int rc = (int) Libc.FCNTL.call(copy, FileOwner.F_SETOWN_EX, owner);
        descriptors.close(copy);
        return rc;
    }

    /** What has ended is nobody's, but that a process whose first thread has ended may go on. */
    private boolean isOutside(String status, int keeper) {
        int tgid = tgid(status);
        return tgid == keeper && keeper != NONE || !isTraced(status) && !(hasEnded(status) && haveAllEnded(tgid));
    }

    private boolean haveAllEnded(int tgid) {
        for (int tid : Proc.numbers("/proc/" + tgid + "/task")) {
            String status = proc.status(tid);
            if (!status.isEmpty() && !hasEnded(status)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasEnded(String status) {
        String state = Proc.field(status, "State");
        return state.startsWith("Z") || state.startsWith("X");
    }

    private boolean isTraced(String status) {
        int tid = first(status, "TracerPid");
        if (tid != NONE && tid != tracer && proc.tgid(tid) == OwnProcess.PID) {
            tracer = tid; // this very thread, which does not end before its tracees
        }
        return tid != NONE && tid == tracer;
    }

    private static int tgid(String status) {
        return first(status, "Tgid");
    }

    private static int first(String status, String list) {
        String numbers = Proc.field(status, list);
        int end = numbers.indexOf('\t');
        return numbers.isEmpty() ? NONE : Integer.parseInt(end < 0 ? numbers : numbers.substring(0, end));
    }
}
