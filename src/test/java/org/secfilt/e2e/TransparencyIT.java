package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.secfilt.Fixtures;

/**
 * A command inherits under secfilt what it inherits without: for each state of {@code test-fixtures/mirror.py} the
 * process that runs secfilt is prepared, and two mirrors are compared, byte for byte.
 */
class TransparencyIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    static Stream<Arguments> states() throws IOException {
        List<Arguments> states = new ArrayList<>();
        Matcher state = Pattern.compile("^def (\\w+)\\(run\\):", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("test-fixtures/mirror.py")));
        while (state.find()) {
            for (User user : User.values()) {
                states.add(Arguments.of(state.group(1), user));
            }
        }
        return states.stream();
    }

    @ParameterizedTest(name = "{0} as {1}")
    @MethodSource("states")
    void a_command_inherits_the_same_as_without(String state, User user) throws IOException {
        Path home = Files.createDirectory(ROOM.directory().resolve(state + "-" + user));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        Outcome compared = ROOM.command("/usr/bin/python3", Built.fixture("mirror.py"), state,
                Fixtures.compile("mirror").toString(), Built.program().toString(), "--allowed-netmask=127.0.0.1",
                "--firewall=off") // its cgroup is all that is the command's own
                .as(user).with("HOME", home.toString()).run();
        assertEquals("same\n", compared.exited(0).stdout(), compared::toString);
    }
}
