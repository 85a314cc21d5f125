package org.secfilt.e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code test-fixtures/receiver.py} in one namespace: echo services, and what arrived at an interface. */
final class Receiver {
    private final Process process;
    private final BufferedReader lines;
    private int marks;

    Receiver(String namespace, String networkInterface, String... ports) {
        List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", namespace, "/usr/bin/python3",
                Path.of("test-fixtures/receiver.py").toAbsolutePath().toString(), networkInterface));
        words.addAll(List.of(ports));
        try {
            process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            lines = process.inputReader();
            if (!"ready".equals(lines.readLine())) {
                throw new IllegalStateException("the receiver did not get ready");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What arrived since this was last asked, once nothing more is coming in. */
    List<String> arrived() {
        String mark = "mark " + ++marks;
        List<String> arrived = new ArrayList<>();
        try {
            process.outputWriter().write(mark + "\n");
            process.outputWriter().flush();
            for (String line = lines.readLine(); !mark.equals(line); line = lines.readLine()) {
                if (line == null) {
                    throw new IllegalStateException("the receiver ended");
                }
                arrived.add(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the receiver " + (process.isAlive() ? "is there" : "ended with " + process.exitValue()), e);
        }
        return arrived;
    }

    void close() {
        process.destroyForcibly();
    }
}
