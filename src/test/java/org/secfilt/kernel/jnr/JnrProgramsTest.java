package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.kernel.Programs;

/** Programs of the host, as the shell may stand for any. */
class JnrProgramsTest {
    private final Programs programs = new JnrPrograms();

    @TempDir
    Path directory;

    private Programs.Start shell(String script, String input) {
        return new Programs.Start("/bin/sh", List.of("-c", script, directory.toString()), input);
    }

    @Test
    void a_program_reads_its_input_and_tells_how_it_ended() {
        List<Programs.Ended> ended = programs.run(List.of(shell("cat; exit 3", "a line\n"), shell("kill -9 $$", "")));
        assertEquals(List.of(new Programs.Ended(3, "a line\n"), new Programs.Ended(128 + 9, "")), ended);
    }

    @Test
    void a_program_that_asks_for_more_is_done_and_not_waited_for() throws IOException {
        String slow = "while read line; do echo \"$line\" >> $0/done; done; sleep 1; touch $0/ended";
        List<Programs.Ended> ended = programs.feed(List.of(shell(slow, "one\ntwo\n")));
        assertEquals(List.of(new Programs.Ended(0, "")), ended);
        assertTrue(Files.readString(directory.resolve("done")).startsWith("one\ntwo\n"));
        assertTrue(Files.notExists(directory.resolve("ended")), "it was waited for");
        programs.awaitFed();
        assertTrue(Files.exists(directory.resolve("ended")), "its input has no end");
    }

    @Test
    void a_program_that_fails_while_it_is_fed_tells_why() {
        List<Programs.Ended> ended = programs.feed(List.of(
                shell("read line; echo \"not $line\"; exit 2", "that\n"), shell("while read line; do :; done", "x\n")));
        assertEquals(List.of(new Programs.Ended(2, "not that\n"), new Programs.Ended(0, "")), ended);
    }

    @Test
    void more_input_than_a_pipe_holds_is_fed_too() {
        List<Programs.Ended> ended = programs.feed(List.of(shell("wc -l", "line\n".repeat(50_000))));
        assertEquals("50000", ended.get(0).said().strip());
    }
}
