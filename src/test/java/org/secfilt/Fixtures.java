package org.secfilt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The C programs of {@code test-fixtures/}, each compiled once into {@code target/test-fixtures/} and run from where every user may.
 */
public final class Fixtures {
    private static final Path SOURCES = Path.of("test-fixtures").toAbsolutePath();
    private static final Path BINARIES = Path.of("target", "test-fixtures").toAbsolutePath();

    private Fixtures() {}

    /**
     * The program of {@code test-fixtures/NAME.c}, compiled unless an up-to-date one is there. It is made aside and
     * renamed, so that test processes that race for it each see a whole program.
     *
     * @param flags more compiler flags, after {@code -Wall -Wextra -Werror -pthread}, such as {@code -static}
     */
    public static synchronized Path compile(String name, String... flags) {
        Path source = SOURCES.resolve(name + ".c");
        Path binary = BINARIES.resolve(name + String.join("", flags).replace('/', '_'));
        try {
            if (Files.exists(binary) && isNewer(binary, source) && isNewerThanHeaders(binary)) {
                return Reachable.of(binary);
            }
            Files.createDirectories(BINARIES);
            Path fresh = Files.createTempFile(BINARIES, name, ".new");
            List<String> command = new ArrayList<>(
                    List.of("cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"));
            command.addAll(List.of(flags));
            command.addAll(List.of("-o", fresh.toString(), source.toString()));
            Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
            compiler.getOutputStream().close();
            String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (compiler.waitFor() != 0) {
                Files.delete(fresh);
                throw new AssertionError(String.join(" ", command) + "\n" + said);
            }
            // A program that its user may not read runs undumpable, and ptrace(2) may not read it either.
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(fresh, binary, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return Reachable.of(binary);
        } catch (IOException e) {
            throw new UncheckedIOException(source.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while compiling " + source, e);
        }
    }

    /** Than all of them: which ones a program includes only the compiler knows. */
    private static boolean isNewerThanHeaders(Path binary) throws IOException {
        try (DirectoryStream<Path> headers = Files.newDirectoryStream(SOURCES, "*.h")) {
            for (Path header : headers) {
                if (!isNewer(binary, header)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isNewer(Path binary, Path source) throws IOException {
        return Files.getLastModifiedTime(binary).compareTo(Files.getLastModifiedTime(source)) >= 0;
    }
}
