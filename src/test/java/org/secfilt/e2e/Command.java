package org.secfilt.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.secfilt.Fixtures;
import org.secfilt.Reachable;

/**
 * A command of a {@link NetworkRoom}, run by {@code test-fixtures/overseer.c}: with default signals, an environment of
 * its own, files for stdout and stderr, an end in bounded time, and no process left behind.
 */
public final class Command {
    /** No account has it, so no other process does. */
    static final int ORDINARY_UID = 54771;

    /** By how much this machine is slower than most, as an emulated one. */
    private static final int SLOWNESS = Integer.getInteger("secfilt.slowness", 1);

    private final String namespace;
    private final Path directory;
    private final List<String> words;
    private final Map<String, String> environment = new HashMap<>();
    private Path workingDirectory;
    private byte[] input = {};
    private int uid;
    private int timeoutMillis = SLOWNESS * 20_000;
    private int lingerMillis = SLOWNESS * 5_000;

    Command(String namespace, Path directory, List<String> words) {
        this.namespace = namespace;
        this.directory = directory;
        this.workingDirectory = directory;
        this.words = words;
        environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("HOME", directory.toString());
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("SECFILT", Built.program().toString());
    }

    /** Run as this user; root is the default. */
    public Command as(User user) {
        uid = user == User.ROOT ? 0 : ORDINARY_UID;
        return this;
    }

    public Command input(byte[] bytes) {
        input = bytes.clone();
        return this;
    }

    public Command with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    public Command in(Path working) {
        workingDirectory = working;
        return this;
    }

    /** After this the command and all that it started are killed, and the outcome is {@code timeout}. */
    public Command timeoutMillis(int millis) {
        timeoutMillis = SLOWNESS * millis;
        return this;
    }

    /** How long processes may stay after the command ended; then they are killed, and told as stragglers. */
    public Command lingerMillis(int millis) {
        lingerMillis = millis;
        return this;
    }

    /** Runs the command to its end; fails if it left processes behind that did not end in time. */
    public Outcome run() {
        Outcome outcome = runLoosely();
        if (!outcome.stragglers().isEmpty()) {
            throw new AssertionError("left behind: " + outcome);
        }
        return outcome;
    }

    /** As {@link #run()}, but processes left behind are for the caller to judge. */
    public Outcome runLoosely() {
        try {
            Path files = Files.createTempDirectory(directory, "run");
            Path in = Files.write(files.resolve("in"), input);
            Path out = files.resolve("out");
            Path err = files.resolve("err");
            Path status = files.resolve("status");
            List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace,
                    Fixtures.compile("overseer").toString(), status.toString(), String.valueOf(timeoutMillis),
                    String.valueOf(lingerMillis), String.valueOf(uid)));
            all.addAll(words);
            ProcessBuilder builder = new ProcessBuilder(all).directory(workingDirectory.toFile())
                    .redirectInput(in.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            Process overseer = builder.start();
            if (!overseer.waitFor(timeoutMillis + lingerMillis + 10_000L, TimeUnit.MILLISECONDS)) {
                overseer.destroyForcibly();
                throw new AssertionError("the overseer of " + words + " does not end");
            }
            if (overseer.exitValue() != 0) {
                throw new AssertionError("no run of " + words + ": " + Files.readString(err));
            }
            Outcome outcome = Outcome.read(words, status, out, err);
            Reachable.remove(files);
            return outcome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + words, e);
        }
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
