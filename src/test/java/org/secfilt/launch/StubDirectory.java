package org.secfilt.launch;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The real stub in a directory of its own, with a java that is a shell script: it notes how it was started,
 * then sends the prepared messages one after the other and keeps the stub's reply to each.
 */
final class StubDirectory {
    private static final int TIMEOUT_SECONDS = 20;
    private static final Path STUB =
            Path.of(System.getProperty("secfilt.stub", "target/native/secfilt")).toAbsolutePath();

    private static final String JAVA = """
            #!/bin/sh
            { echo "$@"; } > args
            env | sort > env
            pwd > cwd
            cat /proc/self/stat > stat
            # from a second shell, as redirections would show in the first
            (stat -c %N /proc/$$/fd/* > fds) & wait
            grep -E '^(SigBlk|SigIgn):' /proc/self/status > signals
            # SIGIO, by which a supervisor ends with the stub until it says otherwise
            trap '' 29
            for n in 1 2 3; do
                [ -f message.$n ] || break
                cat message.$n >&3 || break
                head -c 8 <&3 > reply.$n
            done
            echo > done
            """;

    private final Path root;

    /** What a run of the stub gave. */
    record Run(int code, String out, String err) {}

    private StubDirectory(Path root) {
        this.root = root;
    }

    static StubDirectory in(Path directory) throws IOException {
        Files.createDirectories(directory);
        StubDirectory stub = new StubDirectory(directory.toRealPath());
        Files.createDirectories(stub.binary().getParent());
        Files.createDirectories(stub.lib());
        Files.copy(STUB, stub.binary());
        Files.writeString(stub.lib().resolve("jvm.options"), "# a comment\n\n-Xfirst\n-Xsecond option\n");
        stub.java(JAVA);
        Files.writeString(stub.lib().resolve("java-home"), stub.root.resolve("java-home") + "\n");
        return stub;
    }

    Path binary() {
        return root.resolve("bin/secfilt");
    }

    Path lib() {
        return root.resolve("lib");
    }

    /** Replaces the java. */
    void java(String script) throws IOException {
        Path java = root.resolve("java-home/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, script);
        Files.setPosixFilePermissions(java, Set.of(PosixFilePermission.values()));
    }

    StubDirectory answering(byte[]... messages) throws IOException {
        for (int n = 0; n < messages.length; n++) {
            Files.write(lib().resolve("message." + (n + 1)), messages[n]);
        }
        return this;
    }

    /** {@code u32 type=1, u32 code}. */
    static byte[] exit(int code) {
        return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(1).putInt(code).array();
    }

    /** Runs the stub with these arguments. */
    Run run(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = binary().toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return finish(new ProcessBuilder(command));
    }

    /** Runs a line of bash, in which {@code $STUB} is the stub. */
    Run bash(String line) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", line);
        builder.environment().put("STUB", binary().toString());
        return finish(builder);
    }

    private Run finish(ProcessBuilder builder) throws IOException, InterruptedException {
        Path out = root.resolve("out");
        Path err = root.resolve("err");
        Process process = builder.redirectInput(new File("/dev/null"))
                .redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running: " + builder.command() + "\n" + Files.readString(err));
        }
        return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** What the java noted under this name. */
    String noted(String name) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (!Files.exists(lib().resolve("done"))) {
            if (System.nanoTime() > end) {
                throw new AssertionError("the java did not come to its end");
            }
            Thread.sleep(5);
        }
        return Files.readString(lib().resolve(name), StandardCharsets.ISO_8859_1);
    }

    /** Waits until no java works below the directory: it is nobody's child, and may write there after the stub's end. */
    static void awaitIdle(Path directory) throws IOException, InterruptedException {
        Path below = directory.toRealPath();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (isWorkplace(below)) {
            if (System.nanoTime() > end) {
                throw new AssertionError("a java still works in " + below);
            }
            Thread.sleep(5);
        }
    }

    private static boolean isWorkplace(Path directory) throws IOException {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                try {
                    if (Files.readSymbolicLink(process.resolve("cwd")).startsWith(directory)) {
                        return true;
                    }
                } catch (IOException e) {
                    continue; // it has ended
                }
            }
        }
        return false;
    }

    /** The stub's reply to the n-th message: step and errno, or nothing at the end-of-file. */
    List<Integer> reply(int n) throws IOException, InterruptedException {
        noted("done");
        byte[] reply = Files.readAllBytes(lib().resolve("reply." + n));
        if (reply.length == 0) {
            return List.of();
        }
        ByteBuffer words = ByteBuffer.wrap(Arrays.copyOf(reply, 8)).order(ByteOrder.nativeOrder());
        return List.of(words.getInt(), words.getInt());
    }
}
