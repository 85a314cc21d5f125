package org.secfilt.e2e;

import java.nio.file.Path;
import org.secfilt.Reachable;

/** The built program, as it is handed to users, and the tests' files at a place where every user may read them. */
final class Built {
    private static final Path HOME =
            Path.of(System.getProperty("secfilt.home", "target/secfilt")).toAbsolutePath();

    private Built() {}

    /** {@code bin/secfilt}, where every user can run it. */
    static Path program() {
        return home().resolve("bin/secfilt");
    }

    /** The directory that is the built program. */
    static Path home() {
        return Reachable.of(HOME);
    }

    static Path policy(String name) {
        return home().resolve("policies").resolve(name);
    }

    /** A script of {@code test-fixtures/}. */
    static String fixture(String name) {
        return Reachable.of(Path.of("test-fixtures")).resolve(name).toString();
    }
}
