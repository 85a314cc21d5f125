package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WidthTest {
    private static final int MOST_COLUMNS = 150;

    @Test
    void a_line_of_the_program_fits_on_a_screen() throws IOException {
        List<String> wide = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).length() > MOST_COLUMNS) {
                        wide.add(file + ":" + (i + 1));
                    }
                }
            }
        }
        assertEquals(List.of(), wide);
    }
}
