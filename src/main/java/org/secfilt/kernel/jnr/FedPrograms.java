package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Programs.Ended;
import org.secfilt.kernel.Programs.Start;

/** Programs whose standard input is given to them in parts, and that are done before they end: the end is awaited later. */
final class FedPrograms {
    // sys/wait.h; the process's number in siginfo_t, asm-generic/siginfo.h
    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x01000000;
    private static final int SIGINFO_BYTES = 128;
    private static final int SI_PID = 16;
    private static final int O_CLOEXEC = 02000000; // fcntl.h
    private static final int FIONREAD = 0x541b; // asm-generic/ioctls.h
    /** What a pipe holds at least, pipe(7). */
    private static final int PIPE_BYTES = 4096;
    private static final int LEAST_PAUSE_NANOS = 200_000;
    private static final int MOST_PAUSE_NANOS = 10_000_000;
    /** Of the time waited so far: who waits for a lock does so for long. */
    private static final int PAUSES = 16;
    private static final long COMMENT = NativeMemory.string("#\n");
    private static final int LINK_BYTES = 4096;
    private static final long LINK = NativeMemory.allocate(LINK_BYTES);
    private static final long INFO = NativeMemory.allocate(SIGINFO_BYTES);

    private final List<Integer> left = new ArrayList<>();

    /** One whose standard input is open still. */
    private static final class Fed {
        private final Spawn.Running running;
        private final int input;
        private String rest;
        private boolean commented;

        Fed(Spawn.Running running, int input, String rest) {
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

    /** Whether a pipe takes all that each is to be given: it is written at once. */
    static boolean canBeFed(List<Start> starts) {
        for (Start start : starts) {
            if (start.input().length() > PIPE_BYTES) {
                return false;
            }
        }
        return true;
    }

    /** {@link org.secfilt.kernel.Programs#feed} */
    List<Ended> feed(List<Start> starts, String known, String together) {
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
            ended.add(done.get(i).isPresent() ? done.get(i).get() : Spawn.await(running.get(i).running));
        }
        return ended;
    }

    /** {@link org.secfilt.kernel.Programs#awaitFed} */
    void awaitEnds() {
        for (int pid : left) {
            Spawn.awaitEnd(pid, INFO); // fails if it has been waited for
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
            Spawn.write(to, start.input().substring(0, last).getBytes(StandardCharsets.ISO_8859_1));
            return new Fed(Spawn.start(start, from), to, start.input().substring(last));
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
        long begun = System.nanoTime();
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
                pause(begun);
            }
        }
    }

    /** @return false if it has ended */
    private static boolean awaitReading(Fed fed) {
        long begun = System.nanoTime();
        while (!hasEnded(fed.running.pid())) {
            if (unread(fed.input) == 0) {
                return true;
            }
            pause(begun);
        }
        return false;
    }

    private static void pause(long begun) {
        LockSupport.parkNanos(Math.max(LEAST_PAUSE_NANOS, Math.min((System.nanoTime() - begun) / PAUSES, MOST_PAUSE_NANOS)));
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
            return Optional.of(Spawn.await(fed.running));
        }
        if (!executable(fed.running.pid()).startsWith(known) || !fed.rest.isEmpty()) {
            return Optional.empty();
        }
        fed.running.close();
        return Optional.of(new Ended(0, "", ""));
    }

    /** The last part of its file's name. proc(5) "/proc/pid/exe" */
    private static String executable(int pid) {
        long length = Libc.READLINK.call(NativeMemory.string(ProcDirectory.path(pid + "/exe")), LINK, LINK_BYTES);
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
}
