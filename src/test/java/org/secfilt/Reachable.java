package org.secfilt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Files at a place where every user may read them: the project may have been cloned below a home that is closed to others. */
public final class Reachable {
    private static final Map<Path, Path> PLACES = new HashMap<>();

    private Reachable() {}

    /** The file or directory itself, or, if not everyone may go there, a copy of it that lasts as long as this JVM. */
    public static synchronized Path of(Path path) {
        return PLACES.computeIfAbsent(path.toAbsolutePath(), Reachable::copyUnlessReachable);
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
            Path place = Files.createTempDirectory("secfilt-reachable");
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
            Process copy = new ProcessBuilder("cp", "-a", path.toString(), place.toString()).inheritIO().start();
            if (!copy.waitFor(60, TimeUnit.SECONDS) || copy.exitValue() != 0) {
                throw new IllegalStateException("cannot copy " + path);
            }
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(place)));
            return place.resolve(path.getFileName());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Removes the directory and all that is below it. */
    public static void remove(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
