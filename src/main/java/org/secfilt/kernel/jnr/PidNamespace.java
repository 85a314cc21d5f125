package org.secfilt.kernel.jnr;

import java.util.Arrays;
import org.secfilt.kernel.SignalTargets;

/**
 * What processes and threads are called in the PID namespace of one of them, the caller. proc(5) "/proc/pid/status", pid_namespaces(7). Each has a
 * number in its own namespace and in all above: in the supervisor's, with which the lists begin, all that can be seen have one.
 */
final class PidNamespace {
    private static final int NONE = SignalTargets.NONE;
    private static final int NS_GET_PARENT = 0xb702; // linux/nsfs.h

    private final Proc proc;
    private final int caller;
    private final String status;
    /** From the supervisor's downwards, which is 1; 0 if the caller died. */
    private final int level;
    /** As its link names it; null as long as nobody asked. */
    private byte[] name;

    PidNamespace(Proc proc, int caller) {
        this.proc = proc;
        this.caller = caller;
        this.status = proc.status(caller);
        this.level = status.isEmpty() ? 0 : Proc.field(status, "NSpid").split("\t").length;
    }

    String status() {
        return status;
    }

    boolean isGone() {
        return level == 0;
    }

    /**
     * The number of one in this namespace or below.
     *
     * @param list {@code NSpid}, {@code NStgid} or {@code NSpgid}
     * @return {@link SignalTargets#NONE} of one that is elsewhere, or of which that cannot be told
     */
    int number(int tid, String status, String list) {
        String[] numbers = Proc.field(status, list).split("\t");
        if (numbers[0].isEmpty()) {
            return list.equals("NSpid") ? tid : NONE; // a kernel without namespaces
        }
        boolean reaches = level > 0 && numbers.length >= level;
        return reaches && (level == 1 || isWithin(tid, numbers.length - level)) ? Integer.parseInt(numbers[level - 1]) : NONE;
    }

    /**
     * Whose number this is, as the supervisor calls it; {@link SignalTargets#NONE} if it is nobody's. In the supervisor's own namespace whether there
     * is such a one is not asked.
     */
    int find(int number) {
        if (level <= 1) {
            return isGone() ? NONE : number;
        }
        if (isNumbered(caller, status, number)) {
            return caller;
        }
        for (int pid : Proc.numbers("/proc")) {
            if (isNumbered(pid, proc.status(pid), number)) {
                return pid;
            }
        }
        for (int pid : Proc.numbers("/proc")) {
            for (int tid : Proc.numbers("/proc/" + pid + "/task")) {
                if (isNumbered(tid, proc.status(tid), number)) {
                    return tid;
                }
            }
        }
        return NONE;
    }

    /** The cheap question first. */
    private boolean isNumbered(int tid, String status, int number) {
        String[] numbers = Proc.field(status, "NSpid").split("\t");
        return numbers.length >= level && numbers[level - 1].equals(Integer.toString(number)) && isWithin(tid, numbers.length - level);
    }

    /** @param steps so many namespaces are between its own and this one, that one counted */
    private boolean isWithin(int tid, int steps) {
        if (tid == caller) {
            return true;
        }
        if (name == null) {
            name = proc.link(caller, "/ns/pid");
        }
        return name.length > 0 && Arrays.equals(name, steps == 0 ? proc.link(tid, "/ns/pid") : above(tid, steps));
    }

    private byte[] above(int tid, int steps) {
        int fd = proc.open(tid, "/ns/pid");
        for (int i = 0; i < steps && fd >= 0; i++) {
            int parent = (int) Libc.IOCTL.call(fd, NS_GET_PARENT, 0);
            Libc.CLOSE.call(fd);
            fd = parent;
        }
        byte[] link = fd < 0 ? new byte[0] : proc.link("self/fd/" + fd);
        if (fd >= 0) {
            Libc.CLOSE.call(fd);
        }
        return link;
    }
}
