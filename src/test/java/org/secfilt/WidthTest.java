package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WidthTest {
    private static final int MOST_COLUMNS = 150;
    private static final int MOST_COLUMNS_OF_PROSE = 140;

    @Test
    void a_line_of_the_program_fits_on_a_screen() throws IOException {
        List<String> wide = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                wide.addAll(wide(file, line -> line.length() > MOST_COLUMNS));
            }
        }
        assertEquals(List.of(), wide);
    }

    /** Rows of tables and what programs print cannot be wrapped. */
    @Test
    void a_line_of_prose_does_too() throws IOException {
        List<String> wide = new ArrayList<>();
        for (String file : List.of("README.md", "src/README.md", "policies/profiles.md")) {
            wide.addAll(wide(Path.of(file), line -> line.length() > MOST_COLUMNS_OF_PROSE && !line.startsWith("|") && !line.startsWith("    ")));
        }
        assertEquals(List.of(), wide);
    }

    private static List<String> wide(Path file, Predicate<String> isWide) throws IOException {
        List<String> lines = Files.readAllLines(file);
        return IntStream.range(0, lines.size()).filter(i -> isWide.test(lines.get(i))).mapToObj(i -> file + ":" + (i + 1)).toList();
    }
}
