package org.secfilt.cli;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.StandardStreams;

/** The caller's standard output and error. */
final class Streams {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    /** Of a program that SIGPIPE has killed, in a shell: 128 and the signal. */
    private static final int READER_LEFT = 141;

    private final StandardStreams streams;

    Streams(StandardStreams streams) {
        this.streams = streams;
    }

    /** To standard error. */
    boolean write(byte[] line) {
        return streams.write(STDERR, line);
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

    int print(String text) {
        return print(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * To standard output.
     *
     * @return the exit code: 0, or another, having said why, if not all of it was taken; without a word if its reader has left
     */
    int print(byte[] text) {
        int error = text.length == 0 ? 0 : streams.writeAll(STDOUT, text);
        if (error == 0) {
            return Main.OK;
        }
        if (error == Errno.EPIPE.number()) {
            return READER_LEFT;
        }
        // The stub leaves a closed one closed to writers, see arrange_descriptors.
        complain(error == Errno.EBADF.number() ? "standard output is closed" : "standard output: " + Errno.of(error).text());
        return Main.FAILED;
    }

    boolean outIsTerminal() {
        return streams.isTerminal(STDOUT);
    }

    boolean outWantsColour() {
        return wantsColour(STDOUT);
    }

    boolean errWantsColour() {
        return wantsColour(STDERR);
    }

    private boolean wantsColour(int fd) {
        return knowsColours(System.getenv("NO_COLOR"), System.getenv("TERM")) && streams.isTerminal(fd);
    }

    /** {@code NO_COLOR} set to anything, and a terminal that cannot, or that nobody knows, mean none; null where they are not set. */
    static boolean knowsColours(String noColour, String terminal) {
        return (noColour == null || noColour.isEmpty()) && terminal != null && !terminal.isEmpty() && !terminal.equals("dumb");
    }
}
