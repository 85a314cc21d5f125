package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** That the room sees what it claims to see: nothing here runs under secfilt. */
class HarnessIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String TALK = Fixtures.compile("talk").toString();

    @ParameterizedTest
    @ValueSource(strings = {"connect", "fastopen", "udp-connect", "sendto", "sendmsg", "sendmmsg", "send", "write"})
    void sees_what_arrives_outside_by_each_call_and_family(String call) {
        String kind = call.equals("connect") || call.equals("fastopen") ? "tcp" : "udp";
        for (String address : List.of(NetworkRoom.NEAR, NetworkRoom.FAR, NetworkRoom.PUBLIC, NetworkRoom.METADATA,
                NetworkRoom.NEAR6, NetworkRoom.FAR6, NetworkRoom.PUBLIC6)) {
            assertEquals(call + " " + address + " 8001 ok\n",
                    ROOM.command(TALK, call, address, "8001").run().exited(0).stdout());
            String line = kind + " " + (address.contains(":") ? "[" + address + "]" : address) + ":8001";
            assertEquals(call.equals("sendmmsg") ? List.of(line, line) : List.of(line), ROOM.arrived());
        }
        assertEquals(List.of(), ROOM.arrivedInside());
    }

    @Test
    void sees_what_arrives_inside_on_loopback_and_on_its_own_addresses() {
        for (String address : List.of("127.0.0.1", "::1", NetworkRoom.INSIDE, NetworkRoom.INSIDE6)) {
            String shown = address.contains(":") ? "[" + address + "]" : address;
            ROOM.command(TALK, "connect", address, "8002").run().exited(0);
            assertEquals(List.of("tcp " + shown + ":8002"), ROOM.arrivedInside());
            ROOM.command(TALK, "sendto", address, "8002").run().exited(0);
            assertEquals("udp " + shown + ":8002", ROOM.arrivedInside().get(0));
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void sees_a_connect_to_a_port_that_nobody_serves_and_a_ping() {
        assertEquals("connect 10.77.1.1 9 ECONNREFUSED\n", ROOM.command(TALK, "connect", NetworkRoom.NEAR, "9").run().exited(1).stdout());
        assertEquals(List.of("tcp 10.77.1.1:9"), ROOM.arrived());
        ROOM.command("python3", "-c", """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
                s.sendto(b"\\x08\\0\\xf7\\xff\\0\\0\\0\\0", ("10.77.1.1", 0))""").run().exited(0);
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void tells_how_a_command_ends(User user) {
        assertEquals(user == User.ROOT ? "0\n" : "54771\n",
                ROOM.command("id", "-u").as(user).run().exited(0).stdout());
        ROOM.bash("exit 137").as(user).run().exited(137);
        ROOM.bash("kill -KILL $$").as(user).run().killedBy(9);
        assertEquals("timeout 0", ROOM.command("sleep", "60").as(user).timeoutMillis(200).run().end());
        assertEquals("hello", ROOM.command("cat").as(user).input(new byte[] {'h', 'e', 'l', 'l', 'o'}).run().stdout());
    }

    @Test
    void tells_what_a_command_left_behind_and_what_was_said_before_its_end() {
        Outcome left = ROOM.bash("sleep 60 & echo early").lingerMillis(200).runLoosely().exited(0);
        assertEquals(List.of("sleep"), left.stragglers());
        Outcome late = ROOM.bash("echo early >&2; (sleep 0.3; echo late >&2) &").run();
        assertEquals("early\n", late.errAtEnd());
        assertEquals("early\nlate\n", late.stderr());
        assertThrows(AssertionError.class, () -> ROOM.bash("sleep 60 &").lingerMillis(100).run());
    }

    @Test
    void resolves_names_at_the_peer() {
        ROOM.resolvConf("nameserver 10.77.1.1\n");
        assertTrue(ROOM.command("getent", "ahostsv4", "some.example").run().exited(0).stdout().startsWith("10.77.1.1 "));
        assertEquals("udp 10.77.1.1:53", ROOM.arrived().get(0));
    }
}
