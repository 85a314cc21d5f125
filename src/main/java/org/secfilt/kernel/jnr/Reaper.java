package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.kernel.Programs.Start;

/** The stub's program under its other name, with what it is to be handed. */
final class Reaper implements AutoCloseable {
    private static final int O_RDWR_CLOEXEC = 2 | 02000000; // fcntl.h
    /** native-stubs/stub.h */
    private static final String NAME = "secfilt-reaper";
    private static final String NEXT = "+";
    /** The supervisor runs in the lib directory. */
    private static final String STUB = "../bin/secfilt";

    private final List<String> words = new ArrayList<>(List.of(NAME));
    private final int nothing = (int) Libc.must("open(/dev/null)", Libc.OPEN.call(NativeMemory.string("/dev/null"), O_RDWR_CLOEXEC, 0));
    private final long actions = Spawn.actions(nothing, nothing, nothing);
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
            int input = Spawn.memory(start.input());
            inputs.add(input);
            keep(input);
            words.add(start.file());
            words.add(Integer.toString(input));
        }
    }

    /** What is added from here on is of the next kind. */
    void next() {
        words.add(NEXT);
    }

    void add(String word) {
        words.add(word);
    }

    void spawn() {
        Spawn.spawn(STUB, words, actions);
    }

    @Override
    public void close() {
        Libc.CLOSE.call(nothing);
        for (int input : inputs) {
            Libc.CLOSE.call(input);
        }
    }
}
