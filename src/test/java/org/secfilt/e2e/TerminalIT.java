package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Job control as a user at a terminal knows it: the scenarios of {@code test-fixtures/terminal.py}. */
class TerminalIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    static List<String> scenarios() throws IOException {
        List<String> names = new ArrayList<>();
        Matcher scenario = Pattern.compile("^def (\\w+)\\(t\\):", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("test-fixtures/terminal.py")));
        while (scenario.find()) {
            names.add(scenario.group(1));
        }
        return names;
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void on_a_terminal(String scenario) {
        Outcome run = ROOM.command("/usr/bin/python3", Built.fixture("terminal.py"), scenario).as(User.ORDINARY)
                .timeoutMillis(40_000).run().exited(0);
        assertEquals("fine\n", run.stdout(), run::toString);
    }
}
