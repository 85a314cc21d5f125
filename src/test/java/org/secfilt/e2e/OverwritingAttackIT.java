package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.secfilt.Fixtures;

/** A command whose user owns the installed program: what supervises it is read from there, page by page, as it runs. */
class OverwritingAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OVERWRITE = Fixtures.compile("overwrite").toString();
    private static final String COPY = "d=$(mktemp -d) && trap 'rm -rf $d' EXIT && cd $d && cp -r \"${SECFILT%/*/*}\" copy && chmod -R u+w copy || exit 3; ";
    private static final String RUN = "copy/bin/secfilt --allowed-netmask=127.0.0.1 ";

    static Stream<Arguments> ways() throws IOException {
        List<String> files = mapped();
        return Stream.of(User.values()).flatMap(user -> Stream.of("open", "nonblock", "reopen", "map", "truncate")
                .flatMap(way -> files.stream().map(file -> Arguments.of(user, way, file))));
    }

    /** What the supervisor maps of its own: its classes, and the library whose name has jffi's version in it. */
    private static List<String> mapped() throws IOException {
        try (Stream<Path> all = Files.list(Built.home().resolve("lib"))) {
            List<String> files = all.map(file -> file.getFileName().toString()).filter(name -> name.matches(".*\\.(jar|jsa|so)")).sorted().toList();
            assertTrue(files.containsAll(List.of("secfilt.jar", "secfilt.jsa")) && files.stream().anyMatch(name -> name.startsWith("libjffi")), files::toString);
            return files;
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void a_file_that_the_supervisor_runs_cannot_be_changed_under_it(User user, String way, String file) {
        Outcome run = ROOM.bash(COPY + "\"$1\" \"$2\" copy/lib/\"$3\"; (" + RUN + "\"$1\" \"$2\" copy/lib/\"$3\"); echo $?", OVERWRITE, way, file)
                .as(user).run();
        assertEquals("could\n137\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("secfilt: killed: somebody writes to files that secfilt itself runs"), run::toString);
    }

    /** A Java of the user's own: its other files are links to those of the host's. */
    @ParameterizedTest
    @CsvSource({"ROOT, lib/server/libjvm.so", "ORDINARY, lib/server/libjvm.so", "ORDINARY, lib/libjava.so"})
    void nor_can_one_of_its_java(User user, String file) {
        Outcome run = ROOM.bash(COPY + "home=$(cat copy/lib/java-home); cp -rsL $home java; for file in bin/java \"$2\"; do rm java/$file; cp $home/$file java/$file; done;"
                + " echo $PWD/java > copy/lib/java-home; " + RUN + "echo run; (" + RUN + "\"$1\" open \"java/$2\"); echo $?", OVERWRITE, file)
                .as(user).run();
        assertEquals("run\n137\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("secfilt: killed: somebody writes to files that secfilt itself runs"), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void what_is_open_for_writing_is_not_run(User user) {
        Outcome run = ROOM.bash(COPY + "(exec 5>> copy/lib/secfilt.jsa; " + RUN + "echo hello); echo $?; " + RUN + "echo hello").as(user).run();
        assertEquals("125\nhello\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("copy/lib/secfilt.jsa is open for writing"), run::toString);
    }

    /** As right after a run that was killed for opening one. */
    @Test
    void who_closes_it_soon_is_waited_for() {
        Outcome run = ROOM.bash(COPY + "sleep 0.2 5>> copy/lib/secfilt.jar & until [ -e /proc/$!/fd/5 ]; do :; done; " + RUN + "echo hello; wait")
                .as(User.ORDINARY).run().exited(0);
        assertEquals("hello\n", run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    /** As an update does it. */
    @Test
    void a_file_may_be_replaced() {
        Outcome run = ROOM.bash(COPY + RUN + "sh -c 'for f in copy/lib/*; do cp $f new && mv -f new $f && touch -r . $f || exit; done; echo done'")
                .as(User.ORDINARY).run().exited(0);
        assertEquals("done\n", run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }
}
