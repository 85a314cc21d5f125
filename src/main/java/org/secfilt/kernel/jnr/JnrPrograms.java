package org.secfilt.kernel.jnr;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Programs;

/** By posix_spawn(3): a ProcessBuilder starts a helper first, and leaves a thread behind that waits for children. */
final class JnrPrograms implements Programs {
    private static final int MFD_CLOEXEC = 1;
    private static final int SEEK_SET = 0;
    // sys/wait.h; the signal's number, code and status in siginfo_t, asm-generic/siginfo.h
    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x01000000;
    private static final int SIGINFO_BYTES = 128;
    private static final int SI_CODE = 8;
    private static final int SI_PID = 16;
    private static final int SI_STATUS = 24;
    private static final int CLD_EXITED = 1;
    /** More than sizeof(posix_spawn_file_actions_t), which is 80. */
    private static final int FILE_ACTIONS_BYTES = 256;
    /** What a complaint may take; a listing of all rules takes more. */
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int MAX_OUTPUT_BYTES = 16 << 20;

    private static final int O_RDWR_CLOEXEC = 2 | 02000000; // fcntl.h
    /** native-stubs/stub.h */
    private static final String REAPER = "secfilt-reaper";
    private static final String NEXT = "+";
    /** The supervisor runs in the lib directory. */
    private static final String STUB = "../bin/secfilt";

    /** Of iptables-legacy. */
    private static final File LOCK = new File("/run/xtables.lock");

    private static final List<String> ENVIRONMENT = environment();

    private static final int O_CLOEXEC = 02000000; // fcntl.h
    private static final int FIONREAD = 0x541b; // asm-generic/ioctls.h
    /** What a pipe holds at least, pipe(7). */
    private static final int PIPE_BYTES = 4096;
    private static final int PAUSE_NANOS = 200_000;
    private static final long COMMENT = NativeMemory.string("#\n");
    private static final int LINK_BYTES = 4096;
    private static final long LINK = NativeMemory.allocate(LINK_BYTES);
    private static final long INFO = NativeMemory.allocate(SIGINFO_BYTES);

    private final List<Integer> left = new ArrayList<>();

    /** A program that runs. */
    private record Running(int pid, int output) {}

    /** One whose standard input is open still. */
    private static final class Fed {
        private final Running running;
        private final int input;
        private String rest;
        private boolean commented;

        Fed(Running running, int input, String rest) {
            this.running = running;
            this.input = input;
            this.rest = rest;
        }

        /** Writing fails if it is ending, which is seen next. */
        void comment() {
            commented = true;
            Libc.WRITE.call(input, COMMENT, 2);
        }

        /** There is room for it, so it is written as a whole or not at all. */
        void giveRest() {
            if (Libc.WRITE.call(input, NativeMemory.string(rest), rest.length()) == rest.length()) {
                rest = "";
            }
        }
    }

