package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** Calls that have done a part when a signal comes: where that does nothing they do the rest, by {@code test-fixtures/cut-short.c} and cut-short-beside.c. */
class CutShortIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String PROBE = Fixtures.compile("cut-short").toString();
    private static final String BESIDE = Fixtures.compile("cut-short-beside").toString();

    @ParameterizedTest
    @CsvSource({"ORDINARY, --notifications=auto", "ORDINARY, --landlock=off", "ROOT, --notifications=off"})
    void they_end_as_without(User user, String option) {
        String without = same(PROBE, user, option);
        assertTrue(without.contains("write pipe 17 all\n") && without.contains("write pipe 10 part\n"), without);
    }

    @ParameterizedTest
    @CsvSource({"ORDINARY, --notifications=auto", "ORDINARY, --landlock=off", "ROOT, --notifications=off"})
    void whatever_comes_beside(User user, String option) {
        String without = same(BESIDE, user, option);
        assertTrue(without.contains("storm pipe 28 threads all\n") && without.contains("masked waits\n"), without);
    }

    private static String same(String probe, User user, String option) {
        Outcome without = ROOM.command(probe).as(user).timeoutMillis(180_000).run().exited(0);
        Outcome run = ROOM.secfilt(option, "--allowed-netmask=127.0.0.0/8", probe).as(user).timeoutMillis(180_000).run().exited(0);
        assertEquals(without.stdout(), run.stdout(), run::toString);
        return without.stdout();
    }

    /** Not cut short by a change of the terminal's size. */
    @ParameterizedTest
    @CsvSource({"WINCH", "CHLD"})
    void dd_copies_all(String signal) {
        Outcome run = ROOM.bash("$SECFILT --allowed-port=1 dd if=/dev/urandom of=/dev/null bs=100M count=1 2>&1 & for i in 1 2 3 4 5; do sleep 0.1; kill -$0 $!; done; wait $!"
                .replace("$0", signal)).run().exited(0);
        assertTrue(run.stdout().startsWith("1+0 records in\n1+0 records out\n"), run::toString);
    }
}
