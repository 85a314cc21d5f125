package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * What a call points at is changed while the call is made, by a thread and by a process that shares the memory; what was judged must be
 * what happens. {@code -Dsecfilt.race.tries=N} tries each case N times.
 */
class RaceIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final int TRIES = Integer.getInteger("secfilt.race.tries", 2000);
    /** Nobody serves it, inside neither: a half-changed address may have the allowed host with this port. */
    private static final String PORT = "9";
    /** A try takes a tenth of a millisecond, and more where the room's receiver has to look at each packet. */
    private static final int PATIENCE_MILLIS = 20_000 + 2 * TRIES;
    private static final Pattern COUNTS = Pattern.compile("allowed (\\d+) forbidden (\\d+) denied (\\d+) other (\\d+)\n");
    private static final String RACE = Fixtures.compile("race").toString();
    private static final String FAULT = Fixtures.compile("fault").toString();
    private static final String OWN_CALLS = Fixtures.compile("own-calls").toString();
    /** What is judged is made by the supervisor, which is notified of it or is its tracer, or by the process itself on the vault. */
    private static final List<List<String>> RACES = List.of(List.of(RACE), List.of("--notifications=off", RACE), List.of(OWN_CALLS, RACE));
    private static final String VAULT_ATTACK = Fixtures.compile("vault-attack").toString();

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(delimiter = '|', textBlock = """
            connect     | content
            udp-connect | content
            sendto      | content
            sendmsg     | content
            sendmsg     | pointer
            sendmsg     | length
            sendmsg     | header
            sendmmsg    | content
            sendmmsg    | pointer
            sendmmsg    | length
            sendmmsg    | header
            """)
    void a_call_goes_where_it_was_judged_to_go(String call, String what) {
        for (List<String> race : RACES) {
            for (String by : List.of("thread", "process")) {
                holds(room("--allowed-netmask=" + NetworkRoom.INSIDE, race, call, what, by, NetworkRoom.INSIDE, NetworkRoom.FAR, PORT));
            }
            holds(room("--allowed-netmask=" + NetworkRoom.INSIDE6, race, call, what, "thread", NetworkRoom.INSIDE6, NetworkRoom.FAR6, PORT));
        }
    }

    private static Command room(String option, List<String> race, String call, String what, String by, String allowed, String forbidden,
            String port) {
        List<String> words = new ArrayList<>(List.of("-q", option));
        words.addAll(race);
        words.addAll(List.of(call, what, by, String.valueOf(TRIES), allowed, forbidden, port));
        return ROOM.secfilt(words.toArray(new String[0]));
    }

    @ParameterizedTest
    @CsvSource({NetworkRoom.INSIDE + ",127.0.0.1", NetworkRoom.INSIDE6 + ",::1"})
    void a_socket_is_bound_where_it_was_judged_to_be(String allowed, String forbidden) {
        for (List<String> race : RACES) {
            for (String by : List.of("thread", "process")) {
                holds(room("--allowed-bind=" + allowed, race, "bind", "content", by, allowed, forbidden, "0"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix-connect content", "unix-sendto content", "unix-sendmsg content", "unix-sendmsg pointer", "unix-sendmsg header"})
    void a_unix_socket_is_the_one_that_was_judged(String attack) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("unix.yaml"), "version: 1\nunix:\n  deny: " + ROOM.directory() + "/deny/*\n")
                .toString();
        ROOM.bash("mkdir -p allow deny; chmod 777 allow deny").run().exited(0);
        for (String by : List.of("thread", "process")) {
            holds(ROOM.secfilt("-q", "--policy", policy, RACE, attack.split(" ")[0], attack.split(" ")[1], by, String.valueOf(TRIES),
                    ROOM.directory() + "/allow/s", ROOM.directory() + "/deny/s"));
        }
    }

    private static void holds(Command race) {
        Outcome run = race.as(User.ORDINARY).timeoutMillis(PATIENCE_MILLIS).run().exited(0);
        Matcher counts = COUNTS.matcher(run.stdout());
        assertTrue(counts.matches(), run::toString);
        assertEquals("0", counts.group(2), run::toString);
        // Both came about, or nothing was tried.
        assertTrue(Integer.parseInt(counts.group(1)) > 0 && Integer.parseInt(counts.group(3)) > 0, run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void the_vault_stays_as_it_is(User user) {
        int tries = Math.max(100, TRIES / 10);
        Outcome run = ROOM.secfilt("-q", "--allowed-netmask=" + NetworkRoom.INSIDE, OWN_CALLS, VAULT_ATTACK,
                String.valueOf(tries), NetworkRoom.INSIDE, NetworkRoom.FAR, PORT).as(user).timeoutMillis(10 * PATIENCE_MILLIS).run().exited(0);
        assertTrue(run.stdout().matches("attacks \\d+ sent [1-9]\\d* denied [1-9]\\d* vaults [1-9]\\d*\n"), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** The page is filled anew whenever somebody reads it. As root, by userfaultfd(2). */
    @Test
    void an_address_that_comes_by_a_page_fault_is_the_one_that_was_judged() {
        String bare = ROOM.command(FAULT, "2000", "127.0.0.1", "127.0.0.3").run().exited(0).stdout();
        assertTrue(bare.matches("sent 2000 denied 0 other 0 forbidden [1-9]\\d*\n"), bare);
        String run = ROOM.secfilt("-q", "--allowed-netmask=127.0.0.1", FAULT, String.valueOf(TRIES), "127.0.0.1", "127.0.0.3")
                .timeoutMillis(PATIENCE_MILLIS).run().exited(0).stdout();
        assertTrue(run.matches("sent [1-9]\\d* denied [1-9]\\d* other 0 forbidden 0\n"), run);
    }

    /** Without this a fixture that attacks nothing would pass for a vault that holds. */
    @Test
    void the_attacks_are_real() {
        String race = ROOM.command(RACE, "sendto", "content", "thread", "20000", NetworkRoom.INSIDE, NetworkRoom.FAR, PORT).run().exited(0).stdout();
        assertTrue(race.startsWith("allowed "), race);
        assertTrue(ROOM.arrived().contains("udp " + NetworkRoom.FAR + ":" + PORT), race);
        String attacks = ROOM.command(VAULT_ATTACK, "10", NetworkRoom.INSIDE, NetworkRoom.FAR, PORT).run().exited(0).stdout();
        for (String attack : List.of("munmap", "munmap from below", "mmap over", "mmap from below", "mprotect", "mremap here", "shmat SHM_REMAP",
                "madvise", "/proc/self/mem", "process_vm_writev")) {
            assertTrue(attacks.contains(attack + " succeeded "), attacks);
        }
    }
}
