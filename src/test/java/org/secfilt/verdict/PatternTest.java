package org.secfilt.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.ByteString;

class PatternTest {
    @ParameterizedTest
    @CsvSource({
        "/tmp/a, /tmp/a, true", "/tmp/a, /tmp/ab, false", "/tmp/a, /tmp/a/b, false", "/tmp/a, /tmp/, false",
        "/run/*, /run/a, true", "/run/*, /run/a/b, false", "/run/*, /run/, true", "/run/*, /run, false",
        "/run/**, /run/a/b, true", "/run/**, /run, false", "/run/**, /runx, false",
        "/**/bus, /bus, true", "/**/bus, /a/b/bus, true", "/**/bus, /abus, false", "/run/**/bus, /run/xbus, false",
        "/run/**/bus, /run/x/bus, true", "/run/**/bus, /run/bus, true", "/run/**/bus, /run/x/y/bus, true", "/run/**/bus, /run/x/y/busy, false",
        "/run/user/*/bus, /run/user/1000/bus, true", "/run/user/*/bus, /run/user/1000/x/bus, false",
        "/run/snapd*.socket, /run/snapd-snap.socket, true", "**, /any/thing, true", "/a*b*c, /aXbYc, true", "/a*b*c, /aXbY, false",
    })
    void a_path(String pattern, String path, boolean matches) {
        assertEquals(matches, Pattern.ofPath(pattern).matches(ByteString.of(path)));
        assertEquals(matches, Oracle.glob(pattern, path, true), "the oracle");
    }

    @ParameterizedTest
    @CsvSource({
        "/tmp/dbus-*, /tmp/dbus-x/y, true", "a, a, true", "a, ab, false", "*, anything, true", "/containerd-shim/*, /containerd-shim/x.sock@, true",
    })
    void an_abstract_name(String pattern, String name, boolean matches) {
        assertEquals(matches, Pattern.ofName(pattern).matches(ByteString.of(name)));
    }

    @Test
    void a_name_is_bytes_and_a_nul_is_one_of_them() {
        ByteString name = ByteString.of(new byte[] {'a', 0, (byte) 0xff});
        assertEquals(true, Pattern.ofName("a*").matches(name));
        assertEquals(false, Pattern.ofName("a").matches(name));
        assertEquals(true, Pattern.ofPath("/ü").matches(ByteString.of("/ü")));
    }

    @Test
    void many_stars_take_no_longer() {
        Pattern pattern = Pattern.ofPath("/**a".repeat(25) + "b");
        ByteString name = ByteString.of("/a".repeat(2000));
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> assertEquals(false, pattern.matches(name)));
    }

    @Test
    void agrees_with_regular_expressions() {
        long seed = Long.getLong("secfilt.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 30_000; i++) {
            String pattern = "/" + word(random, "/a*b*", 7);
            String name = "/" + word(random, "/ab", 7);
            // Three stars in a row, and stars beside **, have no one reading in the oracle's regular expressions.
            if (pattern.contains("***") || pattern.contains("**/**")) {
                continue;
            }
            assertEquals(Oracle.glob(pattern, name, true), Pattern.ofPath(pattern).matches(ByteString.of(name)),
                    () -> "-Dsecfilt.seed=" + seed + ": " + pattern + " " + name);
            assertEquals(Oracle.glob(pattern, name, false), Pattern.ofName(pattern).matches(ByteString.of(name)),
                    () -> "-Dsecfilt.seed=" + seed + ": " + pattern + " " + name);
        }
    }

    private static String word(Random random, String letters, int most) {
        StringBuilder word = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            word.append(letters.charAt(random.nextInt(letters.length())));
        }
        return word.toString();
    }
}
