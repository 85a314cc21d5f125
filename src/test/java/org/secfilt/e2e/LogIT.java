package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The events of the log. */
class LogIT {
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String DENIED = "exec 3<>/dev/udp/10.77.2.1/8002";

    /** Makes a socket of the given kind, and connects it. */
    private static final String CONNECT = "import socket, sys\nkind = [int(a) for a in sys.argv[1:]]\n"
            + "socket.socket(*kind).connect({2: (\"10.77.2.1\", 8002), 10: (\"fd77:2::1\", 8002), 16: (0, 0)}[kind[0]])";

    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private Path home;

    @BeforeEach
    void makeDirectory() throws IOException {
        home = Files.createTempDirectory(ROOM.directory(), "log");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private List<JsonNode> events() throws IOException {
        return LoggedEvents.of(Files.readString(home.resolve("log")));
    }

    @ParameterizedTest
    @EnumSource
    void every_denied_call_is_told_with_who_made_it_and_which_rule_denied_it(User user) throws IOException {
        String policy = Files.writeString(home.resolve("p.yaml"),
                "version: 1\nconnect:\n  deny:\n    - address: 10.77.2.1\n      reason: far\n").toString();
        ROOM.secfilt("--policy", policy, "--log=log", "bash", "-c", DENIED + ";" + DENIED + "; exit 7").as(user).in(home).run().exited(7);
        List<JsonNode> events = events();
        assertEquals("start call call end", LoggedEvents.kinds(events));
        JsonNode call = events.get(1);
        assertEquals("bash connect inet 10.77.2.1 8002 udp deny EPERM tracer", String.join(" ",
                call.get("comm").asText(), call.get("call").asText(), call.get("family").asText(), call.get("address").asText(),
                call.get("port").asText(), call.get("protocol").asText(), call.get("verdict").asText(), call.get("errno").asText(),
                call.get("layer").asText()));
        assertEquals(policy + ":4:7", call.get("rule").get("file").asText() + ":" + call.get("rule").get("line") + ":" + call.get("rule").get("column"));
        assertTrue(call.get("exe").asText().endsWith("/bash"));
        assertEquals(events.get(0).get("pid"), call.get("pid"));
        assertEquals(call.get("pid"), call.get("tid"));
        assertTrue(call.get("ppid").asInt() > 0);
        assertEquals("7 2 0", events.get(3).get("exit") + " " + events.get(3).get("denied") + " " + events.get(3).get("lost"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("log"))));
    }

