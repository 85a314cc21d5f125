package org.secfilt.kernel.jnr;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;

/**
 * Small files and links below /proc, read by bare open(2), read(2) and readlink(2): a Java stream costs four times as much. proc(5).
 * One thread only, each has its own.
 */
final class Proc {
    private static final int O_CLOEXEC = 02000000;
    private static final int O_PATH = 010000000;
    /** Enough for stat, comm, status, and for the part of maps that lies below the vault in all but odd processes. */
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int PATH_BYTES = 64;
    /** proc_pid_stat(5): field 9, the sixth behind the state, which follows the name's closing bracket. */
    private static final int FLAGS = 6;
    /** In the place of a controller: the hierarchy of version 2, which names none. */
    static final String UNIFIED = "";

    private final long path = NativeMemory.allocate(PATH_BYTES);
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);

    /** A descriptor, or a negative error number. */
    int open(int pid, String name) {
        return open(pid + name);
    }

    /** Of a file that is no process's. */
    int open(String name) {
        return (int) Libc.OPEN.call(path(name), O_CLOEXEC, 0);
    }

    /** Follows all links. @return an O_PATH descriptor or a negative error number */
    int openPath(String name) {
        return (int) Libc.OPEN.call(path(name), O_PATH | O_CLOEXEC, 0);
    }

    private long path(String name) {
        byte[] bytes = (ProcDirectory.path(name) + "\0").getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length > PATH_BYTES) {
            throw new IllegalArgumentException("the name of a file in /proc is longer than " + PATH_BYTES + " bytes");
        }
        NativeMemory.IO.putByteArray(path, bytes, 0, bytes.length);
        return path;
    }

    /** What one read(2) gives of the file, Latin-1: all of one record, such as stat, and of a table a page. Empty where it cannot be read. */
    String read(int pid, String name) {
        return read(pid + name);
    }

    /** The same of a file that is no process's. */
    String read(String name) {
        int fd = open(name);
        if (fd < 0) {
            return "";
        }
        String text = read(fd);
        Libc.CLOSE.call(fd);
        return text;
    }

    /** The same, to its end. */
    String readAll(String name) {
        int fd = open(name);
        if (fd < 0) {
            return "";
        }
        String text = readAll(fd);
        Libc.CLOSE.call(fd);
        return text;
    }

    /** What is left of an open file. */
    String readAll(int fd) {
        StringBuilder text = new StringBuilder();
        for (String part = read(fd); !part.isEmpty(); part = read(fd)) {
            text.append(part);
        }
        return text.toString();
    }

    /**
     * /proc/PID/status of a process or thread, to its end; empty if it died. It is one record: one read(2) gives all of it, but where there are
     * thousands of groups, which come before the capabilities.
     */
    String status(int tid) {
        return status(Integer.toString(tid));
    }

    /** The same of this process. */
    String ownStatus() {
        return status("self");
    }

    private String status(String whose) {
        int fd = open(whose + "/status");
        if (fd < 0) {
            return "";
        }
        String text = read(fd);
        for (String part = text; part.length() == BUFFER_BYTES; text += part) {
            part = read(fd);
        }
        Libc.CLOSE.call(fd);
        return text;
    }

    /** What /proc/PID/status says of this name; empty if it says nothing. */
    static String field(String status, String name) {
        String key = "\n" + name + ":\t";
        int at = status.indexOf(key);
        int end = at < 0 ? -1 : status.indexOf('\n', at + key.length());
        return end < 0 ? "" : status.substring(at + key.length(), end);
    }

    /** What one read(2) gives, Latin-1; empty at the end or on an error. */
    String read(int fd) {
        return new String(readBytes(fd), StandardCharsets.ISO_8859_1);
    }

    byte[] readBytes(int fd) {
        int length = (int) Math.max(0, Libc.READ.call(fd, buffer, BUFFER_BYTES));
        byte[] bytes = new byte[length];
        NativeMemory.IO.getByteArray(buffer, bytes, 0, length);
        return bytes;
    }

    /** readlink(2) of a process's; empty where there is no link or no leave to read it. */
    byte[] link(int pid, String name) {
        return link(pid + name);
    }

    /** The same, of {@code self} for one. */
    byte[] link(String name) {
        byte[] target = new byte[(int) Math.max(0, Libc.READLINK.call(path(name), buffer, BUFFER_BYTES))];
        NativeMemory.IO.getByteArray(buffer, target, 0, target.length);
        return target;
    }

    /** Whether there is no such link, which is more than that nobody may read it. */
    boolean isMissing(int pid, String name) {
        return Libc.READLINK.call(path(pid + name), buffer, BUFFER_BYTES) == -Errno.ENOENT.number();
    }

    /** The processes or threads that a directory in /proc lists, in the order of their numbers, mostly that of birth; empty if it is gone. */
    static List<Integer> numbers(String directory) {
        List<Integer> numbers = new ArrayList<>();
        String[] names = new File(ProcDirectory.find(directory)).list();
        for (String name : names == null ? new String[0] : names) {
            if (name.charAt(0) >= '0' && name.charAt(0) <= '9') {
                numbers.add(Integer.parseInt(name));
            }
        }
        numbers.sort(null);
        return numbers;
    }

    /** What the kernel notes of a thread, PF_… of linux/sched.h; -1 if it died. */
    long flags(int tid) {
        String stat = read(tid, "/stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" "); // the name before may be anything
        return fields.length > FLAGS ? Long.parseLong(fields[FLAGS]) : -1;
    }

    /** The process of a thread, or the thread's own number if it died. */
    int tgid(int tid) {
        return number(tid, "Tgid", tid);
    }

    /** The parent of the thread's process, or 0 if it died. */
    int parent(int tid) {
        return number(tid, "PPid", 0);
    }

    /** The tracer of the thread, or 0. */
    int tracer(int tid) {
        return number(tid, "TracerPid", 0);
    }

    /** Whether it is this process that traces the thread. */
    boolean isOurs(int tid) {
        int tracer = tracer(tid);
        return tracer != 0 && tgid(tracer) == OwnProcess.PID;
    }

    /**
     * The cgroup of a process in one hierarchy: cgroups(7) "/proc files".
     *
     * <pre>
     *   4:net_cls,net_prio:/path    0::/path
     * </pre>
     *
     * @param cgroups what /proc/PID/cgroup holds
     * @param controller one of the hierarchy's, or {@link #UNIFIED}
     * @return number, controllers and path; empty where there is no such hierarchy
     */
    static Optional<String[]> cgroup(String cgroups, String controller) {
        for (String line : cgroups.split("\n")) {
            String[] fields = line.split(":", 3); // a path may have colons
            if (fields.length == 3 && ("," + fields[1] + ",").contains("," + controller + ",")) {
                return Optional.of(fields);
            }
        }
        return Optional.empty();
    }

    private int number(int tid, String name, int otherwise) {
        String number = field(status(tid), name);
        return number.isEmpty() ? otherwise : Integer.parseInt(number);
    }
}
