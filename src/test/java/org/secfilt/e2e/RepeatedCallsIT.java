package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** What the log has of a call that waits, is interrupted three times and made again each time: {@code test-fixtures/again.c}. */
class RepeatedCallsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String AGAIN = Fixtures.compile("again").toString();

    /** Where paths of sockets are judged the file is kept, and the call is told of when it has ended. */
    @ParameterizedTest
    @CsvSource({
        "restart, kept, 1 0", "restart, free, 1 0", "stop, kept, 1 0", "stop, free, 1 0", "inside, kept, 1 3", "inside, free, 1 3",
        "elsewhere, kept, 1 1", "elsewhere, free, 1 1", "eintr, kept, 4 0", "eintr, free, 4 0",
    })
    void what_the_kernel_makes_again_is_one_call(String mode, String paths, String expected) throws IOException {
        Files.writeString(ROOM.directory().resolve("p.yaml"), "version: 1\nconnect: {allow: [127.0.0.1]}\n"
                + (paths.equals("kept") ? "unix: {deny: [/run/docker.sock]}\n" : ""));
        Outcome run = ROOM.bash("rm -f log; \"$SECFILT\" -v --log=log --policy=p.yaml \"$1\" " + mode
                + " && echo $(grep '\"call\":\"sendto\"' log | grep -c full) $(grep '\"call\":\"sendto\"' log | grep -c other)", AGAIN)
                .in(ROOM.directory()).run().exited(0);
        assertEquals("sent\n" + expected + "\n", run.stdout(), run::toString);
    }
}