    @Test
    void what_is_denied_for_its_control_data_has_its_address_too() throws IOException {
        String send = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                try:
                    s.sendmsg([b'x'], [(socket.IPPROTO_IP, 7, b'\\x07\\x07\\x04\\x0a\\x4d\\x01\\x01\\x00')], 0, ('10.77.1.1', 8002)) # IP_RETOPTS
                except OSError as e:
                    print(e.strerror)
                """;
        Outcome run = ROOM.secfilt("--allowed-netmask=" + NetworkRoom.NEAR, "--log=log", "/usr/bin/python3", "-c", send).in(home).run().exited(0);
        assertEquals("Operation not permitted\n", run.stdout(), run::toString);
        assertEquals("sendmsg 10.77.1.1 8002", String.join(" ", events().get(1).get("call").asText(), events().get(1).get("address").asText(),
                events().get(1).get("port").asText()));
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void it_is_appended_to_and_tells_a_death_by_signal() throws IOException {
        ROOM.secfilt(ALLOWED, "--log", "log", "true").in(home).run().exited(0);
        ROOM.secfilt(ALLOWED, "--log", "log", "bash", "-c", "kill -9 $$").in(home).run().killedBy(9);
        assertEquals("start end start end", LoggedEvents.kinds(events()));
        assertEquals("null 9", events().get(3).get("exit") + " " + events().get(3).get("signal"));
    }

    /** As a full disk leaves it, or a run that was killed. */
    @Test
    void behind_half_a_line_it_begins_a_line_of_its_own() throws IOException {
        for (User user : User.values()) {
            Path log = Files.writeString(home.resolve("log"), "{\"time\":\"2026");
            Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("rw-rw-rw-"));
            for (int run = 0; run < 2; run++) {
                ROOM.secfilt(ALLOWED, "--log=log", "true").as(user).in(home).run().exited(0);
            }
            List<String> lines = Files.readAllLines(log);
            assertEquals("{\"time\":\"2026", lines.get(0));
            assertEquals("start end start end", LoggedEvents.kinds(LoggedEvents.of(String.join("\n", lines.subList(1, lines.size())))));
            Files.delete(log);
        }
    }

    @Test
    void an_INI_file_can_name_it_and_allowed_calls_are_told_to_those_who_ask() throws IOException {
        String ini = Files.writeString(home.resolve("c.ini"), "allowed-netmask=" + NetworkRoom.NEAR + "\nlog=log\nverbose=\n").toString();
        ROOM.secfilt("-c", ini, "bash", "-c", "exec 3<>/dev/udp/10.77.1.1/8002; " + DENIED).in(home).run();
        List<String> calls = new ArrayList<>();
        for (JsonNode event : events()) {
            if (event.path("address").asText().startsWith("10.77.")) { // bash asks the resolver's sockets too
                calls.add(event.get("address").asText() + " " + event.get("verdict").asText() + " " + event.get("errno") + " "
                        + event.get("rule").path("flag").asText() + " " + event.get("rule").get("reason").asText());
            }
        }
        assertEquals(List.of("10.77.1.1 allow null " + ini + ":1:1 allow connect 10.77.1.1/32",
                "10.77.2.1 deny \"EPERM\"  not in allowed-netmask (" + ini + ":1:1)"), calls);
    }

    /** The first of its lines: none of them has it. */
    @Test
    void what_no_line_of_an_INI_file_allows_is_denied_by_a_place() throws IOException {
        Files.writeString(home.resolve("c.ini"), "# of a job\nallowed-netmask=10.77.1.1\nallowed-netmask=10.77.1.9\nallowed-port=8002\nallowed-bind=::1\n");
        String calls = "import socket\nfor to in ('10.77.2.1', 8002), ('10.77.1.1', 8003): socket.socket(2, 2).connect_ex(to)\n"
                + "try: socket.socket(2, 2).bind(('127.0.0.1', 0))\nexcept OSError: pass";
        ROOM.secfilt("-c", "c.ini", "--log=log", "/usr/bin/python3", "-c", calls).in(home).run().exited(0);
        ROOM.secfilt("-c", "c.ini", "--allowed-port=8002", "--log=log", "/usr/bin/python3", "-c", calls).in(home).run().exited(0);
        List<String> rules = new ArrayList<>();
        for (JsonNode event : events()) {
            if (event.path("verdict").asText().equals("deny")) {
                JsonNode rule = event.get("rule");
                rules.add(String.join(" ", rule.path("file").asText(), rule.path("line").asText(), rule.path("column").asText(),
                        rule.path("flag").asText(), rule.path("place").asText(), rule.path("reason").asText()));
            }
        }
        assertEquals(List.of("c.ini 2 1  c.ini:2:1 not in allowed-netmask (c.ini:2:1)", "c.ini 4 1  c.ini:4:1 not in allowed-port (c.ini:4:1)",
                "c.ini 5 1  c.ini:5:1 not in allowed-bind (c.ini:5:1)", "c.ini 2 1  c.ini:2:1 not in allowed-netmask (c.ini:2:1)",
                "   --allowed-netmask --allowed-port allowed-netmask, allowed-port not in allowed-port",
                "c.ini 5 1  c.ini:5:1 not in allowed-bind (c.ini:5:1)"), rules);
        assertTrue(ROOM.secfilt("explain", "-c", "c.ini", "udp 10.77.2.1:8002").in(home).run().exited(0).stdout()
                .contains("\n  rule      not in allowed-netmask (c.ini:2:1)\n"));
    }

    @Test
    void what_allowed_a_call_is_named_by_its_place() throws IOException {
        Files.writeString(home.resolve("p.yaml"), """
                version: 1
                connect:
                  allow:
                    - {address: 10.77.1.1, port: 8002, reason: ours}
                unix:
                  deny: [/no/such]
                """);
        ROOM.secfilt("-v", "--policy=p.yaml", "--log=log", "/usr/bin/python3", "-c", """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.connect(("10.77.1.1", 8002))
                s.sendto(b"x", ("10.77.1.1", 8002))
                server = socket.socket(socket.AF_UNIX)
                server.bind("s")
                server.listen(1)
                socket.socket(socket.AF_UNIX).connect("s")""").in(home).run().exited(0);
        List<String> calls = new ArrayList<>();
        for (JsonNode event : events()) {
            if (event.path("verdict").asText().equals("allow") && !event.path("address").asText().startsWith("/")) {
                calls.add(event.get("call").asText() + " " + event.get("rule").get("place").asText() + " " + event.get("rule").get("reason").asText());
            }
        }
        assertEquals(List.of("connect p.yaml:4:7 allow connect 10.77.1.1/32 port 8002 (ours)",
                "sendto p.yaml:4:7 allow connect 10.77.1.1/32 port 8002 (ours)"), calls);
        JsonNode last = events().get(events().size() - 2);
        assertTrue(last.get("address").asText().endsWith("/s"), last::toString);
        assertEquals("allow no rule denies it default", last.get("verdict").asText() + " " + last.get("rule").get("reason").asText() + " "
                + last.get("rule").get("place").asText());
    }

    @Test
    void names_that_a_program_chose_cannot_break_a_line() throws IOException {
        ROOM.secfilt(ALLOWED, "--log=log", "/usr/bin/python3", "-c", """
                import socket, ctypes
                ctypes.CDLL(None).prctl(15, b'a"\\n\\\\\\xff{', 0, 0, 0)
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("10.77.2.1", 8002))
                """).in(home).run();
        assertEquals("a\"\n\\\udcff{", events().get(1).get("comm").asText());
    }

    /** The arguments of socket(2) | its protocol in the log. Of a netlink socket 6 is NETLINK_XFRM. */
    @ParameterizedTest
    @CsvSource({"2 1 0, tcp", "10 1 6, tcp", "2 2 0, udp", "10 2 17, udp", "2 1 262, mptcp", "2 2 136, udplite", "2 3 1, raw:1", "2 3 6, raw:6", "10 3 58, raw:58",
        "2 3 255, raw:255", "16 3 6, "})
    void the_protocol_is_that_of_the_socket(String arguments, String protocol) throws IOException {
        for (String options : List.of("--no-outbound-network", "--no-outbound-network --notifications=off")) {
            Outcome run = ROOM.bash("$SECFILT " + options + " --log=log /usr/bin/python3 -c '" + CONNECT + "' " + arguments).in(home).run().exited(1);
            JsonNode call = events().get(1);
            assertEquals(String.valueOf(protocol), call.get("protocol").asText(), run::toString);
            assertEquals(protocol == null, call.get("protocol").isNull());
            String suffix = protocol == null ? " by" : "/" + protocol + " by";
            assertTrue(run.reports().get(0).contains(suffix), run::toString);
            Files.delete(home.resolve("log"));
        }
    }

    /** ping(8) without privileges; in the namespace of the room everybody may. */
    @ParameterizedTest
    @CsvSource({"2 2 1, icmp", "10 2 58, icmpv6"})
    void so_it_is_of_ICMP_datagrams(String arguments, String protocol) throws IOException {
        ROOM.bash("echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range; $SECFILT --no-outbound-network --log=log /usr/bin/python3 -c '" + CONNECT + "' "
                + arguments).in(home).run().exited(1);
        assertEquals(protocol, events().get(1).get("protocol").asText());
    }

    @Test
    void without_supervision_there_is_a_start_alone() throws IOException {
        ROOM.secfilt("--log=log", "true").in(home).run().exited(0);
        ROOM.secfilt("--inherit=close", "--log=log", "true").in(home).run().exited(0);
        assertEquals("start start", LoggedEvents.kinds(events()));
        assertEquals("false", events().get(1).get("supervised").toString());
    }

    /** Options | what the log has of a command that cannot be run: nothing, or where nobody holds it that it ended at once. */
    @ParameterizedTest
    @CsvSource({"--allowed-port=1, ''", "--mainstream-network-families, ''", "--private-tmp=exec, start end", "--inherit=close, start end"})
    void a_command_that_was_not_run_has_no_start_or_an_end_at_once(String option, String kinds) throws IOException {
        Files.writeString(home.resolve("lost"), "#!/no/such/interpreter\n").toFile().setExecutable(true, false);
        for (User user : User.values()) {
            ROOM.secfilt(option, "--log=log", "./lost").as(user).in(home).run().exited(127);
            assertEquals(kinds, LoggedEvents.kinds(events()));
            if (!kinds.isEmpty()) {
                assertEquals("false 127", events().get(0).get("supervised") + " " + events().get(1).get("exit"));
            }
            Files.delete(home.resolve("log"));
        }
    }

    @Test
    void what_secfilt_could_not_start_has_no_start() throws IOException {
        Outcome run = ROOM.bash("ulimit -f 4; $SECFILT " + ALLOWED + " --log=log echo RAN").in(home).run().exited(125);
        assertEquals("", run.stdout(), run::toString);
        assertEquals("", LoggedEvents.kinds(events()));
    }

    @Test
    void a_run_in_namespaces_alone_has_a_start() throws IOException {
        for (User user : User.values()) {
            ROOM.secfilt("--net=none", "--log=log", "true").as(user).in(home).run().exited(0);
            assertEquals("start", LoggedEvents.kinds(events()), user.name());
            Files.delete(home.resolve("log"));
        }
    }

    @Test
    void inherited_descriptors_are_told() throws IOException {
        for (String inherit : List.of("close", "keep", "refuse")) {
            ROOM.command("/usr/bin/python3", Built.fixture("inherit.py"), "udp:10.77.2.1:8002", "--", Built.program().toString(), ALLOWED,
                    "--inherit=" + inherit, "--log=log", "true").in(home).run();
        }
        List<JsonNode> events = events();
        assertEquals("inherited start end inherited start end inherited", LoggedEvents.kinds(events));
        assertEquals("5 close", events.get(0).get("fd") + " " + events.get(0).get("verdict").asText());
        assertEquals("keep refuse", events.get(3).get("verdict").asText() + " " + events.get(6).get("verdict").asText());
    }
}
