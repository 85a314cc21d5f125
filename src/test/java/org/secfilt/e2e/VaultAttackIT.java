package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** Ways to have the kernel itself put other memory in the place of the vault; {@code test-fixtures/vault-place.c} tells how. */
class VaultAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ATTACK = Fixtures.compile("vault-place").toString();

    /** What the way itself comes to, and what the send that would read the command's own memory. */
    @ParameterizedTest
    @CsvSource({"ring, 'io_setup: ENOSYS, sent'", "segment, EPERM", "named, EPERM"})
    void the_vault_is_where_it_was_or_nothing_is_sent(String how, String becomes) {
        for (User user : User.values()) {
            for (String notifications : List.of("auto", "off")) {
                Outcome run = ROOM.secfilt("-q", "--firewall=off", "--notifications=" + notifications, "--allowed-netmask=" + NetworkRoom.INSIDE,
                        ATTACK, how, NetworkRoom.INSIDE, NetworkRoom.FAR, "9").as(user).timeoutMillis(60_000).run().exited(0);
                assertEquals(becomes, String.join(", ", run.stdout().lines().toList()), run::toString);
                assertEquals(List.of(), ROOM.arrived(), how);
            }
        }
    }
}