    /** Root of a user namespace may not open the host's lock; one for all of that namespace is the namespace itself. */
    private static List<String> environment() {
        List<String> variables = new ArrayList<>(List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"));
        if (!(LOCK.exists() ? LOCK : LOCK.getParentFile()).canWrite()) {
            variables.add("XTABLES_LOCKFILE=/proc/self/ns/user");
        }
        return variables;
    }

    @Override
    public Optional<String> find(String name, List<String> directories) {
        for (String directory : directories) {
            File file = new File(directory, name);
            if (directory.startsWith("/") && file.isFile() && file.canExecute()) {
                return Optional.of(file.getPath());
            }
        }
        return Optional.empty();
    }

    @Override
    public List<Ended> run(List<Start> starts) {
        List<Running> running = new ArrayList<>();
        List<Ended> ended = new ArrayList<>();
        try {
            for (Start start : starts) {
                running.add(start(start));
            }
        } finally {
            for (Running one : running) { // also where another could not be started
                ended.add(await(one));
            }
        }
        return ended;
    }

    @Override
    public List<Ended> feed(List<Start> starts, String known, String together) {
        for (Start start : starts) {
            if (start.input().length() > PIPE_BYTES) {
                return run(starts);
            }
        }
        List<Fed> running = new ArrayList<>();
        List<Optional<Ended>> done = new ArrayList<>();
        try {
            for (Start start : starts) {
                running.add(startFed(start));
            }
            giveMost(running, together);
            for (Fed one : running) {
                one.giveRest();
            }
            for (Fed one : running) {
                done.add(awaitMore(one, known));
            }
        } finally {
            // Not before all are done: who ends first would keep the others from the tables.
            for (Fed one : running) {
                Libc.CLOSE.call(one.input);
                left.add(one.running.pid());
            }
        }
        List<Ended> ended = new ArrayList<>();
        for (int i = 0; i < done.size(); i++) {
            ended.add(done.get(i).isPresent() ? done.get(i).get() : await(running.get(i).running));
        }
        return ended;
    }

    @Override
    public void awaitFed() {
        for (int pid : left) {
            awaitEnd(pid, INFO); // fails if it has been waited for
        }
        left.clear();
    }

    private static Fed startFed(Start start) {
        long ends = NativeMemory.allocate(2 * Integer.BYTES);
        Libc.must("pipe2", Libc.PIPE2.call(ends, O_CLOEXEC));
        int from = NativeMemory.IO.getInt(ends);
        int to = NativeMemory.IO.getInt(ends + Integer.BYTES);
        int last = start.input().lastIndexOf('\n', start.input().length() - 2) + 1;
        try {
            write(to, start.input().substring(0, last).getBytes(StandardCharsets.ISO_8859_1));
            return new Fed(start(start, from), to, start.input().substring(last));
        } catch (KernelException e) {
            Libc.CLOSE.call(to);
            throw e;
        } finally {
            Libc.CLOSE.call(from);
        }
    }

    /** All but the last line, which those get at once too that are not to get it together: whom the others may be waiting for. */
    private static void giveMost(List<Fed> running, String together) {
        List<Fed> reading = new ArrayList<>(running);
        while (!reading.isEmpty()) {
            for (Fed one : List.copyOf(reading)) {
                if (hasEnded(one.running.pid())) {
                    reading.remove(one);
                } else if (unread(one.input) == 0) {
                    if (!executable(one.running.pid()).startsWith(together)) {
                        one.giveRest();
                        reading.remove(one);
                    } else if (one.commented) {
                        reading.remove(one);
                    } else {
                        one.comment();
                    }
                }
            }
            if (!reading.isEmpty()) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** @return false if it has ended */
    private static boolean awaitReading(Fed fed) {
        while (!hasEnded(fed.running.pid())) {
            if (unread(fed.input) == 0) {
                return true;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return false;
    }

    /**
     * What it was given it may have read at once. A comment after that it reads when it has done the rest. One that is ending reads no more, but
     * the pipe may be empty all the same: it has no executable then, for a process loses its memory before its descriptors. So whoever has
     * one, and has read the comment, did not fail at what came before. // kernel/exit.c do_exit()
     *
     * @return empty if it is still to be waited for
     */
    private static Optional<Ended> awaitMore(Fed fed, String known) {
        if (awaitReading(fed)) {
            fed.comment();
        }
        if (!awaitReading(fed)) {
            return Optional.of(await(fed.running));
        }
        if (!executable(fed.running.pid()).startsWith(known) || !fed.rest.isEmpty()) {
            return Optional.empty();
        }
        Libc.CLOSE.call(fed.running.output());
        return Optional.of(new Ended(0, ""));
    }

    /** The last part of its file's name. proc(5) "/proc/pid/exe" */
    private static String executable(int pid) {
        long length = Libc.READLINK.call(NativeMemory.string("/proc/" + pid + "/exe"), LINK, LINK_BYTES);
        byte[] name = new byte[(int) Math.max(0, length)];
        NativeMemory.IO.getByteArray(LINK, name, 0, name.length);
        String path = new String(name, StandardCharsets.ISO_8859_1);
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static boolean hasEnded(int pid) {
        NativeMemory.IO.putInt(INFO + SI_PID, 0);
        Libc.WAITID.call(P_PID, pid, INFO, WEXITED | WNOHANG | WNOWAIT);
        return NativeMemory.IO.getInt(INFO + SI_PID) != 0;
    }

    private static int unread(int pipe) {
        return Libc.IOCTL.call(pipe, FIONREAD, INFO) < 0 ? 0 : NativeMemory.IO.getInt(INFO);
    }

    @Override
    public void startWhenEmpty(int cgroup, String name, List<Start> starts) {
        try (Reaper reaper = new Reaper(Integer.toString(cgroup), name)) {
            reaper.keep(cgroup);
            reaper.add(starts);
            reaper.spawn();
        }
    }

    @Override
    public void startWhenGone(String interfaceName, List<Start> starts, List<Start> last, List<String> files) {
        try (Reaper reaper = new Reaper("network", interfaceName)) {
            reaper.add(starts);
            reaper.words.add(NEXT);
            reaper.add(last);
            reaper.words.add(NEXT);
            reaper.words.addAll(files);
            reaper.spawn();
        }
    }

    /** The stub's program under its other name, with what it is to be handed. */
    private static final class Reaper implements AutoCloseable {
        private final List<String> words = new ArrayList<>(List.of(REAPER));
        private final int nothing = (int) Libc.must("open(/dev/null)", Libc.OPEN.call(NativeMemory.string("/dev/null"), O_RDWR_CLOEXEC, 0));
        private final long actions = actions(nothing, nothing);
        private final List<Integer> inputs = new ArrayList<>();

        Reaper(String... first) {
            words.addAll(List.of(first));
        }

        /** Onto itself: it stays open. */
        void keep(int fd) {
            Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, fd, fd);
        }

        void add(List<Start> starts) {
            for (Start start : starts) {
                int input = memory(start.input());
                inputs.add(input);
                keep(input);
                words.add(start.file());
                words.add(Integer.toString(input));
            }
        }

        void spawn() {
            JnrPrograms.spawn(STUB, words, actions);
        }

        @Override
        public void close() {
            Libc.CLOSE.call(nothing);
            for (int input : inputs) {
                Libc.CLOSE.call(input);
            }
        }
    }

    private static Running start(Start start) {
        int input = memory(start.input());
        try {
            return start(start, input);
        } finally {
            Libc.CLOSE.call(input);
        }
    }

    private static Running start(Start start, int input) {
        int output = memory("");
        List<String> words = new ArrayList<>();
        words.add(start.file());
        words.addAll(start.arguments());
        try {
            return new Running(spawn(start.file(), words, actions(input, output)), output);
        } catch (KernelException e) {
            Libc.CLOSE.call(output);
            throw e;
        }
    }

    private static long actions(int input, int output) {
        long actions = NativeMemory.allocate(FILE_ACTIONS_BYTES);
        Libc.POSIX_SPAWN_FILE_ACTIONS_INIT.call(actions);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, input, 0);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, output, 1);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, output, 2);
        return actions;
    }

    /** @return the process id */
    private static int spawn(String file, List<String> words, long actions) {
        long pid = NativeMemory.allocate(Integer.BYTES);
        int rc = (int) Libc.POSIX_SPAWN.call(pid, NativeMemory.string(file), actions, 0, vector(words), vector(ENVIRONMENT));
        Libc.POSIX_SPAWN_FILE_ACTIONS_DESTROY.call(actions);
        if (rc != 0) {
            throw new KernelException("posix_spawn(" + file + ")", rc);
        }
        return NativeMemory.IO.getInt(pid);
    }

    /** A file that no directory has, with this text, at its begin. */
    private static int memory(String text) {
        int fd = (int) Libc.must("memfd_create", Libc.MEMFD_CREATE.call(NativeMemory.string("rules"), MFD_CLOEXEC));
        write(fd, text.getBytes(StandardCharsets.ISO_8859_1));
        Libc.must("lseek(memfd)", Libc.LSEEK.call(fd, 0, SEEK_SET));
        return fd;
    }

    private static void write(int fd, byte[] bytes) {
        long buffer = NativeMemory.IO.allocateMemory(Math.max(1, bytes.length), false);
        NativeMemory.IO.putByteArray(buffer, bytes, 0, bytes.length);
        int written = 0;
        while (written < bytes.length) {
            written += (int) Libc.must("write", Libc.WRITE.call(fd, buffer + written, bytes.length - written));
        }
        NativeMemory.IO.freeMemory(buffer);
    }

    private static long vector(List<String> words) {
        long vector = NativeMemory.allocate((words.size() + 1) * Long.BYTES);
        for (int i = 0; i < words.size(); i++) {
            NativeMemory.IO.putLong(vector + (long) i * Long.BYTES, NativeMemory.string(words.get(i)));
        }
        return vector;
    }

    private static long awaitEnd(int pid, long info) {
        long rc;
        do {
            rc = Libc.WAITID.call(P_PID, pid, info, WEXITED);
        } while (rc == -Errno.EINTR.number());
        return rc;
    }

    private static Ended await(Running running) {
        long info = NativeMemory.allocate(SIGINFO_BYTES);
        Libc.must("waitid(" + running.pid() + ")", awaitEnd(running.pid(), info));
        int status = NativeMemory.IO.getInt(info + SI_STATUS);
        Libc.must("lseek(memfd)", Libc.LSEEK.call(running.output(), 0, SEEK_SET));
        StringBuilder said = new StringBuilder();
        long buffer = NativeMemory.IO.allocateMemory(CHUNK_BYTES, false);
        int count;
        while (said.length() < MAX_OUTPUT_BYTES && (count = (int) Libc.READ.call(running.output(), buffer, CHUNK_BYTES)) > 0) {
            byte[] bytes = new byte[count];
            NativeMemory.IO.getByteArray(buffer, bytes, 0, count);
            said.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        NativeMemory.IO.freeMemory(buffer);
        Libc.CLOSE.call(running.output());
        return new Ended(NativeMemory.IO.getInt(info + SI_CODE) == CLD_EXITED ? status : 128 + status, said.toString());
    }
}
