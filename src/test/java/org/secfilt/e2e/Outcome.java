package org.secfilt.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a command ended and what it said.
 *
 * @param end        {@code exit 0}, {@code signal 9} or {@code timeout 0}, as its parent saw it
 * @param stdout     all it and what it started wrote, as Latin-1: a character is a byte
 * @param errAtEnd   what was on stderr when its parent saw its end
 * @param stragglers names of the processes that were still there at the end of the linger time
 */
public record Outcome(List<String> words, String end, String stdout, String stderr, String outAtEnd, String errAtEnd,
                      long millis, List<String> stragglers) {

    public Outcome {
        words = List.copyOf(words);
        stragglers = List.copyOf(stragglers);
    }

    static Outcome read(List<String> words, Path status, Path out, Path err) throws IOException {
        byte[] stdout = Files.readAllBytes(out);
        byte[] stderr = Files.readAllBytes(err);
        List<String> lines = Files.readAllLines(status);
        if (lines.size() < 4) {
            throw new AssertionError(words + ": the overseer says " + lines);
        }
        List<String> stragglers = new ArrayList<>();
        for (String line : lines.subList(4, lines.size())) {
            stragglers.add(line.substring("straggler ".length()));
        }
        return new Outcome(words, lines.get(0), text(stdout), text(stderr),
                text(Arrays.copyOf(stdout, number(lines.get(1)))), text(Arrays.copyOf(stderr, number(lines.get(2)))),
                number(lines.get(3)), stragglers);
    }

    private static int number(String line) {
        return Integer.parseInt(line.substring(line.indexOf(' ') + 1));
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** This, if the command exited with the code; otherwise fails, showing everything. */
    public Outcome exited(int code) {
        return ended("exit " + code);
    }

    /** This, if the command was ended by the signal; otherwise fails, showing everything. */
    public Outcome killedBy(int signal) {
        return ended("signal " + signal);
    }

    private Outcome ended(String expected) {
        if (!end.equals(expected)) {
            throw new AssertionError("expected " + expected + ", got " + this);
        }
        return this;
    }

    /** The lines of stderr that secfilt itself wrote. */
    public List<String> reports() {
        return stderr.lines().filter(line -> line.startsWith("secfilt: ")).toList();
    }

    @Override
    public String toString() {
        return end + " after " + millis + " ms: " + String.join(" ", words) + "\n--- stdout\n" + stdout
                + "--- stderr\n" + stderr + (stragglers.isEmpty() ? "" : "--- stragglers " + stragglers);
    }
}
