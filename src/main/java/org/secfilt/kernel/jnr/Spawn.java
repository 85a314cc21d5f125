package org.secfilt.kernel.jnr;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Programs.Ended;
import org.secfilt.kernel.Programs.Start;

/** Starts one program by posix_spawn(3), its output into memory, and awaits its end. */
final class Spawn {
    private static final int MFD_CLOEXEC = 1;
    private static final int SEEK_SET = 0;
    // sys/wait.h; code and status in siginfo_t, asm-generic/siginfo.h
    private static final int P_PID = 1;
    private static final int WEXITED = 4;
    private static final int SIGINFO_BYTES = 128;
    private static final int SI_CODE = 8;
    private static final int SI_STATUS = 24;
    private static final int CLD_EXITED = 1;
    /** More than sizeof(posix_spawn_file_actions_t), which is 80. */
    private static final int FILE_ACTIONS_BYTES = 256;
    /** What a complaint may take; a listing of all rules takes more. */
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int MAX_OUTPUT_BYTES = 16 << 20;

    /** Of iptables-legacy. */
    private static volatile boolean keptLeases;

    private static final File LOCK = new File("/run/xtables.lock");

    private static final List<String> ENVIRONMENT = environment();

    private Spawn() {}

    /** A program that runs. */
    record Running(int pid, int output, int error) {
        void close() {
            Libc.CLOSE.call(output);
            Libc.CLOSE.call(error);
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

    static Running start(Start start) {
        int input = memory(start.input());
        try {
            return start(start, input);
        } finally {
            Libc.CLOSE.call(input);
        }
    }

    static Running start(Start start, int input) {
        int output = memory("");
        int error = memory("");
        List<String> words = new ArrayList<>();
        words.add(start.file());
        words.addAll(start.arguments());
        try {
            return new Running(spawn(start.file(), words, actions(input, output, error)), output, error);
        } catch (KernelException e) {
            Libc.CLOSE.call(output);
            Libc.CLOSE.call(error);
            throw e;
        }
    }

    static long actions(int input, int output, int error) {
        long actions = NativeMemory.allocate(FILE_ACTIONS_BYTES);
        Libc.POSIX_SPAWN_FILE_ACTIONS_INIT.call(actions);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, input, 0);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, output, 1);
        Libc.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.call(actions, error, 2);
        if (ProcDirectory.isKept() && Libc.POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR.exists()) {
            Libc.POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR.call(actions, NativeMemory.string("/")); // shells complain of one without a path
        }
        return actions;
    }

    /** @return the process id */
    static int spawn(String file, List<String> words, long actions) {
        if (!keptLeases) {
            JnrLeases.keep();
            keptLeases = true;
        }
        long pid = NativeMemory.allocate(Integer.BYTES);
        int rc = (int) Libc.POSIX_SPAWN.call(pid, NativeMemory.string(file), actions, 0, vector(words), vector(ENVIRONMENT));
        Libc.POSIX_SPAWN_FILE_ACTIONS_DESTROY.call(actions);
        if (rc != 0) {
            throw new KernelException("posix_spawn(" + file + ")", rc);
        }
        return NativeMemory.IO.getInt(pid);
    }

    /** A file that no directory has, with this text, at its begin. */
    static int memory(String text) {
        int fd = (int) Libc.must("memfd_create", Libc.MEMFD_CREATE.call(NativeMemory.string("rules"), MFD_CLOEXEC));
        write(fd, text.getBytes(StandardCharsets.ISO_8859_1));
        Libc.must("lseek(memfd)", Libc.LSEEK.call(fd, 0, SEEK_SET));
        return fd;
    }

    static void write(int fd, byte[] bytes) {
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

    /** waitid(2). @param info a siginfo_t */
    static long awaitEnd(int pid, long info) {
        long rc;
        do {
            rc = Libc.WAITID.call(P_PID, pid, info, WEXITED);
        } while (rc == -Errno.EINTR.number());
        return rc;
    }

    static Ended await(Running running) {
        long info = NativeMemory.allocate(SIGINFO_BYTES);
        Libc.must("waitid(" + running.pid() + ")", awaitEnd(running.pid(), info));
        int status = NativeMemory.IO.getInt(info + SI_STATUS);
        String output = read(running.output());
        String error = read(running.error());
        running.close();
        return new Ended(NativeMemory.IO.getInt(info + SI_CODE) == CLD_EXITED ? status : 128 + status, output, error);
    }

    private static String read(int fd) {
        Libc.must("lseek(memfd)", Libc.LSEEK.call(fd, 0, SEEK_SET));
        StringBuilder said = new StringBuilder();
        long buffer = NativeMemory.IO.allocateMemory(CHUNK_BYTES, false);
        int count;
        while (said.length() < MAX_OUTPUT_BYTES && (count = (int) Libc.READ.call(fd, buffer, CHUNK_BYTES)) > 0) {
            byte[] bytes = new byte[count];
            NativeMemory.IO.getByteArray(buffer, bytes, 0, count);
            said.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        NativeMemory.IO.freeMemory(buffer);
        if (said.length() >= MAX_OUTPUT_BYTES) {
            throw KernelException.inWords("a program said more than " + (MAX_OUTPUT_BYTES >> 20) + " MiB, of which not all can be read");
        }
        return said.toString();
    }
}
