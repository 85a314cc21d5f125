package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A file imports what it names, in code or in a link of its Javadoc, and nothing else: javac does not tell. */
class ImportsTest {
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?[\\w.]+\\.(\\w+);\n");

    /** What Javadoc refers to; the rest of it is prose, as line comments, strings and characters are. */
    private static final Pattern LINK = Pattern.compile("(?:\\{@(?:link|linkplain|value)|@(?:see|throws))\\s+([^\\s}]+)");

    private static final Pattern PROSE = Pattern.compile(
            "/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])+'", Pattern.DOTALL);

    @Test
    void a_file_imports_nothing_that_it_does_not_name() throws IOException {
        List<String> unused = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                unused(Files.readString(file)).forEach(name -> unused.add(file + ": " + name));
            }
        }
        assertEquals(List.of(), unused);
    }

    @Test
    void a_link_names_and_prose_does_not() {
        String imports = "import a.Code;\nimport static a.A.constant;\nimport a.Linked;\nimport a.Prose;\nimport a.Said;\n";
        assertEquals(List.of("Prose", "Said"),
                unused(imports + "/** Prose, and {@link Linked#of}. */ // Prose\nCode one = constant(\"Said\");"));
    }

    private static List<String> unused(String source) {
        String body = IMPORT.matcher(source).replaceAll("");
        StringBuilder named = new StringBuilder(PROSE.matcher(body).replaceAll(" "));
        LINK.matcher(body).results().forEach(link -> named.append('\n').append(link.group(1)));
        List<String> unused = new ArrayList<>();
        Matcher imports = IMPORT.matcher(source);
        while (imports.find()) {
            if (!Pattern.compile("\\b" + imports.group(1) + "\\b").matcher(named).find()) {
                unused.add(imports.group(1));
            }
        }
        return unused;
    }
}
