package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/**
 * Processes that put themselves in a Landlock domain may do no more than without us, and others no less, however soon they are about it: by
 * {@code test-fixtures/newcomers.c}.
 */
class RestrictedIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String NEWCOMERS = Fixtures.compile("newcomers").toString();
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String TIMES = "400";
    private static final String SERVED = """
            cd "$(mktemp -d)"; chmod 755 .; trap 'rm -rf "$PWD"' EXIT
            printf 'version: 1\\nunix: {deny: [/run/docker.sock]}\\n' > unix.yaml
            python3 -c 'import socket
            server = socket.socket(socket.AF_UNIX)
            server.bind("s")
            server.listen(9)
            while True:
                server.accept()' & server=$!
            until [ -S s ]; do sleep 0.02; done
            """;
    private static final String END = "; code=$?; kill $server; exit $code";

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

    @ParameterizedTest
    @EnumSource
    void nothing_is_taken_from_others(User user) {
        String command = "\"$SECFILT\" --violation-exit=77 --policy=unix.yaml \"$1\" beside " + TIMES + " \"$PWD/s\"";
        Outcome run = ROOM.bash(SERVED + command + END, NEWCOMERS).as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals(TIMES + " connected\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** It cannot follow the path of the keeper's descriptor. */
    @Test
    void it_is_told_that_a_restricted_one_comes_to_no_path() {
        for (String who : List.of("restricted", "made")) {
            String command = "\"$SECFILT\" --policy=unix.yaml \"$1\" " + who + " 40 \"$PWD/s\"";
            Outcome run = ROOM.bash(SERVED + command + END, NEWCOMERS).run().exited(0);
            assertEquals("40 Operation not permitted\n", run.stdout(), run::toString);
            assertTrue(run.stderr().contains("a Landlock domain of its own"), run::toString);
        }
    }

    @Test
    void who_asked_for_a_domain_in_vain_is_not_taken_for_one_that_has_it() {
        String command = "\"$SECFILT\" --violation-exit=77 --policy=unix.yaml \"$1\" \"$2\" beside 40 \"$PWD/s\"";
        Outcome run = ROOM.bash(SERVED + command + END, Fixtures.compile("own-calls").toString(), NEWCOMERS)
                .run().exited(0);
        assertEquals("40 connected\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** A socket of another protocol could be put in the place of theirs. */
    @Test
    void where_a_rule_is_for_one_protocol_they_are_told_what_to_write() throws IOException {
        Outcome run = one(NEWCOMERS, "made", "4", NetworkRoom.NEAR, "8001").exited(0);
        assertEquals("4 Operation not permitted\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains(": the rules allow this address to one protocol alone, and "), run::toString);
        assertTrue(run.stderr().contains("allow it without a protocol"), run::toString);
    }

    /** One that calls before it was told who made it, and who that one, is answered when that is known. */
    @ParameterizedTest
    @CsvSource({"beside, auto", "lines, auto", "lines, off", "siblings, auto", "siblings, off"})
    void where_a_rule_is_for_one_protocol_nothing_is_taken_from_others(String who, String notifications) throws IOException {
        Outcome run = one("--violation-exit=77", "--notifications=" + notifications, NEWCOMERS, who, TIMES, NetworkRoom.NEAR, "8001").exited(0);
        assertEquals(TIMES + " connected\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** As the kernel has it: one that does not know the flag restricts nobody. */
    @Test
    void who_asked_for_all_of_its_process_has_all_of_it_restricted_or_nobody() throws IOException {
        String[] words = {NEWCOMERS, "together", "40", NetworkRoom.NEAR, "8001"};
        String bare = ROOM.command(words).as(User.ORDINARY).run().exited(0).stdout();
        assertEquals(bare, ROOM.secfilt(ALLOWED, words[0], words[1], words[2], words[3], words[4]).as(User.ORDINARY).run().exited(0).stdout());
        Outcome run = one(words).exited(0);
        assertEquals(bare.equals("40 connected\n") ? bare : "40 Operation not permitted\n", run.stdout(), run::toString);
    }

    /** Under a rule for TCP alone, without the firewall. */
    private static Outcome one(String... words) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("one.yaml"),
                "version: 1\nmode: deny\nconnect: {allow: [{address: %s, protocol: tcp}]}\n".formatted(NetworkRoom.NEAR)).toString();
        List<String> all = new ArrayList<>(List.of("--firewall=off", "--policy", policy));
        all.addAll(List.of(words));
        return ROOM.secfilt(all.toArray(new String[0])).as(User.ORDINARY).timeoutMillis(60_000).run();
    }
}
