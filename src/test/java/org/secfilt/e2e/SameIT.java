package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/**
 * What a command sees of the kernel is the same under secfilt as without: each probe of {@code test-fixtures/probe-*.c} is run both ways,
 * and what it says and how it ends is compared. The policy has every call judged that can be, and allows them all.
 */
class SameIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final int PATIENCE_MILLIS = 60_000;
    /** It sets UDP_CORK, and begins large datagrams, which is refused where no firewall judges packets: FormerPeersIT. */
    private static final String NEEDS_FIREWALL = "corked_sockets";

    @BeforeAll
    static void judgeEverything() throws IOException {
        Path policy = Files.writeString(ROOM.directory().resolve("all.yaml"), """
                version: 1
                connect: {mode: deny, allow: [0.0.0.0/0, "::/0"]}
                bind: {mode: deny, allow: [0.0.0.0/0, "::/0"]}
                unix: {mode: allow, deny: [/no/such/socket]}
                """);
        Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rw-r--r--"));
    }

    static Stream<Arguments> probes() throws IOException {
        List<Arguments> probes = new ArrayList<>();
        for (Path source : sources()) {
            String program = source.getFileName().toString().replace(".c", "");
            Matcher probe = Pattern.compile("^PROBE\\((\\w+)\\)", Pattern.MULTILINE).matcher(Files.readString(source));
            while (probe.find()) {
                for (User user : User.values()) {
                    if (user == User.ROOT || !probe.group(1).equals(NEEDS_FIREWALL)) {
                        probes.add(Arguments.of(program, probe.group(1), user));
                    }
                }
            }
        }
        return probes.stream();
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("test-fixtures"))) {
            return all.filter(file -> file.getFileName().toString().matches("probe-.*\\.c")).sorted().toList();
        }
    }

    @ParameterizedTest(name = "{0}: {1} as {2}")
    @MethodSource("probes")
    void a_probe_sees(String program, String probe, User user) {
        String binary = Fixtures.compile(program).toString();
        Outcome bare = ROOM.command(binary, probe).as(user).timeoutMillis(PATIENCE_MILLIS).run();
        Outcome under = ROOM.secfilt("--policy=" + ROOM.directory().resolve("all.yaml"), "--", binary, probe)
                .as(user).timeoutMillis(PATIENCE_MILLIS).run();
        assertFalse(bare.stdout().isEmpty(), bare::toString);
        assertEquals(bare.stdout() + bare.end(), under.stdout() + under.end(), under::toString);
        assertEquals(bare.stderr(), under.stderr());
    }

    /** There the supervisor sees the descriptors of a thread only where they are its process's too. */
    @ParameterizedTest
    @ValueSource(strings = {"threads_with_descriptors_of_their_own", "a_thread_that_parts_from_the_descriptors_of_the_others"})
    void a_probe_sees_on_a_kernel_before_6_9(String probe) {
        String binary = Fixtures.compile("probe-descriptors").toString();
        String bare = ROOM.command(binary, probe).run().exited(0).stdout();
        Outcome under = ROOM.command(Fixtures.compile("old-pidfd").toString(), Built.program().toString(),
                "--policy=" + ROOM.directory().resolve("all.yaml"), "--", binary, probe).timeoutMillis(PATIENCE_MILLIS).run();
        assertEquals(bare, under.exited(0).stdout(), under::toString);
    }
}
