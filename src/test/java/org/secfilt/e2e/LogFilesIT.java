package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs in files of every kind. */
class LogFilesIT {
    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String DENIED = "exec 3<>/dev/udp/10.77.2.1/8002";
    /** 10 000 denied calls. */
    private static final String MANY = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nn = 0\n"
            + "for i in range(10000):\n  try: s.connect(('10.77.2.1', 8002))\n  except PermissionError: n += 1\nprint(n)";

    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private Path home;

    @BeforeEach
    void makeDirectory() throws IOException {
        home = Files.createTempDirectory(ROOM.directory(), "log");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @ParameterizedTest
    @EnumSource
    void ten_thousand_denials_are_all_in_the_log_or_counted_as_lost(User user) throws IOException {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=log", "/usr/bin/python3", "-c", MANY).as(user).in(home).timeoutMillis(120_000).run().exited(0);
        assertEquals("10000\n", run.stdout());
        assertTrue(run.stderr().contains("10000 calls denied"), run::toString);
        List<JsonNode> events = LoggedEvents.of(Files.readString(home.resolve("log")));
        long lost = 0;
        for (String report : run.reports()) {
            lost = report.contains(" not in the log ") ? Long.parseLong(report.split(" ")[1]) : lost;
        }
        assertEquals(10002 - lost, events.size());
    }

    @Test
    void a_full_device_loses_events_and_nothing_else() {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=/dev/full", "/usr/bin/python3", "-c", MANY).timeoutMillis(120_000).run().exited(0);
        assertEquals("10000\n", run.stdout());
        assertTrue(run.stderr().contains("10000 calls denied"), run::toString);
        assertTrue(run.reports().contains("secfilt: 10002 events are not in the log /dev/full: No space left on device"), run::toString);
    }

    @Test
    void a_FIFO_without_a_reader_holds_nothing_up() {
        Outcome run = ROOM.bash("mkfifo log; $SECFILT " + ALLOWED + " --log=log bash -c '" + DENIED + "; exit 3'").in(home).run().exited(3);
        assertTrue(run.reports().contains("secfilt: 3 events are not in the log log: it took nothing for a second; does anybody read it?"), run::toString);
        assertTrue(run.stderr().contains("1 call denied"), run::toString);
    }

    @Test
    void a_FIFO_whose_reader_comes_late_has_all() throws IOException {
        Outcome run = ROOM.bash("mkfifo log; (sleep 0.5; cat log) & $SECFILT " + ALLOWED + " --log=log bash -c '" + DENIED
                + "; sleep 1'; wait").in(home).run().exited(0);
        assertEquals("start call end", LoggedEvents.kinds(LoggedEvents.of(run.stdout())));
    }

    @Test
    void a_FIFO_that_is_read_slowly_stalls_no_call() {
        Outcome run = ROOM.bash("mkfifo log; sleep 30 < log & s=$!; $SECFILT " + ALLOWED + " --log=log /usr/bin/python3 -c \"" + MANY
                + "\"; kill $s").in(home).timeoutMillis(120_000).run().exited(0);
        assertEquals("10000\n", run.stdout());
        assertTrue(run.stderr().contains("10000 calls denied"), run::toString);
        assertTrue(run.stderr().contains(" events are not in the log log: "), run::toString);
    }

    @Test
    void a_log_that_is_deleted_meanwhile_is_no_fault() {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=log", "bash", "-c", "rm log; " + DENIED + "; exit 4").in(home).run().exited(4);
        assertFalse(run.stderr().contains("not in the log"), run::toString);
        assertTrue(run.stderr().endsWith("secfilt: the log log was removed while the command ran: its events are lost\n"), run::toString);
        assertFalse(Files.exists(home.resolve("log")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            umount -l m                 | true
            umount -l m; echo > m/log   | true
            mount -t tmpfs over m       | true
            mv m/log m/other            | false
            mv m/log m/o; echo > m/log  | false
            mount --bind m there        | false
            true                        | false
            """)
    void a_log_whose_file_system_went_is_out_of_reach(String during, boolean told) {
        Outcome run = ROOM.bash("mkdir m there; mount -t tmpfs none m; $SECFILT " + ALLOWED
                + " --log=m/log bash -c '> begun; for i in {1..500}; do [ -e go ] && exit 4; sleep 0.02; done' & run=$!;"
                + " for i in {1..500}; do [ -e begun ] && break; sleep 0.02; done; " + during + "; > go; wait $run; c=$?;"
                + " for n in 1 2 3; do umount -l m there 2>/dev/null; done; exit $c").in(home).run().exited(4);
        assertEquals(told ? "secfilt: the log m/log is out of reach: its file system was unmounted while the command ran, or another was mounted over it\n"
                : "", run.stderr());
    }

    /** What has no name, or is another's to keep, is none that was lost. */
    @ParameterizedTest
    @ValueSource(strings = {"exec 3>log; rm log; exec $SECFILT OPTIONS --log=/dev/fd/3", "$SECFILT OPTIONS --log=/dev/null",
        "mkfifo log; cat log >/dev/null & exec $SECFILT OPTIONS --log=log", "touch log; ln log other; $SECFILT OPTIONS --log=log"})
    void a_log_that_its_reader_has_still_is_not_told_of(String run) {
        Outcome outcome = ROOM.bash(run.replace("OPTIONS", ALLOWED) + " sh -c 'rm -f log; exit 4'").in(home).run().exited(4);
        assertEquals("", outcome.stderr());
    }

    @ParameterizedTest
    @EnumSource
    void one_that_cannot_be_opened_means_that_nothing_is_run(User user) throws IOException {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=none/log", "echo", "hi").as(user).in(home).run().exited(125);
        assertEquals("", run.stdout());
        assertEquals(List.of("secfilt: --log=none/log: No such file or directory; its directory is missing"), run.reports());
        assertEquals(List.of("secfilt: --log=.: Is a directory; name a file in it"), ROOM.secfilt("--log=.", "true").as(user).in(home).run().exited(125).reports());
        assertEquals(List.of("secfilt: --log=/proc/version: this file is the kernel's own, and keeps no text; name one on a disk"),
                ROOM.secfilt("--log=/proc/version", "echo", "hi").run().exited(125).reports());
        assertEquals(List.of("secfilt: --log=/dev/fd/9: Bad file descriptor"), ROOM.secfilt("--log=/dev/fd/9", "true").as(user).run().exited(125).reports());
        ROOM.secfilt("--log=/dev/fd/0", "true").as(user).run().exited(125); // open for reading alone
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("r-xr-xr-x"));
        if (user == User.ORDINARY) {
            assertEquals(List.of("secfilt: --log=log: Permission denied"),
                    ROOM.secfilt("--log=log", "true").as(user).in(home).run().exited(125).reports());
        }
    }

    @Test
    void standard_output_and_the_callers_descriptors_are_shared() throws IOException {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=-", "bash", "-c", "echo out; " + DENIED + "; echo out").run();
        assertEquals(5, run.stdout().lines().count(), run::toString);
        assertEquals("start call end", LoggedEvents.kinds(LoggedEvents.of(String.join("\n", run.stdout().lines().filter(line -> line.startsWith("{")).toList()))));
        Outcome pipe = ROOM.bash("$SECFILT " + ALLOWED + " --log=/dev/fd/7 true 7>&1 >/dev/null | cat").run().exited(0);
        assertEquals("start end", LoggedEvents.kinds(LoggedEvents.of(pipe.stdout())));
    }

    @Test
    void the_command_does_not_inherit_it() {
        Outcome run = ROOM.secfilt(ALLOWED, "--log=log", "bash", "-c", "ls -l /proc/self/fd").in(home).run().exited(0);
        assertFalse(run.stdout().contains(home.toString()), run::toString);
    }

    /** Whoever rotates it, unmounts its file system or waits for a pipe's end may begin when the command has ended. */
    @ParameterizedTest
    @ValueSource(strings = {ALLOWED + " true", ALLOWED + " --firewall=off true", "--private-tmp true", "--mainstream-network-families true", ALLOWED + " ./lost",
        "--private-tmp ./lost", "-v --policy=kept.yaml true", "--publish=80:81 true", "--profile=none true", ALLOWED + " --allow-write=/nonexist true",
        "--net=none --user=nosuchuser true", ALLOWED + " no-such-command"})
    void nobody_has_it_open_when_the_command_has_ended(String words) throws IOException {
        Files.writeString(home.resolve("lost"), "#!/no/such/interpreter\n").toFile().setExecutable(true, false);
        Files.writeString(home.resolve("kept.yaml"), "version: 1\nunix: {deny: [/x]}\n");
        Outcome run = ROOM.command("/usr/bin/python3", "-c", """
                import glob, os, subprocess, sys
                log, held = os.path.realpath("log"), 0
                def holds(fd):
                    try: return os.readlink(fd) == log
                    except OSError: return False
                for i in range(15):
                    subprocess.run([os.environ["SECFILT"], "--log=log", *sys.argv[1].split()], stderr=subprocess.DEVNULL)
                    size = os.stat(log).st_size
                    held += any(holds(fd) for fd in glob.glob("/proc/[0-9]*/fd/*")) or os.stat(log).st_size != size
                print(held, "times")
                """, words).in(home).timeoutMillis(60_000).run().exited(0);
        assertEquals("0 times\n", run.stdout(), run::toString);
    }
}
