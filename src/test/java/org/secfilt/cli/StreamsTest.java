package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsTest {
    /** NO_COLOR | TERM; nothing where they are not set. */
    @ParameterizedTest
    @CsvSource({", xterm, true", "'', xterm, true", "1, xterm, false", ", dumb, false", ", '', false", ", , false", "'', , false"})
    void colours_are_for_who_wants_them_on_a_terminal_that_is_known(String noColour, String terminal, boolean colours) {
        assertEquals(colours, Streams.knowsColours(noColour, terminal));
    }
}
