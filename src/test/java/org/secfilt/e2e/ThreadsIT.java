package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/** What one thread does while a judged call of another waits: it costs nobody's life unless something may have come of it, and that is told. */
class ThreadsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String MEANWHILE = Fixtures.compile("meanwhile").toString();
    private static final String CLOSE_UNKNOWN = Fixtures.compile("close-unknown").toString();
    /** Nobody is there. */
    private static final String SILENT = "10.77.1.99";

    @ParameterizedTest
    @EnumSource
    void a_udp_socket_may_get_the_number_of_a_tcp_socket_that_waits_to_connect(User user) throws IOException {
        Path policy = Files.writeString(ROOM.directory().resolve("tcp.yaml"), """
                version: 1
                connect:
                  mode: deny
                  allow: [{address: 10.77.1.0/24, protocol: tcp}]
                """);
        Outcome run = ROOM.secfilt("--firewall=off", "--policy=" + policy, MEANWHILE, "reuse", SILENT).as(user).run().exited(0);
        assertEquals("connect EHOSTUNREACH\nalive\n", run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    /** The vault's descriptor too, before the vault is mapped; without a second try two of three of the calls were refused. */
    @Test
    void one_may_close_all_descriptors_that_it_does_not_know() throws IOException {
        Path policy = Files.writeString(ROOM.directory().resolve("unix.yaml"), """
                version: 1
                unix: {mode: allow, deny: [{path: /run/nobody}]}
                """);
        Outcome run = ROOM.secfilt("--policy=" + policy, CLOSE_UNKNOWN, ROOM.directory().resolve("closed").toString(), "15").run().exited(0);
        assertEquals("refused 0\n", run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    /** Of a thread that is killed amid its execve nobody tells that it has ended; the run has a process of the supervisor's that ends after all. */
    @Test
    void the_supervisor_ends_whoever_is_killed_amid_an_exec() throws IOException {
        Path policy = Files.writeString(ROOM.directory().resolve("unix.yaml"), """
                version: 1
                unix: {mode: allow, deny: [{path: /run/nobody}]}
                """);
        Outcome run = ROOM.bash("""
                $SECFILT --policy="$1" "$2" 400 & wait $!
                for i in $(seq 50); do pgrep -f "org.secfilt.cli.Main [0-9]+ $!\\$" > /dev/null || break; sleep 0.1; done
                pgrep -f "org.secfilt.cli.Main [0-9]+ $!\\$" && pkill -9 -f "org.secfilt.cli.Main [0-9]+ $!\\$"; true""",
                policy.toString(), Fixtures.compile("killed-exec").toString()).run().exited(0);
        assertEquals("done\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @CsvSource({"unmap, recvmsg ok", "undump-in-vain, recvmsg EAGAIN"})
    void where_no_descriptor_came_nobody_dies(String way, String said) {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("--allowed-netmask=127.0.0.1", MEANWHILE, way).as(user).run().exited(0);
            assertEquals(said + "\nalive\n", run.stdout(), run::toString);
            assertEquals("", run.stderr());
        }
    }

    /** Root's supervisor reads it all the same. */
    @Test
    void where_one_may_have_come_unseen_the_run_dies_and_that_is_told() {
        Path log = ROOM.directory().resolve("undump.log");
        String run = "\"$SECFILT\" --allowed-netmask=127.0.0.1 --log=$1 $2 undump; echo $?";
        Outcome outcome = ROOM.bash(run, log.toString(), MEANWHILE).as(User.ORDINARY).run().exited(0);
        assertEquals("137\n", outcome.stdout(), outcome::toString);
        assertTrue(outcome.reports().get(0).matches("secfilt: denied recvmsg by meanwhile\\[\\d+]: descriptors may have come that cannot be seen, .*"
                + "all processes killed"), outcome::toString);
        assertTrue(outcome.reports().get(1).startsWith("secfilt: 1 call denied:"), outcome::toString);
        assertTrue(ROOM.bash("cat $1; rm $1", log.toString()).run().stdout().contains("\"call\":\"recvmsg\""), outcome::toString);
        Outcome root = ROOM.bash(run, log.toString(), MEANWHILE).run().exited(0);
        assertEquals("recvmsg ok\nalive\n0\n", root.stdout(), root::toString);
        ROOM.bash("rm $1", log.toString()).run();
    }
}
