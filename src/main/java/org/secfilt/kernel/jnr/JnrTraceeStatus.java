package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.TraceeStatus;

/** Status by /proc, and by tgkill(2). */
final class JnrTraceeStatus implements TraceeStatus {
    private static final int TGKILL = Arch.X86_64.syscalls().nr("tgkill");
    /** proc(5) "stat": the fields after the name's closing bracket start with number 3, the processor is number 39. */
    private static final int PROCESSOR_FIELDS_ON = 39 - 3;

    private final Proc proc;

    JnrTraceeStatus(Proc proc) {
        this.proc = proc;
    }

    @Override
    public byte[] comm(int tid) {
        int fd = proc.open(tid, "/comm");
        if (fd < 0) {
            return new byte[0];
        }
        byte[] name = proc.readBytes(fd);
        Libc.CLOSE.call(fd);
        return name.length > 0 && name[name.length - 1] == '\n' ? Arrays.copyOf(name, name.length - 1) : name;
    }

    @Override
    public List<Integer> threads(int tgid) {
        return Proc.numbers("/proc/" + tgid + "/task");
    }

    @Override
    public List<Integer> children(int tgid) {
        List<Integer> threads = threads(tgid);
        List<Integer> children = childrenOf(tgid, threads);
        // A thread that ends leaves its children to another, which may have been read before; and is there for a moment still.
        return children.equals(childrenOf(tgid, threads)) && threads.equals(threads(tgid)) ? children : List.of();
    }

    private List<Integer> childrenOf(int tgid, List<Integer> threads) {
        List<Integer> children = new ArrayList<>();
        for (int tid : threads) {
            for (String child : proc.readAll(tgid + "/task/" + tid + "/children").split(" ")) {
                if (!child.isEmpty()) {
                    children.add(Integer.parseInt(child));
                }
            }
        }
        return children;
    }

    @Override
    public int tgid(int tid) {
        return proc.tgid(tid);
    }

    @Override
    public int parent(int tid) {
        return proc.parent(tid);
    }

    @Override
    public byte[] executable(int tid) {
        return proc.link(tid, "/exe");
    }

    @Override
    public int processor(int tid) {
        String stat = proc.read(tid, "/stat");
        int at = stat.lastIndexOf(')') + 1;
        for (int i = 0; i <= PROCESSOR_FIELDS_ON && at > 0; i++) {
            at = stat.indexOf(' ', at) + 1;
        }
        int end = at <= 0 ? -1 : stat.indexOf(' ', at);
        return end < 0 ? -1 : Integer.parseInt(stat.substring(at, end));
    }

    @Override
    public boolean isRunning(int tid) {
        return Proc.field(proc.status(tid), "State").startsWith("R");
    }

    @Override
    public boolean isForced(int tid, int signal) {
        return has(tid, "SigPnd", signal) && !has(tid, "SigBlk", signal);
    }

    @Override
    public boolean ignores(int tid, int signal) {
        return has(tid, "SigIgn", signal);
    }

    @Override
    public boolean catches(int tid, int signal) {
        return has(tid, "SigCgt", signal);
    }

    private boolean has(int tid, String set, int signal) {
        String signals = Proc.field(proc.status(tid), set);
        return !signals.isEmpty() && (Long.parseUnsignedLong(signals, 16) >>> signal - 1 & 1) != 0;
    }

    @Override
    public boolean isOurs(int tid) {
        return proc.isOurs(tid);
    }

    /** A signal that is none reaches a thread by its own number and that of its process alone. // tgkill(2) */
    @Override
    public boolean isProcess(int tid) {
        return Libc.SYSCALL.call(TGKILL, tid, tid, 0, 0, 0) == 0;
    }
}
