package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Judged calls that the supervisor is notified of: whether they are made there or handed over to the tracer, the caller cannot tell. */
class NotificationIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String REGISTERS = Fixtures.compile("registers").toString();
    private static final String STORM = Fixtures.compile("storm").toString();
    private static final String NOBODY = "10.99.0.0/16";

    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void what_a_call_does_not_change_stays_as_it_was(String notifications) {
        String bare = ROOM.command(REGISTERS, NetworkRoom.INSIDE, NetworkRoom.SILENT).run().exited(0).stdout();
        for (User user : User.values()) {
            Outcome allowed = ROOM.secfilt("--notifications=" + notifications, "--allowed-netmask=10.77.1.0/24", REGISTERS, NetworkRoom.INSIDE, NetworkRoom.SILENT)
                    .as(user).run().exited(0);
            assertEquals(bare, allowed.stdout(), allowed::toString);
            Outcome denied = ROOM.secfilt("-q", "--notifications=" + notifications, "--allowed-netmask=" + NOBODY, "--allowed-bind=" + NOBODY, REGISTERS,
                    NetworkRoom.INSIDE, NetworkRoom.SILENT).as(user).run().exited(0);
            assertEquals(bare.replaceAll("-?\\d+\n", ""), denied.stdout().replaceAll("-?\\d+\n", ""), denied::toString);
        }
    }

    /** Root's supervisor cannot signal the command then, and need not. */
    @Test
    void a_supervisor_without_CAP_KILL_answers_those_of_other_users_too() {
        String other = "exec setpriv --reuid=65534 --regid=65534 --clear-groups -- \"$@\"";
        String bare = ROOM.bash(other, REGISTERS, NetworkRoom.INSIDE, NetworkRoom.SILENT).run().exited(0).stdout();
        Outcome run = ROOM.bash("exec setpriv --bounding-set=-kill -- \"$SECFILT\" --allowed-netmask=10.77.1.0/24 -- bash -c '" + other + "' - \"$@\"",
                REGISTERS, NetworkRoom.INSIDE, NetworkRoom.SILENT).run().exited(0);
        assertEquals(bare, run.stdout(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "timer, connect", "timer, bind", "timer, sendto", "threads, connect", "threads, bind", "threads, sendto", "stops, connect", "stops, sendto",
        "jumps, connect", "jumps, bind", "jumps, sendto",
    })
    void no_signal_has_a_call_fail_that_does_not_wait(String how, String call) {
        String signals = how.equals("stops") ? "" : "signals\n";
        Outcome allowed = ROOM.secfilt("--allowed-netmask=10.77.1.0/24", "--allowed-bind=10.77.1.0/24", STORM, how, call, NetworkRoom.INSIDE, "2").run().exited(0);
        assertEquals("ok\n" + signals, allowed.stdout(), allowed::toString);
        assertEquals("", allowed.stderr());
        Outcome denied = ROOM.secfilt("-q", "--allowed-netmask=" + NOBODY, "--allowed-bind=" + NOBODY, STORM, how, call, NetworkRoom.INSIDE, "2").run().exited(0);
        assertEquals("Operation not permitted\n" + signals, denied.stdout(), denied::toString);
    }

    @Test
    void what_is_not_notified_of_is_judged_as_well() {
        for (String call : new String[] {"connect", "bind", "sendto"}) {
            Outcome denied = ROOM.secfilt("--notifications=off", "--allowed-netmask=" + NOBODY, "--allowed-bind=" + NOBODY, STORM, "timer", call,
                    NetworkRoom.INSIDE, "1").run().exited(0);
            assertEquals("Operation not permitted\nsignals\n", denied.stdout(), denied::toString);
            assertFalse(denied.stderr().isEmpty());
        }
    }
}
