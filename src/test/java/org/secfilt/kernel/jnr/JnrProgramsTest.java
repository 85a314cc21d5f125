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
    /** Any: what /bin/sh is differs. */
    private static final String SHELL = "";

    private final Programs programs = new JnrPrograms();

    @TempDir
    Path directory;

    private Programs.Start shell(String script, String input) {
        return new Programs.Start("/bin/sh", List.of("-c", script, directory.toString()), input);
    }

    @Test
    void a_program_reads_its_input_and_tells_how_it_ended() {
        List<Programs.Ended> ended = programs.run(List.of(shell("printf a; echo no >&2; cat; exit 3", " line\n"), shell("kill -9 $$", "")));
        assertEquals(List.of(new Programs.Ended(3, "a line\n", "no\n"), new Programs.Ended(128 + 9, "", "")), ended);
    }

    @Test
    void a_program_that_asks_for_more_is_done_and_not_waited_for() throws IOException {
        String slow = "while read line; do echo \"$line\" >> $0/done; done; sleep 1; touch $0/ended";
        List<Programs.Ended> ended = programs.feed(List.of(shell(slow, "one\ntwo\n")), SHELL, SHELL);
        assertEquals(List.of(new Programs.Ended(0, "", "")), ended);
        assertTrue(Files.readString(directory.resolve("done")).replace("#\n", "").startsWith("one\ntwo\n"));
        assertTrue(Files.notExists(directory.resolve("ended")), "it was waited for");
        programs.awaitFed();
        assertTrue(Files.exists(directory.resolve("ended")), "its input has no end");
    }

    /** At its last line each tells which lines were done before it. */
    @Test
    void last_lines_are_given_when_all_have_done_the_others() throws IOException {
        String each = "while read line; do [ $line != COMMIT ] || ls $0 > $0/NAME-saw; touch $0/NAME-$line; done";
        List<Programs.Ended> ended = programs.feed(List.of(
                shell("sleep 0.3; " + each.replace("NAME", "slow"), "a\nb\nCOMMIT\n"), shell(each.replace("NAME", "fast"), "a\nCOMMIT\n")), SHELL, SHELL);
        programs.awaitFed();
        assertEquals(List.of(new Programs.Ended(0, "", ""), new Programs.Ended(0, "", "")), ended);
        for (String name : List.of("slow", "fast")) {
            List<String> seen = Files.readAllLines(directory.resolve(name + "-saw"));
            assertTrue(seen.containsAll(List.of("slow-a", "slow-b", "fast-a")), name + " saw " + seen);
        }
    }

    /** They may wait for a lock that the first holds until it has its last line. */
    @Test
    void others_get_their_last_line_at_once() {
        String locks = "exec 9> $0/lock; read first; flock 9; while read line; do [ $line = COMMIT ] && exec 9>&-; done";
        List<Programs.Ended> ended = programs.feed(List.of(shell(locks, "a\nb\nCOMMIT\n"), shell(locks, "a\nb\nCOMMIT\n")), SHELL, "no such");
        assertEquals(List.of(new Programs.Ended(0, "", ""), new Programs.Ended(0, "", "")), ended);
        programs.awaitFed();
    }

    @Test
    void a_program_that_is_not_known_to_be_done_is_waited_for() {
        String late = "cat > $0/given; sleep 0.3; cat $0/given; exit 4";
        assertEquals(List.of(new Programs.Ended(4, "one\n#\n", "")), programs.feed(List.of(shell(late, "one\n")), "xtables-", "xtables-nft"));
    }

    @Test
    void a_program_that_fails_while_it_is_fed_tells_why() {
        List<Programs.Ended> ended = programs.feed(List.of(
                shell("while read line; do [ $line = '#' ] || { echo \"not $line\"; exit 2; }; done", "that\n"), shell("while read line; do :; done", "x\n")), SHELL, SHELL);
        assertEquals(List.of(new Programs.Ended(2, "not that\n", ""), new Programs.Ended(0, "", "")), ended);
    }

    @Test
    void more_input_than_a_pipe_holds_is_fed_too() {
        List<Programs.Ended> ended = programs.feed(List.of(shell("wc -l", "line\n".repeat(50_000))), SHELL, SHELL);
        assertEquals("50000", ended.get(0).said().strip());
    }
}
