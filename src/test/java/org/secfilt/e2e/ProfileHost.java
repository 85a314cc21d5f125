package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Collections;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A room whose inside is a host with profiles. */
final class ProfileHost implements AfterEachCallback {
    static final String GROUP = "--group=" + Command.ORDINARY_UID;
    /** Sends a datagram to each address when a line comes; says what became of it. Its sockets are open all the time. */
    private static final String SENDER = """
            import errno, socket, sys
            sockets = []
            for address in sys.argv[1:]:
                s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
                s.connect((address, 8001))
                sockets.append((address, s))
            print("ready", flush=True)
            for line in sys.stdin:
                for address, s in sockets:
                    try:
                        s.send(line.encode())
                        print(line.strip(), address, "ok", flush=True)
                    except OSError as e:
                        print(line.strip(), address, errno.errorcode[e.errno], flush=True)
            """;

    /** For Python: a turn for each new line of the file {@code go}, until one says {@code end}, or after fifteen seconds. */
    private static final String TURNS = """
            import time
            def turns():
                seen = 0
                for i in range(1500):
                    words = open("go").read().split()
                    if words[seen:]:
                        seen += 1
                        if words[-1] == "end": return
                        yield
                    time.sleep(0.01)
            """;

    private final NetworkRoom room;

    ProfileHost(NetworkRoom room) {
        this.room = room;
    }

    /** The programs above, and policies. */
    static void furnish(NetworkRoom room) throws IOException {
        Backend.prepare(room);
        Files.writeString(room.directory().resolve("sender.py"), SENDER);
        Files.writeString(room.directory().resolve("turns.py"), TURNS);
        policy(room, "near.yaml", "connect:\n  allow: [" + NetworkRoom.NEAR + ", \"" + NetworkRoom.NEAR6 + "\"]\n");
        policy(room, "far.yaml", "connect:\n  mode: allow\n  deny: [" + NetworkRoom.FAR + ", \"" + NetworkRoom.FAR6 + "\"]\n");
        policy(room, "protocol.yaml", "firewall: off\nconnect:\n  allow:\n    - {port: 8001, protocol: udp}\n");
    }

    /** Removes all profiles; nothing is left of them then. */
    @Override
    public void afterEach(ExtensionContext context) {
        bash(Backend.NFT, "$SECFILT profile list | tail -n +2 | while read name _; do $SECFILT profile remove $name --force -q; done").run().exited(0);
        assertEquals("", bash(Backend.LEGACY, "{ iptables-save; ip6tables-save; iptables-nft-save; ip6tables-nft-save; } | grep SECFILT; true").run().stdout());
    }

    String policy(String name, String text) throws IOException {
        return policy(room, name, text);
    }

    private static String policy(NetworkRoom room, String name, String text) throws IOException {
        return Files.writeString(room.directory().resolve(name), "version: 1\n" + text).toString();
    }

    /** All that came, and where to. */
    void assertArrivedFar(int datagrams, Outcome run) {
        assertEquals(Collections.nCopies(datagrams, "udp " + NetworkRoom.FAR + ":8001"), room.arrived(), run::toString);
    }

    Command bash(Backend backend, String script) {
        return room.bash(script).with("PATH", backend.path(room));
    }

    Command near(Backend backend, String script) {
        return bash(backend, "$SECFILT profile install -q t near.yaml || exit 99; " + script);
    }
}
