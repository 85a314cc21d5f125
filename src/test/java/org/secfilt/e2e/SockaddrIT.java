package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/**
 * Addresses of every shape, short, long, across pages, unmapped, of a wrong family, on sockets of every kind and on none: a program under
 * rules that allow all of them sees what it sees without, by {@code test-fixtures/sockaddr-probe.c}.
 */
class SockaddrIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String PROBE = Fixtures.compile("sockaddr-probe").toString();
    /** 17 000 calls, and nearly each of them stops. */
    private static final int PATIENCE_MILLIS = 120_000;

    @ParameterizedTest
    @EnumSource
    void the_kernel_says_what_it_says_without(User user) {
        List<String> without = lines(ROOM.command(PROBE).as(user).run());
        List<String> with = lines(ROOM.secfilt("-q", "--allowed-netmask=0.0.0.0/0", "--allowed-netmask=::/0", "--allowed-bind=0.0.0.0/0",
                "--allowed-bind=::/0", PROBE)
                .as(user).timeoutMillis(PATIENCE_MILLIS).run());
        assertSame(without, with);
        for (String answer : List.of("ok", "EFAULT", "EINVAL", "EAFNOSUPPORT", "ENOTSOCK", "EBADF", "EDESTADDRREQ", "EISCONN", "EPIPE")) {
            assertTrue(without.stream().anyMatch(line -> line.contains(" " + answer + " ")), answer + " is never said");
        }
    }

    /** Nothing could have gone anywhere, so there is nothing to deny. */
    @ParameterizedTest
    @CsvSource({"--allowed-netmask=10.77.9.9 --allowed-bind=10.77.9.9", "--no-outbound-network",
        "--notifications=off --allowed-netmask=10.77.9.9 --allowed-bind=10.77.9.9"})
    void the_kernel_says_of_what_is_no_socket_what_it_says_without_and_no_denial_is_told(String options) {
        List<String> without = lines(ROOM.command(PROBE, "none").run());
        List<String> words = new ArrayList<>(List.of(options.split(" ")));
        words.addAll(List.of(PROBE, "none"));
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).timeoutMillis(PATIENCE_MILLIS).run();
            assertSame(without, lines(run));
            assertEquals("", run.stderr());
        }
    }

    /** The kernel sends an IPv6 packet to the mapped address then, by the default route: to whoever that leads. By the supervisor, and on the vault. */
    @ParameterizedTest
    @CsvSource({"ORDINARY, 1, 0", "ORDINARY, 30000, 0", "ORDINARY, 30000, 0x20000000", "ROOT, 1, 0"})
    void a_send_to_no_family_goes_to_the_peer_and_nowhere_else(User user, String bytes, String flags) {
        String send = """
                import ctypes, errno, socket, struct, sys
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                s.connect(("::ffff:127.0.0.1", 8001))
                name = bytes(2) + struct.pack(">H", 8001) + socket.inet_aton("127.0.0.1") + bytes(8)
                size = int(sys.argv[1])
                libc = ctypes.CDLL(None, use_errno=True)
                sent = libc.sendto(s.fileno(), bytes(size), size, int(sys.argv[2], 0), name, 16)
                print("ok" if sent > 0 else errno.errorcode[ctypes.get_errno()])""";
        ROOM.bash("exec 3<>/dev/tcp/$1/8001", NetworkRoom.NEAR6).run().exited(0); // who is there is known from here on
        ROOM.arrived();
        Outcome bare = ROOM.command("/usr/bin/python3", "-c", send, "1", flags).as(user).run().exited(0);
        assertEquals("ok\n", bare.stdout());
        assertEquals(List.of("udp [::ffff:127.0.0.1]:8001"), ROOM.arrived(), bare::toString);
        ROOM.arrivedInside();
        Outcome run = ROOM.secfilt("--firewall=off", "--allowed-netmask=127.0.0.0/8", "/usr/bin/python3", "-c", send, bytes, flags).as(user).run().exited(0);
        assertEquals("ok\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        assertTrue(ROOM.arrivedInside().contains("udp 127.0.0.1:8001"), run::toString);
    }

    private static List<String> lines(Outcome run) {
        return run.exited(0).stdout().lines().toList();
    }

    private static void assertSame(List<String> without, List<String> with) {
        assertEquals(without.size(), with.size());
        List<String> different = new ArrayList<>();
        for (int i = 0; i < without.size(); i++) {
            if (!with.get(i).equals(without.get(i))) {
                different.add(without.get(i) + " => " + with.get(i));
            }
        }
        assertEquals(List.of(), different, () -> different.size() + " of " + without.size());
    }
}
