package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * Seccomp filters that the command stacks on secfilt's. They see the calls that the supervisor puts in the place of a judged one, and may
 * answer them: that must end in a denial, never in a call that runs on the command's own memory.
 */
class FilterAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ATTACK = Fixtures.compile("filter-attack").toString();
    private static final String TRAPPED = Fixtures.compile("trapped").toString();
    private static final String OWN_CALLS = Fixtures.compile("own-calls").toString();
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;

    /** What becomes of three sends to an allowed address, and of three to a forbidden one. */
    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource(delimiter = '|', textBlock = """
            errno      | sendto | EACCES EACCES EACCES         | EACCES EACCES EACCES
            notify     | sendto | ENOSYS ENOSYS ENOSYS         | ENOSYS ENOSYS ENOSYS
            trap       | sendto | EINTR EINTR EINTR            | EINTR EINTR EINTR
            trap-again | sendto | EINTR EINTR EINTR            | EINTR EINTR EINTR
            kill       | sendto | ''                           | ''
            log        | sendto | sent sent sent               | EPERM EPERM EPERM
            trace      | sendto | sent sent sent               | EPERM EPERM EPERM
            listener   | sendto | filter EBUSY sent sent sent  | filter EBUSY EPERM EPERM EPERM
            tsync      | sendto | sent sent sent               | EPERM EPERM EPERM
            spec-allow | sendto | sent sent sent               | EPERM EPERM EPERM
            errno      | mmap   | EPERM EPERM EPERM            | EPERM EPERM EPERM
            errno-0    | mmap   | EPERM EPERM EPERM            | EPERM EPERM EPERM
            notify     | mmap   | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trap       | mmap   | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trap-again | mmap   | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trace      | mmap   | sent sent sent               | EPERM EPERM EPERM
            kill       | mmap   | ''                           | EPERM EPERM EPERM
            errno      | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            errno-0    | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            eintr      | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            restart    | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            notify     | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trap       | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trap-again | munmap | EPERM EPERM EPERM            | EPERM EPERM EPERM
            trace      | munmap | sent sent sent               | EPERM EPERM EPERM
            kill       | munmap | ''                           | EPERM EPERM EPERM
            errno      | close  | sent sent sent               | EPERM EPERM EPERM
            errno-0    | close  | sent sent sent               | EPERM EPERM EPERM
            trap       | close  | sent sent sent               | EPERM EPERM EPERM
            trap-again | close  | sent sent sent               | EPERM EPERM EPERM
            errno      | others | sent sent sent               | EPERM EPERM EPERM
            notify     | others | sent sent sent               | EPERM EPERM EPERM
            trap       | others | sent sent sent               | EPERM EPERM EPERM
            trace      | others | sent sent sent               | EPERM EPERM EPERM
            kill       | others | sent sent sent               | EPERM EPERM EPERM
            listener   | munmap | filter EBUSY sent sent sent  | filter EBUSY EPERM EPERM EPERM
            """)
    void a_filter_of_the_commands_own_only_takes_away(String action, String on, String near, String far) {
        for (User user : User.values()) {
            only_takes_away(user, near, far, OWN_CALLS, ATTACK, action, on);
            if (on.equals("sendto")) { // the other calls are made for the vault alone
                only_takes_away(user, near, far, ATTACK, action, on);
            }
        }
    }

    private static void only_takes_away(User user, String near, String far, String... attack) {
        Outcome allowed = to(NetworkRoom.NEAR, attack).as(user).run();
        assertEquals(near, said(allowed), allowed::toString);
        ROOM.arrived();
        Outcome forbidden = to(NetworkRoom.FAR, attack).as(user).run();
        assertEquals(far, said(forbidden), forbidden::toString);
        assertEquals(List.of(), ROOM.arrived(), forbidden::toString);
    }

    /**
     * Of a program that has calls trapped, with threads and signals besides: its handler is to see its own calls alone. What the handler does | on
     * which calls | what becomes of calls to an allowed address, of its own ones, and how many others the handler saw.
     */
    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource(delimiter = '|', textBlock = """
            0       | munmap   | 160 EPERM           | 0 of its own   | 0 others
            1       | munmap   | 160 EPERM           | 0 of its own   | 0 others
            231     | munmap   | 160 EPERM           | 0 of its own   | 0 others
            kept    | munmap   | 160 EPERM           | 0 of its own   | 0 others
            emulate | munmap   | 160 EPERM           | 160 of its own | 0 others
            0       | mmap     | 160 EPERM           | 0 of its own   | 0 others
            emulate | mmap     | 160 EPERM           | 160 of its own | 0 others
            0       | close    | 160 done            | 0 of its own   | 0 others
            kept    | close    | 160 done            | 0 of its own   | 0 others
            emulate | close    | 160 done            | 320 of its own | 0 others
            emulate | vault    | 160 EPERM           | 640 of its own | 0 others
            0       | sendmsg  | 160 EPERM           | 0 of its own   | 0 others
            kept    | sendmsg  | 160 EPERM           | 0 of its own   | 0 others
            kept    | nothing  | 160 done            | 0 of its own   | 0 others
            emulate | dispatch | 160 done            | 160 of its own | 0 others
            -4      | dispatch | 160 EINTR           | 160 of its own | 0 others
            """)
    void who_traps_calls_is_not_shown_the_supervisors(String handler, String on, String near, String own, String others) {
        for (String notifications : List.of("auto", "off")) {
            for (User user : User.values()) {
                String[] words = {"--notifications=" + notifications, OWN_CALLS, TRAPPED, handler, on, "40"};
                Outcome allowed = to(NetworkRoom.NEAR, words).as(user).run();
                assertEquals(near + " " + own + " " + others, said(allowed), allowed::toString);
                ROOM.arrived();
                Outcome forbidden = to(NetworkRoom.FAR, words).as(user).run();
                assertEquals((on.equals("dispatch") ? near.replace("done", "EPERM") : "160 EPERM") + " " + own + " " + others,
                        said(forbidden), forbidden::toString);
                assertEquals(List.of(), ROOM.arrived(), forbidden::toString);
            }
        }
    }

    /** Without secfilt. */
    @ParameterizedTest
    @ValueSource(strings = {"vault", "dispatch"})
    void a_handler_makes_the_calls_that_were_trapped(String on) {
        Outcome bare = ROOM.command(TRAPPED, "emulate", on, "40", NetworkRoom.NEAR, "8002").run().exited(0);
        assertEquals("160 done " + (on.equals("vault") ? "640" : "160") + " of its own 0 others", said(bare), bare::toString);
    }

    private static Command to(String address, String... attack) {
        List<String> words = new ArrayList<>(List.of("-q", ALLOWED));
        words.addAll(List.of(attack));
        words.addAll(List.of(address, "8002"));
        return ROOM.secfilt(words.toArray(new String[0]));
    }

    private static String said(Outcome run) {
        return run.stdout().strip().replace('\n', ' ');
    }

    /** A filter that another thread puts on all comes to a call while the supervisor has it made again, with signals blocked. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void a_filter_that_comes_to_a_call_of_another_thread_leaves_no_signals_blocked(String notifications) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("unix.yaml"),
                "version: 1\nmode: local\nunix: {mode: allow, deny: [/run/none.sock]}\n").toString();
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("-q", "--notifications=" + notifications, "--policy=" + policy, Fixtures.compile("left-blocked").toString(),
                    "vault", "100").as(user).run().exited(0);
            assertEquals("100 of 100 refused, 0 with signals blocked", said(run), run::toString);
        }
    }

    /** Without secfilt all of these get through, and a listener of one's own is to be had. */
    @Test
    void the_sends_are_real() {
        for (String action : List.of("listener", "log", "tsync", "spec-allow", "allow")) {
            assertEquals("sent sent sent", said(ROOM.command(ATTACK, action, "sendto", NetworkRoom.FAR, "8002").run().exited(0)));
            assertEquals(3, ROOM.arrived().size());
        }
    }
}
