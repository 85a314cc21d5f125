package org.secfilt.kernel.jnr;

import org.secfilt.kernel.TraceeNumbers;

/**
 * Whom a process means by a number, and whether that is one that the supervisor traces. proc(5) "/proc/pid/status", pid_namespaces(7).
 *
 * <p>A caller in the supervisor's own PID namespace means what is there under that number. One in a namespace below means another, which is looked
 * for.
 */
final class ProcessNumbers implements TraceeNumbers {
    /** Of a number that is nobody's here. */
    private static final int NONE = 0;

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
        PidNamespace view = new PidNamespace(proc, caller);
        int here = view.find(number);
        return here != NONE ? whose(here) : view.isGone() ? Whose.OTHERS : Whose.NOBODYS;
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
        return group(new PidNamespace(proc, caller).find(number));
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

    /** The third field behind the name; 0 for one from outside of the supervisor's namespace. proc(5) "/proc/pid/stat" */
    private int groupOf(int pid) {
        String stat = proc.read(pid, "/stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ");
        return fields.length < 3 ? NONE : Integer.parseInt(fields[2]);
    }
}
