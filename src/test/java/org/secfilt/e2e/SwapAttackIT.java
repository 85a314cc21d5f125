package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Sockets that take the place of the one that is judged, under its number. dup2(2) */
class SwapAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** The kernel would bind it to every address, whatever the policy says: nobody is left then that could serve at it. */
    @ParameterizedTest
    @EnumSource
    void a_socket_put_in_the_place_of_one_that_is_to_listen_serves_nobody(User user) {
        String swap = Fixtures.compile("swap-listen").toString();
        assertEquals("listens\n", ROOM.command(swap, "1000000").as(user).timeoutMillis(60_000).run().exited(0).stdout());
        Outcome run = ROOM.secfilt("--allowed-bind=127.0.0.1", swap, "1000000").as(user).timeoutMillis(60_000).run().killedBy(9);
        assertEquals("", run.stdout(), run::toString);
        assertTrue(run.stderr().contains(": another socket was put in the place of the one that was to listen: all processes killed"), run::toString);
    }

    /** Another thread tells the one that was judged to listen, by a call of its own. */
    @ParameterizedTest
    @EnumSource
    void that_the_one_listens_does_not_hide_that_the_other_does(User user) {
        String swap = Fixtures.compile("helped-listen").toString();
        assertEquals("listens\n", ROOM.command(swap, "20000").as(user).run().exited(0).stdout());
        for (int i = 0; i < 20; i++) {
            Outcome run = ROOM.secfilt("-q", "--firewall=off", "--allowed-bind=127.0.0.1", swap, "1000").as(user).run();
            assertEquals("", run.stdout().replace("does not\n", ""), run::toString);
        }
    }

    /** Who shares its descriptors has the socket that listens then. */
    @ParameterizedTest
    @EnumSource
    void a_socket_that_listens_for_one_that_is_killed_serves_nobody(User user) {
        String swap = Fixtures.compile("dying-listener").toString();
        Outcome bare = ROOM.command(swap, "20000", "3000").as(user).timeoutMillis(60_000).run().exited(0);
        assertTrue(bare.stdout().matches("[1-9]\\d*\n"), bare::toString);
        Outcome run = ROOM.secfilt("-q", "--firewall=off", "--allowed-bind=127.0.0.1", swap, "3000", "60000").as(user).timeoutMillis(60_000).run().killedBy(9);
        assertEquals("", run.stdout(), run::toString);
    }

    /** Root without CAP_KILL signals no other user's processes. */
    @ParameterizedTest
    @ValueSource(strings = {"dying-listener 3000 60000", "swap-listen 1000000"})
    void who_may_not_be_signalled_is_killed_too(String attack) {
        String[] words = attack.split(" ");
        List<String> command = new ArrayList<>(List.of("setpriv", "--bounding-set=-kill", "--inh-caps=-kill", Built.program().toString(), "-q",
                "--firewall=off", "--user=65534:65534", "--allowed-bind=127.0.0.1", Fixtures.compile(words[0]).toString()));
        command.addAll(List.of(words).subList(1, words.length));
        Outcome run = ROOM.command(command.toArray(new String[0])).timeoutMillis(60_000).run().killedBy(9);
        assertEquals("", run.stdout(), run::toString);
    }

    /** It gets no SIGKILL from its own process namespace. */
    @ParameterizedTest
    @ValueSource(strings = {"dying-listener 3000 60000", "swap-listen 1000000"})
    void process_1_of_a_process_namespace_is_killed_too(String attack) {
        String[] words = attack.split(" ");
        String outside = """
                import ctypes, os, sys
                assert ctypes.CDLL(None).unshare(0x20020000) == 0 # CLONE_NEWPID, CLONE_NEWNS
                if os.fork() == 0:
                    os.system("mount --make-rprivate / && mount -t proc proc /proc")
                    os.execv(sys.argv[1], sys.argv[1:])
                print(os.wait()[1])""";
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "-c", outside, Built.program().toString(), "-q", "--firewall=off",
                "--allowed-bind=127.0.0.1", Fixtures.compile(words[0]).toString()));
        command.addAll(List.of(words).subList(1, words.length));
        Outcome run = ROOM.command(command.toArray(new String[0])).timeoutMillis(60_000).run().exited(0);
        assertEquals("9\n", run.stdout(), run::toString);
    }

    /** A rule for one protocol; without the firewall, which would see to it too. */
    @ParameterizedTest
    @CsvSource({"connect, tcp, udp", "timeout, tcp, udp", "restricted, tcp, udp", "netlink, tcp, udp", "fastopen, udp, tcp"})
    void a_socket_of_another_protocol_put_in_the_place_of_the_one_that_was_judged_reaches_nobody(String way, String allowed, String other) throws IOException {
        String swap = Fixtures.compile("swap-connect").toString();
        String[] attack = {swap, way, "1000", NetworkRoom.NEAR, "8001"};
        Outcome bare = ROOM.command(attack).as(User.ORDINARY).run().exited(0);
        assertTrue(bare.stdout().matches("reached [1-9][0-9]*\n"), bare::toString);
        assertTrue(ROOM.arrived().stream().anyMatch(line -> line.startsWith(other)), bare::toString);
        String policy = Files.writeString(ROOM.directory().resolve("one.yaml"), """
                version: 1
                mode: deny
                connect: {allow: [{address: %s, protocol: %s}]}
                """.formatted(NetworkRoom.NEAR, allowed)).toString();
        for (String option : List.of("--notifications=auto", "--notifications=off")) {
            for (User user : User.values()) {
                Outcome run = ROOM.secfilt("-q", "--firewall=off", option, "--policy", policy, swap, way, "1000", NetworkRoom.NEAR, "8001").as(user).run().exited(0);
                assertEquals("reached 0\n", run.stdout(), run::toString);
                assertEquals(List.of(), ROOM.arrived().stream().filter(line -> line.startsWith(other)).toList(), run::toString);
            }
        }
    }

    /** The connection that was begun in the first one's place is not the other's. */
    @ParameterizedTest
    @CsvSource({"ROOT, off", "ORDINARY, auto"})
    void a_socket_in_the_place_of_one_whose_connection_was_begun_reaches_nobody(User user, String notifications) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("begun.yaml"), """
                version: 1
                mode: deny
                connect: {allow: [{address: 10.77.1.99, protocol: tcp}, {address: %s, protocol: udp}]}
                """.formatted(NetworkRoom.NEAR)).toString();
        Outcome run = ROOM.secfilt("-q", "--firewall=off", "--notifications=" + notifications, "--policy", policy,
                Fixtures.compile("swap-begun").toString(), "4000", "10.77.1.99", "7", NetworkRoom.NEAR, "8001").as(user).run().exited(0);
        assertEquals("reached 0\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived().stream().filter(line -> line.startsWith("tcp")).toList(), run::toString);
    }

    /** The same of a bind to a port for which others than secfilt's host ask for a right, and this one does not. */
    @Test
    void a_socket_of_another_protocol_is_not_bound_to_a_low_port_in_the_place_of_the_one_that_was_judged() throws IOException {
        String[] attack = {Fixtures.compile("swap-connect").toString(), "bind", "1000", "127.0.0.1", "81"};
        String policy = Files.writeString(ROOM.directory().resolve("bind.yaml"), """
                version: 1
                bind: {mode: deny, allow: [{address: 127.0.0.1, port: 81, protocol: tcp}]}
                """).toString();
        firstUnprivilegedPort(81);
        try {
            Outcome bare = ROOM.command(attack).as(User.ORDINARY).run().exited(0);
            assertTrue(bare.stdout().matches("reached [1-9][0-9]*\n"), bare::toString);
            for (String option : List.of("--notifications=auto", "--notifications=off")) {
                for (int i = 0; i < 3; i++) {
                    Outcome run = ROOM.secfilt("-q", option, "--policy", policy, attack[0], attack[1], attack[2], attack[3], attack[4]).as(User.ORDINARY).run();
                    assertEquals("reached 0\n", run.exited(0).stdout(), run::toString);
                }
            }
        } finally {
            firstUnprivilegedPort(1024);
        }
    }

    private static void firstUnprivilegedPort(int port) {
        ROOM.bash("echo " + port + " > /proc/sys/net/ipv4/ip_unprivileged_port_start").run().exited(0);
    }

    /** Where the other socket wins nothing by it: by rules for both protocols, and by one for datagrams. */
    @ParameterizedTest
    @CsvSource({"'{address: 127.0.0.1, protocol: udp}, {address: 127.0.0.1, protocol: tcp}'", "'{address: 127.0.0.1, protocol: udp}'"})
    void a_program_that_opens_a_socket_of_another_protocol_under_the_number_of_a_closed_one_lives(String allowed) throws IOException {
        String reopen = Fixtures.compile("reopen").toString();
        String policy = Files.writeString(ROOM.directory().resolve("both.yaml"), "version: 1\nconnect: {mode: deny, allow: [" + allowed + "]}\n").toString();
        ROOM.command(reopen, "200").run().exited(0);
        for (String option : List.of("--notifications=auto", "--notifications=off")) {
            for (User user : User.values()) {
                ROOM.secfilt("-q", option, "--policy", policy, reopen, "800").as(user).run().exited(0);
            }
        }
    }
}
