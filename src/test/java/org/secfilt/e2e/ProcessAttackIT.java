package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Ways for a process to leave the supervisor's sight, or to make it lose count, each followed by a datagram. */
class ProcessAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ATTACK = Fixtures.compile("process-attack").toString();
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.INSIDE;
    private static final String SINK = "9";

    /** What is told of a send to a forbidden address, and of one to an allowed one. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "untraced,            EPERM, EPERM",
        "untraced-vm,         EPERM, EPERM",
        "untraced-thread,     EPERM, EPERM",
        "clone3,              ENOSYS, ENOSYS",
        "clone-vm,            EPERM, sent",
        "clone3-user,         ENOSYS, ENOSYS",
        "clone-user,          EPERM, sent",
        "vfork,               EPERM, sent",
        "daemon,              EPERM, sent",
        "exec-thread,         EPERM, sent",
        "exec-thread-busy,    EPERM, sent",
        "anyone-may-trace,    EPERM, sent",
        "readable-executable, EPERM, sent",
        "dispatch,            EPERM, sent",
        "unshare-user,        EPERM, sent",
        "unshare-mount,       EPERM, sent",
        "unshare-files,       EPERM, sent",
        "step,                EPERM, sent",
        "storm,               EPERM, sent",
        "killed-thread,       EPERM, sent",
        "traced-by-parent,    EPERM, sent",
        "secret,              EFAULT, EFAULT",
    })
    void is_judged_all_the_same(String how, String far, String near) {
        assertEquals("sent", sends(ROOM.command(ATTACK, how, NetworkRoom.FAR, SINK)));
        assertEquals("udp 10.77.2.1:9", ROOM.arrived().get(0), how + " does nothing without secfilt");
        for (User user : User.values()) {
            assertEquals(far, sends(ROOM.secfilt("-q", "--firewall=off", ALLOWED, ATTACK, how, NetworkRoom.FAR, SINK).as(user)));
            assertEquals(List.of(), ROOM.arrived(), how);
            assertEquals(near, sends(ROOM.secfilt("-q", "--firewall=off", ALLOWED, ATTACK, how, NetworkRoom.INSIDE, "8002").as(user)));
        }
    }

    /** Its own memory would be read for the address, were the vault taken to be there still; there is no room for one. */
    @ParameterizedTest
    @ValueSource(strings = {"now", "called", "child", "vforked", "thread", "called-thread", "stopped", "caught"})
    void a_program_with_memory_of_its_own_in_the_place_of_the_vault_is_not_taken_to_have_one(String how) {
        String program = inPlaceOfTheVault("vault-image");
        for (String notifications : List.of("auto", "off")) {
            Outcome run = ROOM.secfilt("-q", "--firewall=off", "--notifications=" + notifications, ALLOWED, Fixtures.compile("vault-image").toString(), how, program,
                            NetworkRoom.INSIDE, NetworkRoom.FAR, SINK)
                    .timeoutMillis(60_000)
                    .run()
                    .exited(0);
            assertEquals(Set.of("EPERM"), Set.copyOf(run.stdout().lines().toList()), run::toString);
            assertEquals(List.of(), ROOM.arrived(), how);
        }
    }

    static String inPlaceOfTheVault(String fixture) {
        return Fixtures.compile(fixture, "-DPLACE", "-no-pie", "-fno-pie", "-mcmodel=large", "-Wl,--section-start=.place=0x552a00000000").toString();
    }

    /** The last line: before it stands what the way itself brought. */
    private static String sends(Command attack) {
        List<String> lines = attack.timeoutMillis(60_000).run().exited(0).stdout().lines().toList();
        return lines.get(lines.size() - 1);
    }

    /** Only root may choose a number. */
    @Test
    void a_process_that_gets_the_number_of_a_dead_one_is_another() {
        assertEquals("sent", sends(ROOM.command(ATTACK, "number-again", NetworkRoom.FAR, SINK)));
        assertEquals(List.of("udp 10.77.2.1:9", "udp 10.77.2.1:9"), ROOM.arrived());
        for (String[] run : new String[][] {{NetworkRoom.FAR, SINK, "EPERM"}, {NetworkRoom.INSIDE, "8002", "sent"}}) {
            Outcome outcome = ROOM.secfilt("-q", "--firewall=off", ALLOWED, ATTACK, "number-again", run[0], run[1]).run().exited(0);
            assertEquals("the same\n" + run[2] + "\n", outcome.stdout(), outcome::toString);
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    /** What does not change the vault's contents is allowed, and takes nothing from children. */
    @ParameterizedTest
    @CsvSource({"locked", "sealed", "placed"})
    void a_vault_in_several_mappings_is_as_good(String how) {
        for (User user : User.values()) {
            assertEquals("sent", sends(ROOM.secfilt("-q", ALLOWED, ATTACK, how, NetworkRoom.FAR, SINK).as(user)));
        }
    }

    @Test
    void an_unreadable_process_is_denied_where_the_supervisor_is_no_root() {
        assertEquals("sent", sends(ROOM.command(ATTACK, "undumpable", NetworkRoom.FAR, SINK).as(User.ORDINARY)));
        ROOM.arrived();
        for (User user : User.values()) {
            assertEquals("EPERM", sends(ROOM.secfilt("-q", ALLOWED, ATTACK, "undumpable", NetworkRoom.FAR, SINK).as(user)));
            assertEquals(user == User.ROOT ? "sent" : "EPERM",
                    sends(ROOM.secfilt("-q", ALLOWED, ATTACK, "undumpable", NetworkRoom.INSIDE, "8002").as(user)));
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Each is told what to do: no agent can begin within the run, and where root lacks the capability no other user's process can call. */
    @Test
    void whose_memory_cannot_be_read_is_told_why() {
        String user = ROOM.secfilt(ALLOWED, ATTACK, "undumpable", NetworkRoom.INSIDE, "8002").as(User.ORDINARY).run().reports().get(0);
        assertTrue(user.endsWith("start it before the run, or run secfilt as root with --user"), user);
        String root = ROOM.command("setpriv", "--bounding-set=-sys_ptrace", Built.program().toString(), "--firewall=off", ALLOWED, "setpriv",
                "--reuid=54771", "/usr/bin/python3", "-c", "import socket; socket.socket(2, 2).connect_ex(('10.77.2.1', 9))").run().reports().get(0);
        assertTrue(root.contains("denied connect by python3") && root.contains("has become another user, and secfilt lacks CAP_SYS_PTRACE"), root);
        String file = ROOM.secfilt("--read-only", "/usr/bin/python3", "-c", "import ctypes, os; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
                + "try: os.chmod('/tmp', 0o700)\nexcept OSError: pass").as(User.ORDINARY).run().reports().get(0);
        assertTrue(file.contains("denied chmod by "), file);
    }

    @Test
    void a_set_user_id_program_gains_nothing() throws IOException {
        Path program = Files.copy(Path.of(ATTACK), ROOM.directory().resolve("setuid"));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        ROOM.command("chmod", "4755", program.toString()).run().exited(0);
        assertEquals("user 0\nsent\n", ROOM.command(program.toString(), "setuid", NetworkRoom.FAR, "0").as(User.ORDINARY).run().stdout());
        assertEquals(List.of("ip-1 10.77.2.1"), ROOM.arrived());
        assertEquals("user 54771\nEPERM\n",
                ROOM.secfilt(ALLOWED, program.toString(), "setuid", NetworkRoom.FAR, "0").as(User.ORDINARY).run().stdout());
        assertEquals(List.of(), ROOM.arrived());
    }
}
