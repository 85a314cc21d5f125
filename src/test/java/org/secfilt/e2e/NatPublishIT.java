package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A published port is open at the host's addresses, and the command's own address stays closed, that port of it too: to hosts that have a route there,
 * to other runs, and to the host. The command tells what came to it.
 */
class NatPublishIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** Listens at the published port and tells, in a file, what came. */
    private static final String SERVER = """
            import select, socket, sys
            sockets = []
            for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
                s = socket.socket(socket.AF_INET6, kind); s.bind(("::", 5432)); sockets.append(s)
                if kind == socket.SOCK_STREAM: s.listen()
            log = open(sys.argv[1], "w", buffering=1)
            print("ready", flush=True)
            while True:
                s = select.select(sockets, [], [])[0][0]
                if s.type == socket.SOCK_STREAM:
                    c = s.accept()[0]; c.settimeout(2); data = c.recv(99); c.sendall(b"answer"); c.close()
                else:
                    data, peer = s.recvfrom(99); s.sendto(b"answer", peer)
                print(data.decode(), file=log)
            """;
    /** Asks each of these places by TCP and UDP, in its own name; tells who answered. */
    private static final String CLIENT = """
            import socket, sys
            for word in sys.argv[2:]:
                port, address = word.split("@")
                for kind, name in (socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp"):
                    try:
                        family, to = [(i[0], i[4]) for i in socket.getaddrinfo(address, port)][0]
                        s = socket.socket(family, kind); s.settimeout(0.7 if port == "5432" else 5); s.connect(to)
                        s.sendall(f"{sys.argv[1]} {name} {port}".encode()); print(name, port, s.recv(9).decode(), flush=True)
                    except OSError:
                        pass
            """;
    private static final String PUBLISHED = "tcp 10105 answer\nudp 10105 answer\n".repeat(2);
    private static final List<String> HOST = List.of("10105@" + NetworkRoom.INSIDE, "10105@" + NetworkRoom.INSIDE6);

    private Process serving;
    private List<String> own = List.of();

    @BeforeEach
    void serve() throws IOException {
        String script = "for i in $(seq 100); do ip -o -6 addr show dev eth0 scope link -tentative | grep -q fe80 && break; sleep 0.1; done\n"
                + "ip -o addr show dev eth0 scope global | sed 's/.*inet6* //; s,/.*,,' > own; exec /usr/bin/python3 -c \"$1\" said";
        serving = ROOM.startInside("bash", "-c", "cd \"$1\" && shift && exec \"$@\"", "bash", ROOM.directory().toString(), Built.program().toString(), "-q",
                "--net=nat", "--publish=10105:5432", "--publish=10105:5432/udp", "bash", "-c", script, "bash", SERVER);
        own = Files.readAllLines(ROOM.directory().resolve("own"));
        assertEquals(2, own.size(), own::toString);
    }

    @AfterEach
    void end() {
        ROOM.end(serving);
        ROOM.arrivedInside();
    }

    /** Words for the client: the command's own addresses, and what is published, by which it is seen that the client can ask at all. */
    private String[] client(String name) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/python3", "-c", CLIENT, name));
        for (String address : own) {
            words.add("5432@" + address);
        }
        words.addAll(HOST);
        return words.toArray(new String[0]);
    }

    private static void assertPublishedAlone(String name, Outcome asked) throws IOException {
        assertEquals(PUBLISHED, asked.stdout(), asked::toString);
        List<String> said = Files.readAllLines(ROOM.directory().resolve("said"));
        assertEquals((name + " tcp 10105\n" + name + " udp 10105\n").repeat(2).lines().toList(), said, asked::toString);
    }

    @Test
    void a_host_with_a_route_to_the_commands_own_address_reaches_what_is_published_alone() throws IOException {
        for (String address : own) {
            ROOM.commandOutside("ip", "route", "add", address, "via", address.contains(":") ? NetworkRoom.INSIDE6 : NetworkRoom.INSIDE).run().exited(0);
        }
        try {
            assertPublishedAlone("neighbour", ROOM.commandOutside(client("neighbour")).run().exited(0));
        } finally {
            for (String address : own) {
                ROOM.commandOutside("ip", "route", "del", address).run().exited(0);
            }
        }
    }

    @Test
    void another_run_reaches_what_is_published_alone() throws IOException {
        List<String> words = new ArrayList<>(List.of("-q", "--net=nat"));
        words.addAll(List.of(client("run")));
        assertPublishedAlone("run", ROOM.secfilt(words.toArray(new String[0])).run().exited(0));
    }

    @Test
    void the_host_itself_reaches_what_is_published_alone() throws IOException {
        assertPublishedAlone("host", ROOM.command(client("host")).run().exited(0));
    }
}
