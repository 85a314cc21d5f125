package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Requirements;

class TableUsersTest {
    private static final int PATIENCE_MILLIS = 20_000;
    /** Becomes a member of so many groups, and answers each line. */
    private static final String ANSWERING = "import os, sys\nos.setgroups(range(int(sys.argv[1])))\nprint('ready', flush=True)\n"
            + "for line in sys.stdin: print(line, end='', flush=True)";

    /** What the kernel tells of a thread has the groups before the counts of switches: of 65536 groups they come behind 400 KiB. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1000, 20_000, 65_536})
    void a_thread_that_did_something_was_not_still_however_many_groups_it_is_in(int groups) throws Exception {
        Requirements.root();
        Requirements.program("python3");
        Process process = new ProcessBuilder("python3", "-c", ANSWERING, Integer.toString(groups)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (Writer in = process.outputWriter(StandardCharsets.US_ASCII);
                BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            assertEquals("ready", out.readLine());
            int pid = (int) process.pid();
            TableUsers users = new TableUsers(new Proc(), new Patience(), Set.of(pid), pid);
            awaitSleep(pid);
            users.note();
            assertEquals("still", users.wereStill() ? "still" : "not still");
            users.note();
            in.write("something\n");
            in.flush();
            assertEquals("something", out.readLine());
            awaitSleep(pid);
            assertEquals("not still", users.wereStill() ? "still" : "not still");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** Until it waits in a call again: who runs is not still, whatever else is told. */
    private static void awaitSleep(int pid) throws IOException, InterruptedException {
        for (int i = 0; i < PATIENCE_MILLIS && Files.readString(Path.of("/proc/" + pid + "/syscall")).startsWith("running"); i++) {
            Thread.sleep(1);
        }
        Thread.sleep(20);
    }
}
