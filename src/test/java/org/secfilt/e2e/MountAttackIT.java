package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;

/** Commands that may mount, in the mount namespace of the supervisor, over what this reads in /proc. */
class MountAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.INSIDE;
    private static final String SINK = "9";

    @BeforeAll
    static void there_are_namespaces() {
        Requirements.program("unshare");
    }

    /** Root of the host, or of a user namespace that secfilt is started in. */
    private static Command secfilt(User user, String... words) {
        String kind = user == User.ROOT ? "-m" : "-Urm";
        List<String> all = new ArrayList<>(List.of("unshare", kind, "--propagation", "private", Built.program().toString()));
        all.addAll(List.of(words));
        return ROOM.command(all.toArray(new String[0])).as(user);
    }

    @ParameterizedTest
    @CsvSource({"ROOT, off", "ORDINARY, off", "ORDINARY, auto"})
    void a_vault_is_not_forged(User user, String firewall) {
        Outcome run = secfilt(user, "-q", "--firewall=" + firewall, ALLOWED, Fixtures.compile("vault-image").toString(), "forged",
                ProcessAttackIT.inPlaceOfTheVault("vault-image"), NetworkRoom.INSIDE, NetworkRoom.FAR, SINK).run().exited(0);
        assertEquals("EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Calls that are left to the tracee work too, and tell who it was; so does what is started after. */
    @Test
    void nothing_is_lost_where_another_file_system_is_mounted_over_proc() {
        for (User user : User.values()) {
            Outcome run = secfilt(user, "--firewall=off", ALLOWED, "sh", "-c",
                    "mount -t tmpfs none /proc && exec /usr/bin/python3 -c \"$1\"", "sh", """
                    import socket
                    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    for length in 1, 20000: print(udp.sendto(b"x" * length, ("10.77.1.2", 9)))
                    try: udp.sendto(b"x", ("10.77.2.1", 9))
                    except OSError as e: print(e.strerror)""").run().exited(0);
            assertEquals("1\n20000\nOperation not permitted\n", run.stdout(), run::toString);
            assertTrue(run.reports().get(0).contains("denied sendto 10.77.2.1:9/udp by python3["), run::toString);
            assertEquals(List.of(), ROOM.arrived());
        }
    }
}
