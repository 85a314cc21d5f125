package org.secfilt.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The built program, as it is handed to users, and the tests' files at a place where every user may read them. */
final class Built {
    private static final Path HOME =
            Path.of(System.getProperty("secfilt.home", "target/secfilt")).toAbsolutePath();
    private static final Map<Path, Path> REACHABLE = new HashMap<>();

    private Built() {}

    /** {@code bin/secfilt}, where every user can run it. */
    static Path program() {
        return home().resolve("bin/secfilt");
    }

    /** The directory that is the built program. */
    static Path home() {
        return reachable(HOME);
    }

    static Path policy(String name) {
        return home().resolve("policies").resolve(name);
    }

    /** A script of {@code test-fixtures/}. */
    static String fixture(String name) {
        return reachable(Path.of("test-fixtures").toAbsolutePath()).resolve(name).toString();
    }

    /** The file or directory itself, or, if not everyone may go there, a copy of it that lasts as long as this JVM. */
    static synchronized Path reachable(Path path) {
        return REACHABLE.computeIfAbsent(path, Built::copyUnlessReachable);
    }

    private static Path copyUnlessReachable(Path path) {
        try {
            boolean closed = false;
            for (Path up = path.getParent(); up != null; up = up.getParent()) {
                closed |= !Files.getPosixFilePermissions(up).contains(PosixFilePermission.OTHERS_EXECUTE);
            }
            if (!closed) {
                return path;
            }
            Path place = Files.createTempDirectory("secfilt-e2e");
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
            Process copy = new ProcessBuilder("cp", "-a", path.toString(), place.toString()).inheritIO().start();
            if (!copy.waitFor(60, TimeUnit.SECONDS) || copy.exitValue() != 0) {
                throw new IllegalStateException("cannot copy " + path);
            }
            Runtime.getRuntime().addShutdownHook(new Thread(() -> NetworkRoom.removeTree(place)));
            return place.resolve(path.getFileName());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
