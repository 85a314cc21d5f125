package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.kernel.TraceeNumbers;

/**
 * Whom a process means by a number, and whether that is one that the supervisor traces. proc(5) "/proc/pid/status", pid_namespaces(7).
 *
 * <p>A caller in the supervisor's own PID namespace means what is there under that number. One in a namespace below means another: that one
 * is looked for among the traced processes, and where none of them has the number in that very namespace it may be anybody's.
 */
final class ProcessNumbers implements TraceeNumbers {
    /** Of a number that is nobody's here. */
    private static final int NONE = 0;
    private static final String NUMBERS = "NSpid";

    private final Proc proc;
    private final TraceeDescriptors descriptors;

    ProcessNumbers(Proc proc, TraceeDescriptors descriptors) {
        this.proc = proc;
        this.descriptors = descriptors;
    }

    @Override
    public int pidfdTarget(int tid, int fd) {
        return descriptors.pidfdTarget(tid, fd);
    }

    @Override
    public Whose process(int caller, int number) {
        int here = here(caller, number);
        return here == NONE ? Whose.OTHERS : whose(here);
    }

    /** Its numbers here and there are read at once: it may be another at any time. */
    @Override
    public OwnGroup ownGroup(int caller) {
        String groups = Proc.field(proc.status(caller), "NSpgid");
        if (groups.isEmpty()) {
            int group = groupOf(caller); // no PID namespaces, or it died
            return new OwnGroup(group, group(group));
        }
        int here = Integer.parseInt(groups.split("\t")[0]);
        return new OwnGroup(Integer.parseInt(groups.substring(groups.lastIndexOf('\t') + 1)), group(here));
    }

    @Override
    public Whose group(int caller, int number) {
        return group(here(caller, number));
    }

    /** @param group in the supervisor's own namespace */
    private Whose group(int group) {
        if (group <= NONE) {
            return Whose.OTHERS; // made outside of what can be seen, or by one that has died
        }
        Whose whose = Whose.NOBODYS;
        for (int pid : Proc.numbers("/proc")) {
            if (groupOf(pid) == group) {
                if (whose(pid) != Whose.OURS) {
                    return Whose.OTHERS;
                }
                whose = Whose.OURS;
            }
        }
        return whose;
    }

    private Whose whose(int pid) {
        String status = proc.status(pid);
        return status.isEmpty() || Proc.field(status, "State").startsWith("Z") ? Whose.NOBODYS : isTraced(status) ? Whose.OURS : Whose.OTHERS;
    }

    /** By any thread of the supervisor's, that is by the one. */
    private boolean isTraced(String status) {
        String tracer = Proc.field(status, "TracerPid");
        int tid = tracer.isEmpty() ? NONE : Integer.parseInt(tracer);
        return tid != NONE && proc.tgid(tid) == OwnProcess.PID;
    }

    /** The number, in the supervisor's namespace, of whom the caller means; {@link #NONE} if that cannot be told. */
    private int here(int caller, int number) {
        String own = proc.status(caller);
        if (Proc.field(own, NUMBERS).isEmpty()) {
            return hasNamespaces() ? NONE : number; // it died
        }
        int level = level(own);
        if (level == 1) {
            return number;
        }
        if (deepest(own) == number) {
            return caller;
        }
        byte[] namespace = namespace(caller);
        if (namespace.length == 0) {
            return NONE;
        }
        List<Integer> below = new ArrayList<>();
        for (int pid : Proc.numbers("/proc")) {
            String status = proc.status(pid);
            if (level(status) == level && isTraced(status) && Arrays.equals(namespace(pid), namespace)) {
                if (deepest(status) == number) {
                    return pid;
                }
                below.add(pid);
            }
        }
        for (int pid : below) {
            for (int tid : Proc.numbers("/proc/" + pid + "/task")) {
                if (deepest(proc.status(tid)) == number) {
                    return tid;
                }
            }
        }
        return NONE;
    }

    private boolean hasNamespaces() {
        return !Proc.field(proc.ownStatus(), NUMBERS).isEmpty();
    }

    /** One for each namespace that a process has a number in, from the supervisor's downwards. */
    private static int level(String status) {
        return Proc.field(status, NUMBERS).split("\t").length;
    }

    private static int deepest(String status) {
        String numbers = Proc.field(status, NUMBERS);
        return numbers.isEmpty() ? NONE : Integer.parseInt(numbers.substring(numbers.lastIndexOf('\t') + 1));
    }

    private byte[] namespace(int pid) {
        return proc.link(pid, "/ns/pid");
    }

    /** The third field behind the name; 0 for one from outside of the supervisor's namespace. proc(5) "/proc/pid/stat" */
    private int groupOf(int pid) {
        String stat = proc.read(pid, "/stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ");
        return fields.length < 3 ? NONE : Integer.parseInt(fields[2]);
    }
}
