package org.secfilt.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.kernel.Launching;

/** The caller's standard output and error. */
final class Streams {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final Launching kernel;

    Streams(Launching kernel) {
        this.kernel = kernel;
    }

    /** To standard error. */
    boolean write(byte[] line) {
        return kernel.write(STDERR, line);
    }

    void complain(String message) {
        write(("secfilt: " + message + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Says what is wrong with a verb's words. @return the exit code */
    int usage(List<String> mistakes, Verb verb) {
        for (String mistake : mistakes) {
            complain(mistake);
        }
        write((verb.tryHelp() + "\n").getBytes(StandardCharsets.UTF_8));
        return Cli.USAGE;
    }

    boolean print(String text) {
        return print(text.getBytes(StandardCharsets.UTF_8));
    }

    /** To standard output. @return false, having said so, if nobody took it */
    boolean print(byte[] text) {
        if (text.length == 0) {
            return true;
        }
        // Not closed: the descriptor is the caller's, and stays until we end.
        @SuppressWarnings("resource")
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        try {
            out.write(text);
            return true;
        } catch (IOException e) {
            complain("standard output: " + e.getMessage());
            return false;
        }
    }

    boolean outIsTerminal() {
        return kernel.isTerminal(STDOUT);
    }

    boolean outWantsColour() {
        return wantsColour(STDOUT);
    }

    boolean errWantsColour() {
        return wantsColour(STDERR);
    }

    /** {@code NO_COLOR} set to anything, and a terminal that cannot, mean none. */
    private boolean wantsColour(int fd) {
        String none = System.getenv("NO_COLOR");
        return (none == null || none.isEmpty()) && !"dumb".equals(System.getenv("TERM")) && kernel.isTerminal(fd);
    }
}
