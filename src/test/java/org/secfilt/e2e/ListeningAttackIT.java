package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Requirements;

/** Listening where rules on addresses do not allow it, by {@code test-fixtures/socket-attack-listening.c}. */
class ListeningAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final SocketAttacks LISTENING = new SocketAttacks(ROOM, "listening");

    @ParameterizedTest
    @EnumSource
    void nobody_listens_where_it_is_not_allowed(User user) {
        List<String> everywhere = new ArrayList<>(List.of("listen_without_bind", "listen_after_a_connection", "listen_after_a_failed_connection",
                "bind_everywhere", "bind_with_reuseport", "bind_with_reuseaddr"));
        assertEquals(SocketAttacks.said(everywhere, "::"), LISTENING.bare(user, 6, everywhere));
        assertEquals(SocketAttacks.said(everywhere, "EPERM"), LISTENING.inside(user, 6, everywhere));
        everywhere.add("bind_unspec");
        assertEquals(SocketAttacks.said(everywhere, "0.0.0.0"), LISTENING.bare(user, 4, everywhere));
        assertEquals(SocketAttacks.said(everywhere, "EPERM"), LISTENING.inside(user, 4, everywhere));

        List<String> foreign = List.of("bind_foreign");
        assertEquals(SocketAttacks.said(foreign, NetworkRoom.FAR), LISTENING.bare(user, 4, foreign));
        assertEquals(SocketAttacks.said(foreign, "EPERM"), LISTENING.inside(user, 4, foreign));
        List<String> allowed = List.of("listen_on_own_address", "listen_again_after_a_connection");
        assertEquals(SocketAttacks.said(allowed, NetworkRoom.INSIDE), LISTENING.inside(user, 4, allowed));
        assertEquals(SocketAttacks.said(allowed, NetworkRoom.INSIDE6), LISTENING.inside(user, 6, allowed));
    }

    @ParameterizedTest
    @EnumSource
    void nobody_says_which_port_is_free(User user) {
        List<String> range = List.of("bind_in_a_range_of_one");
        for (int family : new int[] {4, 6}) {
            String bare = LISTENING.bare(user, family, range);
            Requirements.need("IP_LOCAL_PORT_RANGE", !bare.contains("ENOPROTOOPT"), "it came with Linux 6.3");
            String own = family == 4 ? NetworkRoom.INSIDE : NetworkRoom.INSIDE6;
            assertEquals(SocketAttacks.said(range, own), bare);
            assertEquals(SocketAttacks.said(range, own), LISTENING.inside(user, family, range), "whose port is free anyway");
            String rule = "--allowed-bind=" + (family == 4 ? own : "[" + own + "]") + ":0";
            List<String> words = new ArrayList<>(List.of("-q", "--firewall=off", rule, "--"));
            words.addAll(LISTENING.words(family, range));
            assertEquals(SocketAttacks.said(range, "EPERM"), ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout());
        }
    }

    /** A socket at :: hears IPv4 as well. */
    @Test
    void who_may_not_listen_at_every_ipv4_address_may_not_at_every_address() throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("bind.yaml"), "version: 1\nbind:\n  deny: 0.0.0.0:9000\n").toString();
        List<String> words = new ArrayList<>(List.of("-q", "--policy", policy, "--"));
        words.addAll(LISTENING.words(6, List.of("bind_everywhere", "bind_everywhere")));
        assertEquals("bind_everywhere EPERM\nbind_everywhere ::\n", ROOM.secfilt(words.toArray(new String[0])).run().exited(0).stdout());
    }
}
