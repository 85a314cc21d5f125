package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/**
 * Addresses of every shape, short, long, across pages, unmapped, of a wrong family, on sockets of every kind and on none: a program under
 * rules that allow all of them sees what it sees without, by {@code test-fixtures/sockaddr-probe.c}.
 */
class SockaddrIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String PROBE = Fixtures.compile("sockaddr-probe").toString();
    /** 17 000 calls, and nearly each of them stops. */
    private static final int PATIENCE_MILLIS = 120_000;

    @ParameterizedTest
    @EnumSource
    void the_kernel_says_what_it_says_without(User user) {
        List<String> without = lines(ROOM.command(PROBE).as(user).run());
        List<String> with = lines(ROOM.secfilt("-q", "--allowed-netmask=0.0.0.0/0", "--allowed-netmask=::/0", "--allowed-bind=0.0.0.0/0",
                "--allowed-bind=::/0", PROBE)
                .as(user).timeoutMillis(PATIENCE_MILLIS).run());
        assertSame(without, with);
        for (String answer : List.of("ok", "EFAULT", "EINVAL", "EAFNOSUPPORT", "ENOTSOCK", "EBADF", "EDESTADDRREQ", "EISCONN", "EPIPE")) {
            assertTrue(without.stream().anyMatch(line -> line.contains(" " + answer + " ")), answer + " is never said");
        }
    }

    /** Nothing could have gone anywhere, so there is nothing to deny. */
    @ParameterizedTest
    @CsvSource({"--allowed-netmask=10.77.9.9 --allowed-bind=10.77.9.9", "--no-outbound-network",
        "--notifications=off --allowed-netmask=10.77.9.9 --allowed-bind=10.77.9.9"})
    void the_kernel_says_of_what_is_no_socket_what_it_says_without_and_no_denial_is_told(String options) {
        List<String> without = lines(ROOM.command(PROBE, "none").run());
        List<String> words = new ArrayList<>(List.of(options.split(" ")));
        words.addAll(List.of(PROBE, "none"));
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).timeoutMillis(PATIENCE_MILLIS).run();
            assertSame(without, lines(run));
            assertEquals("", run.stderr());
        }
    }

    private static List<String> lines(Outcome run) {
        return run.exited(0).stdout().lines().toList();
    }

    private static void assertSame(List<String> without, List<String> with) {
        assertEquals(without.size(), with.size());
        List<String> different = new ArrayList<>();
        for (int i = 0; i < without.size(); i++) {
            if (!with.get(i).equals(without.get(i))) {
                different.add(without.get(i) + " => " + with.get(i));
            }
        }
        assertEquals(List.of(), different, () -> different.size() + " of " + without.size());
    }
}
