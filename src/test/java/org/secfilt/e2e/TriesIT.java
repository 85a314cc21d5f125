package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * What the C library does with a name's addresses, a UDP connect to each and nothing sent, is no violation of rules that allow them to TCP. The
 * room's nameserver has 10.77.1.1 and fd77:1::1 for every name.
 */
class TriesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(room -> room.resolvConf("nameserver 10.77.1.1\n"));

    private static final String BY_TCP = """
            version: 1
            resolv: true
            violation-exit: 77
            connect: {mode: deny, allow: [{address: [10.77.1.1, "fd77:1::1"], protocol: tcp, port: 8001}]}
            """;
    private static final String UDP = "import socket\ns = socket.socket(2, 2)\nprint(s.connect_ex(('10.77.1.1', 8001)), flush=True)\n";
    private static final String FIRST_LEAVES = "import ctypes, threading, time\nlibc = ctypes.CDLL(None)\ndef late():\n    time.sleep(0.2)\n"
            + UDP.indent(4) + "    libc.syscall(60, 0)\nthreading.Thread(target=late).start()\nlibc.syscall(60, 0)"; // exit(2)
    private static final String ALL_LEAVE = "import ctypes, threading\nlibc = ctypes.CDLL(None)\n" + UDP + "together = threading.Barrier(5)\n"
            + "def leave():\n    together.wait()\n    libc.syscall(60, 0)\nfor i in range(4): threading.Thread(target=leave).start()\nleave()";
    private static final String TCP = "t = socket.create_connection(('10.77.1.1', 8001))\n";

    /** What glibc does with these addresses, getaddrinfo(3); musl and Go have a socket for each. */
    private static final String ORDER = """
            import ctypes
            libc = ctypes.CDLL(None)
            def order(port, *addresses):
                s = None
                for address in addresses:
                    if s is None or s.family == 2 and ':' in address:
                        if s: s.close()
                        s = socket.socket(10 if ':' in address else 2, 2)
                    else:
                        libc.connect(s.fileno(), bytes(16), 16)
                    by4 = b'\\2\\0' + port.to_bytes(2, 'big') + socket.inet_pton(2, address) + bytes(8) if '.' in address else b''
                    libc.connect(s.fileno(), by4, 16) if by4 else s.connect_ex((address, port))
                s.close()
            """;
    private static final String MEANT = """
            import os, threading, time
            def udp(to, family=2): socket.socket(family, 2).connect_ex((to, 8001))
            def tcp(to='10.77.1.1'): socket.create_connection((to, 8001))
            def told():
                for i in range(100):
                    time.sleep(0.1)
                    if 'denied connect' in open('told').read(): return
                os.kill(os.getpid(), 9)
            """;

    private static Outcome run(User user, String firewall, int exit, String... command) {
        ROOM.bash("printf %s \"$1\" > tcp.yaml", BY_TCP).run().exited(0);
        List<String> words = new ArrayList<>(List.of("--firewall=" + firewall, "--policy=tcp.yaml"));
        words.addAll(List.of(command));
        return ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(exit);
    }

    @ParameterizedTest
    @CsvSource({"ROOT, auto", "ROOT, off", "ORDINARY, auto"})
    void a_name_is_resolved_and_reached_without_a_word(User user, String firewall) {
        Outcome reached = run(user, firewall, 0, "/usr/bin/python3", "-c",
                "import socket; s = socket.create_connection(('web.test', 8001)); s.send(b'x'); print(s.recv(1))");
        assertEquals("b'x'\n", reached.stdout(), reached::toString);
        assertEquals(List.of(), reached.reports());
        assertEquals(List.of(), run(user, firewall, 0, "getent", "ahosts", "web.test").reports());
        assertEquals(List.of(), run(user, firewall, 0, "bash", "-c", "exec 3<>/dev/tcp/web.test/8001; getent ahosts web.test; true").reports());
        assertTrue(ROOM.arrived().stream().allMatch(to -> to.equals("udp 10.77.1.1:53") || to.startsWith("tcp ")));
    }

    /** And is no violation until then. */
    @ParameterizedTest
    @CsvSource({"ROOT, auto", "ORDINARY, auto"})
    void who_does_not_go_by_tcp_then_hears_of_it_at_its_end(User user, String firewall) {
        String told = "secfilt: denied connect 10.77.1.1:8001/udp by python3: no rule allows it with this protocol (mode deny, tcp.yaml:4:17)";
        for (List<String> command : List.of(List.of("/usr/bin/python3", "-c", UDP),
                List.of("/usr/bin/python3", "-c", "import os\nif os.fork() == 0:\n" + (UDP + "os._exit(0)").indent(1) + "os.wait()"),
                List.of("/usr/bin/python3", "-c", UDP + TCP + UDP),
                List.of("/usr/bin/python3", "-c", FIRST_LEAVES), List.of("/usr/bin/python3", "-c", ALL_LEAVE))) {
            Outcome run = run(user, firewall, 77, command.toArray(new String[0]));
            assertTrue(run.stdout().startsWith("1\n"), run::toString);
            assertEquals(told, run.reports().get(0).replaceAll("python3\\S*\\[[0-9]+\\]", "python3"), run::toString);
        }
        assertEquals(List.of(), run(user, firewall, 0, "/usr/bin/python3", "-c", UDP + TCP).reports());
        assertTrue(run(user, firewall, 77, "/usr/bin/python3", "-c", "import socket\ns = socket.socket(2, 2)\n"
                + "try: s.sendto(b'x', ('10.77.1.1', 8001))\nexcept OSError: pass\n" + TCP).reports().get(0).contains("denied sendto"));
    }

    /** The others of its addresses may be denied altogether, whichever the library has first, and asks of whichever port. */
    @ParameterizedTest
    @CsvSource({"ROOT, --allowed-netmask=10.77.1.1", "ORDINARY, --allowed-netmask=10.77.1.1", "ORDINARY, --allow-resolv --allowed-netmask=fd77:1::1",
        "ORDINARY, --allow-resolv --notifications=off --allowed-netmask=fd77:1::1",
        "ORDINARY, --allow-resolv --allowed-netmask=10.77.1.1 --allowed-port=8001"})
    void nor_are_the_addresses_of_a_name_that_are_denied(User user, String options) {
        String allowed = options.contains("fd77") ? "fd77:1::1" : "10.77.1.1";
        String tcp = "; socket.create_connection(('" + allowed + "', 8001))";
        for (String python : List.of("socket.create_connection(('web.test', 8001))", "socket.getaddrinfo('web.test', None, type=1)",
                "import os; os.execvp('bash', ['bash', '-c', 'exec 3<>/dev/tcp/web.test/8001'])",
                "order(8001, 'fd77:1::1', '10.77.1.1')" + tcp, "order(8001, '10.77.1.1', 'fd77:1::1')" + tcp,
                "order(8001, '10.77.2.1', '" + allowed + "')" + tcp, "order(8001, '" + allowed + "', 'fd77:2::1', '10.77.2.1')" + tcp,
                "order(9, '10.77.1.1', 'fd77:1::1')" + tcp, "[order(9, '10.77.2.1', 'fd77:2::1') for i in range(100)]" + tcp,
                "order(65535, 'fd77:1::1', '10.77.1.1', '10.77.2.1')" + tcp)) {
            assertEquals(List.of(), runWith(user, options, ORDER + python).exited(0).reports(), python);
        }
    }

    /** One that no series shows, a series that nobody went by; and before its process ends. */
    @ParameterizedTest
    @ValueSource(strings = {"udp('10.77.2.1')", "udp('10.77.2.1'); tcp()", "tcp(); udp('10.77.2.1')", "udp('10.77.1.1'); udp('10.77.2.1'); tcp()",
        "order(8001, '10.77.1.1', '10.77.2.1')", "order(8001, '10.77.2.1', '10.77.1.1'); udp('10.77.1.1')",
        "order(8001, '10.77.2.1', '10.77.1.1'); socket.create_connection(('10.77.1.1', 8002))",
        "udp('10.77.2.1'); threading.Thread(target=lambda: (udp('10.77.1.1'), tcp())).start()", "udp('10.77.2.1'); told()",
        "udp('10.77.2.1'); tcp('fd77:1::1')", "tcp(); udp('fd77:2::1', 10); told(); tcp()",
        "libc.syscall(446, -1, 0); tcp(); udp('fd77:2::1', 10); told(); tcp()", // landlock_restrict_self
        "socket.socket(2, 2).connect_ex(('10.77.2.1', 9)); libc.connect(socket.socket().fileno(), bytes(16), 16)",
        "tcp(); udp('fd77:2::1', 10); s = socket.socket(10, 2); libc.connect(s.fileno(), b'\\2\\0\\x1f\\x41\\x0a\\x4d\\1\\1' + bytes(8), 16)"})
    void but_what_was_meant_is_told(String calls) {
        Outcome meant = ROOM.bash("""
                $SECFILT --allowed-netmask=10.77.1.1 --allowed-netmask=fd77:1::1 --violation-exit=77 /usr/bin/python3 -c "$1" 2>told
                e=$?; cat told; exit $e""",
                "import socket\n" + ORDER + MEANT + calls).run().exited(77);
        String line = "secfilt: denied connect (10\\.77\\.2\\.1|\\[fd77:2::1]):(8001|9)/udp by .*";
        assertEquals(1, meant.stdout().lines().filter(told -> told.matches(line)).count(), meant::toString);
    }

    /** The first of two connects has returned: so something was denied, whatever the supervisor is about when the command ends. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void what_is_held_back_counts_however_soon_the_command_ends(String notifications) {
        String held = Fixtures.compile("held-denial").toString();
        for (int nanos = 0; nanos < 100_000; nanos += 4000) {
            ROOM.secfilt("-q", "--notifications=" + notifications, "--allowed-netmask=10.77.1.1", "--violation-exit=77", held, "10.77.2.1", "8001",
                    Integer.toString(nanos)).run().exited(77);
        }
    }

    /** Its connect has not returned, but another thread sees by the socket that it is there. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void nor_what_was_for_a_connection_however_soon_the_command_ends(String notifications) {
        String ends = "import os, threading\n" + ORDER + "order(8001, '10.77.2.1', '10.77.1.1')\nt = socket.socket()\n"
                + "threading.Thread(target=lambda: t.connect(('10.77.1.1', 8001))).start()\nwhile True:\n"
                + "    try: t.getpeername(); os._exit(0)\n    except OSError: pass\n";
        for (int i = 0; i < 20; i++) {
            assertEquals(List.of(), runWith(User.ROOT, "--notifications=" + notifications + " --allowed-netmask=10.77.1.1", ends).exited(0).reports());
        }
    }

    /** It has :: and 0.0.0.0 then, of which both, the one or the other may be allowed, and sends nothing to them. */
    @ParameterizedTest
    @CsvSource({"ROOT, --allowed-netmask=127.0.0.0/8", "ORDINARY, --allowed-netmask=127.0.0.0/8", "ORDINARY, --allowed-netmask=::1",
        "ORDINARY, --allowed-port=80", "ORDINARY, --notifications=off --allowed-port=80", "ORDINARY, --policy=tcp.yaml"})
    void who_listens_is_not_said_to_have_connected(User user, String options) {
        Outcome listened = runWith(user, options, "p = socket.getaddrinfo(None, 8123, type=1, flags=socket.AI_PASSIVE)\n"
                + "s = socket.socket(10, 1); s.bind(('::', 8123)); s.listen(); print(sorted(i[4][0] for i in p))").exited(0);
        assertEquals("['0.0.0.0', '::']\n", listened.stdout(), listened::toString);
        assertEquals(List.of(), listened.reports());
    }

    /** Not what only looks like a part of it. */
    @ParameterizedTest
    @ValueSource(strings = {"to('::')", "to('0.0.0.0')", "to('0.0.0.0'); to('::')", "to('::'); by_ipv6(8124)", "by_ipv6(8123)",
        "to('::'); threading.Thread(target=by_ipv6, args=(8123,)).start()", "socket.getaddrinfo(None, 8123, type=1, flags=1); to('::')"})
    void who_meant_it_hears_of_it(String calls) {
        Outcome told = runWith(User.ORDINARY, "--allowed-port=80", "import ctypes, threading\nlibc = ctypes.CDLL(None)\ndef to(address):\n"
                + "    s = socket.socket(10 if ':' in address else 2, 2); print(s.connect_ex((address, 8123)))\n"
                + "def by_ipv6(port):\n    s = socket.socket(10, 2)\n"
                + "    libc.connect(s.fileno(), b'\\2\\0' + port.to_bytes(2, 'big') + bytes(12), 16)\n" + calls).exited(77);
        String of = calls.startsWith("to('0") || calls.startsWith("by") ? "0.0.0.0" : "[::]";
        assertTrue(told.reports().stream().anyMatch(line -> line.contains("denied connect " + of + ":8123/udp")), told::toString);
    }

    private static Outcome runWith(User user, String options, String python) {
        ROOM.bash("printf %s \"$1\" > tcp.yaml", BY_TCP).run().exited(0);
        List<String> words = new ArrayList<>(List.of(options.split(" ")));
        words.addAll(List.of("--violation-exit=77", "/usr/bin/python3", "-c", "import socket\n" + python));
        return ROOM.secfilt(words.toArray(new String[0])).as(user).run();
    }
}
