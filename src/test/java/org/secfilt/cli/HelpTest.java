package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HelpTest {
    private static final String TEXT = Help.text(false);

    @ParameterizedTest
    @EnumSource(Option.class)
    void tells_every_option_by_every_name(Option option) {
        for (String name : option.names()) {
            assertTrue(TEXT.matches("(?s).*[ ,]" + name + "[],= \\[\\n].*"), name);
        }
        String separator = option.takes() == Option.Takes.SWITCH ? "[=" : "=";
        if (!option.label().isEmpty()) {
            assertTrue(TEXT.contains(option.longName() + separator + option.label()), option.longName());
        }
    }

    @Test
    void fits_a_terminal_of_80_columns() {
        for (String line : TEXT.split("\n")) {
            assertTrue(line.length() <= 80, line);
            assertEquals(line.stripTrailing(), line);
            assertTrue(line.chars().allMatch(c -> c >= ' ' && c < 0x7f), line);
        }
    }

    @Test
    void shows_headings_in_bold_and_nothing_else_different() {
        String colour = Help.text(true);
        assertTrue(colour.contains("\u001b[1mExit status:\u001b[0m\n"));
        assertEquals(TEXT, colour.replace("\u001b[1m", "").replace("\u001b[0m", ""));
    }
}
