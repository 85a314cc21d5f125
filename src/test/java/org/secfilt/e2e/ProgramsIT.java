package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.TreeSet;
import org.apache.commons.io.IOUtils;
import org.apache.commons.net.ftp.FTPClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;
import org.secfilt.Reachable;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;

/** Programs that people run, each to a destination that is allowed and to one that is not, judged by what arrived. */
class ProgramsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final int FTP = 2121;
    private static final int FTP_ELSEWHERE = 2131;
    private static final int FTP6 = 2141;

    @BeforeAll
    static void serve() {
        for (String program : List.of("curl", "nc", "make", "python3")) {
            Requirements.program(program);
        }
        ROOM.resolvConf("nameserver " + NetworkRoom.NEAR + "\n");
        String ftp = Built.fixture("ftp-server.py");
        ROOM.serveOutside("/usr/bin/python3", ftp, NetworkRoom.NEAR, String.valueOf(FTP), NetworkRoom.NEAR);
        ROOM.serveOutside("/usr/bin/python3", ftp, NetworkRoom.NEAR, String.valueOf(FTP_ELSEWHERE), NetworkRoom.FAR);
        ROOM.serveOutside("/usr/bin/python3", ftp, NetworkRoom.NEAR6, String.valueOf(FTP6), NetworkRoom.NEAR);
    }

    /** Ports 8001 and 53 of 10.77.1.1 and all of fd77:1::1 are allowed; a line each: subject, script, what arrives, how it ends. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '@', quoteCharacter = '`', textBlock = """
            bash, TCP                 @ exec 3<>/dev/tcp/10.77.1.1/8001; echo hi >&3; read -u3 a; [ $a = hi ] @ tcp 10.77.1.1:8001 @ 0
            bash, TCP, IPv6           @ exec 3<>/dev/tcp/fd77:1::1/8002; echo hi >&3; read -u3 a; [ $a = hi ] @ tcp [fd77:1::1]:8002 @ 0
            bash, TCP, denied         @ exec 3<>/dev/tcp/10.77.1.1/8002 @ `` @ 1
            bash, TCP, IPv6, denied   @ exec 3<>/dev/tcp/fd77:2::1/8001 @ `` @ 1
            bash, UDP                 @ exec 3<>/dev/udp/10.77.1.1/8001; echo hi >&3; [ $(timeout 5 dd bs=100 count=1 status=none <&3) = hi ] @ udp 10.77.1.1:8001 @ 0
            bash, UDP, denied         @ exec 3<>/dev/udp/10.77.2.1/8001; echo hi >&3 @ `` @ 1
            curl                      @ [ "$(curl -sS http://10.77.1.1:8001/)" = hello ] @ tcp 10.77.1.1:8001 @ 0
            curl, IPv6                @ [ "$(curl -sS 'http://[fd77:1::1]/')" = hello ] @ tcp [fd77:1::1]:80 @ 0
            curl, denied              @ curl -sS http://10.77.2.1:8001/ @ `` @ 7
            curl, IPv6, denied        @ curl -sS 'http://[fd77:2::1]:80/' @ `` @ 7
            curl, mapped, denied      @ curl -sS 'http://[::ffff:10.77.2.1]:8001/' @ `` @ 7
            curl by name, falls back  @ [ "$(curl -sS http://any.test/)" = hello ] @ tcp [fd77:1::1]:80/udp 10.77.1.1:53 @ 0
            curl by name, IPv4 only   @ curl -4 -sS http://any.test/ @ udp 10.77.1.1:53 @ 7
            curl, proxy denied        @ curl -sS --proxy http://10.77.2.1:80 http://10.77.1.1:8001/ @ `` @ 7
            python3                   @ /usr/bin/python3 -c "import urllib.request as u; assert u.urlopen('http://10.77.1.1:8001/').read() == b'hello\\n'" @ tcp 10.77.1.1:8001 @ 0
            python3, denied           @ /usr/bin/python3 -c "import urllib.request as u; u.urlopen('http://198.51.100.1/')" @ `` @ 1
            python3, asyncio          @ /usr/bin/python3 -c "import asyncio as a; a.run(a.wait_for(a.open_connection('fd77:1::1', 8001), 5))" @ tcp [fd77:1::1]:8001 @ 0
            python3, asyncio, denied  @ /usr/bin/python3 -c "import asyncio as a; a.run(a.wait_for(a.open_connection('10.77.1.1', 80), 5))" @ `` @ 1
            nc                        @ [ "$(echo hi | nc -N -w5 10.77.1.1 8001)" = hi ] @ tcp 10.77.1.1:8001 @ 0
            nc, denied                @ nc -w5 10.77.1.1 23 @ `` @ 1
            nc, UDP                   @ [ "$(echo hi | nc -u -w1 fd77:1::1 8001)" = hi ] @ udp [fd77:1::1]:8001 @ 0
            nc, UDP, denied           @ echo hi | nc -u -w1 169.254.169.254 80 @ `` @ 1
            """)
    void a_program_reaches_what_is_allowed(String subject, String script, String arrives, int code) {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("--policy", policy(), "--", "bash", "-c", script).as(user).run();
            // several lookups and repeats of one are one
            assertEquals(arrives, String.join("/", new TreeSet<>(ROOM.arrived())), () -> user + ": " + run);
            run.exited(code);
            assertTrue(code == 0 || !run.reports().isEmpty(), run::toString);
        }
    }

    /** Its shadow memory is most of the address space, and fixed; it knows no more than 28 random bits of it. */
    @ParameterizedTest
    @EnumSource
    void a_program_with_thread_sanitizer(User user) {
        Requirements.need("kernel", Arch.current() == Arch.X86_64, "the vault's place is of the architecture");
        String program = Fixtures.compile("sanitized", "-fsanitize=thread").toString();
        for (String notifications : List.of("auto", "off")) {
            for (boolean allowed : new boolean[] {true, false}) {
                Outcome run = ROOM.secfilt("--allowed-netmask=10.77.1.0/24", "--notifications=" + notifications, "--", "setarch", "x86_64", "-R",
                        program, allowed ? NetworkRoom.NEAR : NetworkRoom.FAR, "8001").as(user).run();
                assertEquals(allowed ? "sent 6\nvault\nsent 6\n" : "EPERM\nEPERM\n", run.exited(0).stdout(), run::toString);
                assertEquals(allowed ? List.of("udp 10.77.1.1:8001", "udp 10.77.1.1:8001") : List.of(), ROOM.arrived());
            }
        }
    }

    private static String policy() {
        try {
            return Files.writeString(ROOM.directory().resolve("programs.yaml"), """
                    version: 1
                    resolv: true
                    connect:
                      mode: deny
                      allow:
                        - 10.77.1.1:8001
                        - "fd77:1::1"
                    """).toString();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest(name = "{0} of {1}:{2}: {3}, with {4}")
    @CsvSource(delimiter = '|', textBlock = """
            telnet  | 10.77.1.1 | 23   | welcome  | --allowed-netmask=10.77.1.0/24 | tcp 10.77.1.1:23
            telnet  | fd77:1::1 | 23   | welcome  | --allowed-netmask=fd77:1::/64  | tcp [fd77:1::1]:23
            telnet  | 10.77.1.1 | 23   | denied   | --allowed-netmask=10.77.2.0/24 | ''
            telnet  | fd77:1::1 | 23   | denied   | --allowed-port=24              | ''
            passive | 10.77.1.1 | 2121 | the file | --allowed-netmask=10.77.1.1    | tcp 10.77.1.1:2121/tcp 10.77.1.1:2122
            passive | fd77:1::1 | 2141 | the file | --allowed-netmask=fd77:1::1    | tcp [fd77:1::1]:2141/tcp [fd77:1::1]:2142
            passive | 10.77.1.1 | 2131 | denied   | --allowed-netmask=10.77.1.1    | tcp 10.77.1.1:2131
            passive | 10.77.1.1 | 2121 | denied   | --allowed-port=2121            | tcp 10.77.1.1:2121
            active  | 10.77.1.1 | 2121 | the file | --allowed-port=2121            | tcp 10.77.1.1:2121
            active  | fd77:1::1 | 2141 | the file | --allowed-netmask=fd77:1::1    | tcp [fd77:1::1]:2141
            active  | 10.77.1.1 | 2121 | denied   | --allowed-bind=127.0.0.1       | tcp 10.77.1.1:2121
            """)
    void a_jvm_with_commons_net(String what, String address, String port, String says, String option, String arrives) {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt(option, java(), "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", classPath(),
                    CommonsNetClient.class.getName(), what, address, port).as(user).run();
            assertEquals(arrives, String.join("/", ROOM.arrived()), run::toString);
            if (says.equals("denied")) {
                run.exited(1);
                assertTrue(run.stdout().contains("Operation not permitted") || run.stdout().startsWith("BindException"), run::toString);
                assertTrue(!run.reports().isEmpty(), run::toString);
            } else {
                assertEquals(says, run.exited(0).stdout().strip());
                assertEquals(List.of(), run.reports());
            }
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String classPath() {
        return placeOf(CommonsNetClient.class) + ":" + placeOf(FTPClient.class) + ":" + placeOf(IOUtils.class);
    }

    private static Path placeOf(Class<?> type) {
        try {
            return Reachable.of(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void each_of_many_threads_gets_its_own_verdict(User user) {
        String crowd = Fixtures.compile("crowd").toString();
        Outcome run = ROOM.secfilt("--allowed-netmask=10.77.1.1", crowd, "40", "20", "10.77.1.1", "8001", "10.77.2.1", "8001").as(user).run();
        assertEquals("10.77.1.1 8001 ok 400\n10.77.2.1 8001 EPERM 400\n", run.exited(0).stdout(), run::toString);
        assertTrue(run.reports().get(1).contains("400 calls denied"), run::toString);
        List<String> arrived = ROOM.arrived();
        assertEquals(400, arrived.size());
        assertEquals(List.of("tcp 10.77.1.1:8001"), List.copyOf(new TreeSet<>(arrived)));
        run = ROOM.secfilt("--allowed-port=8001", crowd, "20", "10", "fd77:1::1", "8001", "fd77:1::1", "8002").as(user).run();
        assertEquals("fd77:1::1 8001 ok 100\nfd77:1::1 8002 EPERM 100\n", run.exited(0).stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void make_runs_its_recipes_side_by_side(User user) throws IOException {
        Path directory = Files.createDirectories(ROOM.directory().resolve("make-" + user));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(directory.resolve("Makefile"), """
                STEPS := 1 2 3 4 5 6 7 8
                all: $(STEPS:%=here-%) $(STEPS:%=there-%) sub
                here-%:
                \t@exec 3<>/dev/tcp/10.77.1.1/8001 && echo hi >&3 && read -u3 a && echo $$a > $@
                there-%:
                \t@! exec 3<>/dev/tcp/10.77.2.1/8001
                sub:
                \t@+$(MAKE) --no-print-directory -f Makefile here-9 here-10
                SHELL = /bin/bash
                """);
        Outcome run = ROOM.secfilt("--allowed-netmask=10.77.1.1", "make", "-j", "4").in(directory).as(user).run().exited(0);
        assertTrue(!run.stderr().contains("jobserver"), run::toString);
        assertEquals(10, ROOM.arrived().stream().filter("tcp 10.77.1.1:8001"::equals).count());
        assertTrue(run.reports().get(1).contains("8 calls denied"), run::toString);
        // within a make that has the jobserver, secfilt in a recipe hands its descriptors on
        Files.writeString(directory.resolve("outer.mk"), """
                all:
                \t@+$(SECFILT) --allowed-netmask=10.77.1.1 $(MAKE) --no-print-directory -f Makefile here-11 here-12
                """);
        run = ROOM.command("make", "-j3", "-f", "outer.mk").in(directory).as(user).run().exited(0);
        assertTrue(!run.stderr().contains("jobserver"), run::toString);
        assertEquals(List.of("tcp 10.77.1.1:8001", "tcp 10.77.1.1:8001"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void a_server_listens_where_it_may(User user) {
        String script = """
                nc -l $1 9001 > got & server=$!
                for i in $(seq 50); do grep -qE ':2329 [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6 && break; kill -0 $server 2>&- || break; sleep 0.05; done
                echo hi | nc -N -w5 $1 9001
                wait $server; code=$?; cat got; exit $code""";
        String[] words = {"bash", "-c", script, "bash"};
        for (String address : List.of("127.0.0.1", "::1")) {
            Outcome run = ROOM.secfilt("--allowed-bind=loopback:9001", words[0], words[1], words[2], words[3], address)
                    .in(room(user)).as(user).run();
            assertEquals("hi\n", run.exited(0).stdout(), run::toString);
        }
        Outcome run = ROOM.secfilt("--allowed-bind=loopback:9001", words[0], words[1], words[2], words[3], NetworkRoom.INSIDE)
                .in(room(user)).as(user).run();
        assertEquals("", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("denied bind 10.77.1.2:9001/tcp by nc"), run::toString);
    }

    private static Path room(User user) {
        try {
            Path directory = Files.createDirectories(ROOM.directory().resolve("server-" + user));
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
            return directory;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
