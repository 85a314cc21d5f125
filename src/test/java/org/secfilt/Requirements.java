package org.secfilt;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a test needs of the machine it runs on. A need that is not met skips the test and says why;
 * {@code -Dsecfilt.require=kernel,root} names the needs whose lack is a failure.
 */
public final class Requirements {
    private static final List<String> REQUIRED =
            Arrays.asList(System.getProperty("secfilt.require", "").split("[,\\s]+"));

    private Requirements() {}

    /** A Linux kernel with seccomp filters, and a C compiler for the fixtures that ask it. */
    public static void kernel() {
        need("kernel", System.getProperty("os.name").equals("Linux"), "this is no Linux");
        need("kernel", Files.exists(Path.of("/proc/sys/kernel/seccomp")), "this kernel has no seccomp filters");
        need("kernel", onPath("cc"), "there is no C compiler (cc) to build test-fixtures/ with");
    }

    /** Root, in the initial user namespace or in one that may make network namespaces. */
    public static void root() {
        need("root", effectiveUid() == 0, "this test needs root");
    }

    /** A program the test drives; it counts as part of the need {@code kernel}. */
    public static void program(String name) {
        need("kernel", onPath(name), "there is no " + name + " on PATH");
    }

    /** Skips, or fails when {@code requirement} is required, unless {@code met}. */
    public static void need(String requirement, boolean met, String why) {
        if (met) {
            return;
        }
        if (REQUIRED.contains(requirement)) {
            fail("-Dsecfilt.require=" + requirement + ": " + why);
        }
        abort(why);
    }

    private static boolean onPath(String program) {
        for (String directory : System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":")) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private static int effectiveUid() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("Uid:")) {
                    return Integer.parseInt(line.split("\\s+")[2]);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("/proc/self/status", e);
        }
        throw new IllegalStateException("/proc/self/status has no Uid line");
    }
}
