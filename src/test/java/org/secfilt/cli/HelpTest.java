package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HelpTest {
    private static final String TEXT = Help.text(Verb.RUN, false);

    @ParameterizedTest
    @EnumSource(Option.class)
    void tells_every_option_by_every_name(Option option) {
        for (Verb verb : Verb.values()) {
            // What makes a policy is told once, for all verbs.
            if (verb.has(option) && (verb == Verb.RUN || !Verb.RUN.has(option))) {
                tells(Help.text(verb, false), option);
            }
        }
    }

    private static void tells(String text, Option option) {
        for (String name : option.names()) {
            assertTrue(text.matches("(?s).*[ ,]" + name + "[],= \\[\\n].*"), name);
        }
        String separator = option.takes() == Option.Takes.SWITCH ? "[=" : "=";
        if (!option.label().isEmpty()) {
            assertTrue(text.contains(option.longName() + separator + option.label()), option.longName());
        }
    }

    @ParameterizedTest
    @EnumSource(Verb.class)
    void fits_a_terminal_of_80_columns(Verb verb) {
        for (String line : Help.text(verb, false).split("\n")) {
            assertTrue(line.length() <= 80, line);
            assertEquals(line.stripTrailing(), line);
            assertTrue(line.chars().allMatch(c -> c >= ' ' && c < 0x7f), line);
        }
    }

    @ParameterizedTest
    @EnumSource(Verb.class)
    void names_every_verb_and_how_it_is_called(Verb verb) {
        String usage = Help.text(verb, false).lines().findFirst().orElseThrow();
        assertTrue((usage + " ").startsWith("Usage: " + verb.program() + " "), usage);
        assertTrue(TEXT.contains("\n  " + verb.word()), verb.word());
    }

    /** A name stands in the first cell of a row, between backquotes, before its value. */
    @Test
    void the_readme_has_a_row_for_each_option_of_a_run_and_for_each_verb() throws IOException {
        String first = Files.readString(Path.of("README.md")).lines().filter(line -> line.startsWith("| "))
                .map(line -> line.split(" \\| ")[0]).collect(Collectors.joining("\n"));
        List<String> missing = new ArrayList<>();
        for (Option option : Option.values()) {
            for (String name : option.names()) {
                if (Verb.RUN.has(option) && !first.matches("(?s).*`" + name + "[\\[=`].*")) {
                    missing.add(name);
                }
            }
        }
        for (Verb verb : Verb.values()) {
            if (verb != Verb.RUN && !first.contains("| [`" + verb.word() + "`]")) {
                missing.add(verb.word());
            }
        }
        assertEquals(List.of(), missing);
    }

    @Test
    void shows_headings_in_bold_and_nothing_else_different() {
        String colour = Help.text(Verb.RUN, true);
        assertTrue(colour.contains("\u001b[1mExit status:\u001b[0m\n"));
        assertEquals(TEXT, colour.replace("\u001b[1m", "").replace("\u001b[0m", ""));
    }
}
