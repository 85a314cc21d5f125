package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/**
 * Processes that put themselves in a Landlock domain may do no more than without us, however soon they are about it: by
 * {@code test-fixtures/newcomers.c}.
 */
class RestrictedIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String NEWCOMERS = Fixtures.compile("newcomers").toString();
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String TIMES = "400";

    @ParameterizedTest
    @CsvSource({"restricted, ROOT", "restricted, ORDINARY", "made, ROOT", "made, ORDINARY"})
    void the_supervisor_connects_for_none_that_may_not_itself(String who, User user) {
        String[] words = {NEWCOMERS, who, TIMES, NetworkRoom.NEAR, "8001"};
        assertEquals(TIMES + " Permission denied\n", ROOM.command(words).as(user).run().exited(0).stdout());
        assertEquals(List.of(), ROOM.arrived());
        for (String notifications : List.of("auto", "off")) {
            Outcome run = ROOM.secfilt("--notifications=" + notifications, ALLOWED, words[0], words[1], words[2], words[3], words[4])
                    .as(user).timeoutMillis(60_000).run().exited(0);
            assertEquals(TIMES + " Permission denied\n", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }
}
