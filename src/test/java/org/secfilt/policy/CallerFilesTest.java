package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files by the names that the calling process gives them. */
class CallerFilesTest {
    @TempDir
    private Path directory;

    private CallerFiles files() {
        return new CallerFiles(directory, ProcessHandle.current().pid());
    }

    @Test
    void names_are_relative_to_the_callers_directory() throws IOException {
        Files.createDirectory(directory.resolve("d"));
        Files.writeString(directory.resolve("d/f"), "text");
        assertArrayEquals("text".getBytes(), files().read("d/f", 100));
        assertArrayEquals("te".getBytes(), files().read(directory.resolve("d/f").toString(), 2));
    }

    /** As a pipe is: its text is not there a second time. */
    @Test
    void remembers_a_text_that_it_has_read_to_its_end() throws IOException {
        CallerFiles files = files();
        Files.writeString(directory.resolve("f"), "text");
        assertArrayEquals("te".getBytes(), files.read("f", 2));
        assertArrayEquals("text".getBytes(), files.read("f", 5));
        Files.delete(directory.resolve("f"));
        assertArrayEquals("text".getBytes(), files.read("f", 5));
    }

    @Test
    void the_names_of_one_file_have_one_identity() throws IOException {
        Files.writeString(directory.resolve("f"), "text");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("f"));
        assertEquals(files().identity("f"), files().identity("./link"));
        assertEquals(files().identity("none"), files().identity("./none"));
    }

    @Test
    void says_why_a_file_cannot_be_read() throws IOException {
        Files.writeString(directory.resolve("f"), "text");
        Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        String[][] rows = {
            {"none", "No such file or directory"}, {"", "No such file or directory"}, {"a\0b", "No such file or directory"},
            {".", "Is a directory; name a file in it"}, {"./", "Is a directory; name a file in it"}, {"f/", "Not a directory"}, {"f//", "Not a directory"},
            {"none/", "No such file or directory"}, {"loop", "Too many levels of symbolic links"},
            {"/dev/fd/77", "this descriptor is not open"},
        };
        for (String[] row : rows) {
            assertEquals(row[1], assertThrows(IOException.class, () -> files().read(row[0], 9), row[0]).getMessage());
        }
    }

    @Test
    void a_closed_standard_input_is_no_missing_file() throws IOException {
        Process caller = new ProcessBuilder("/bin/sh", "-c", "exec <&-; echo ready; sleep 60 & wait").start();
        try {
            caller.getInputStream().read();
            CallerFiles files = new CallerFiles(directory, caller.pid());
            for (String name : new String[] {"-", "/dev/stdin"}) {
                assertEquals("standard input is closed", assertThrows(IOException.class, () -> files.read(name, 9)).getMessage());
            }
            assertEquals("this descriptor is not open", assertThrows(IOException.class, () -> files.read("/dev/fd/77", 9)).getMessage());
        } finally {
            caller.descendants().forEach(ProcessHandle::destroy);
            caller.destroy();
        }
    }

    /** Whoever writes may come a moment later than we. */
    @Test
    void a_fifo_is_waited_for_and_not_for_ever() throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("mkfifo", "alone", "fed").directory(directory.toFile()).start().waitFor());
        CallerFiles files = files();
        assertEquals("nobody writes to this FIFO; start first who does",
                assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertThrows(IOException.class, () -> files.read("alone", 9))).getMessage());
        Process writer = new ProcessBuilder("/bin/sh", "-c", "sleep 0.3; echo text > fed").directory(directory.toFile()).start();
        assertArrayEquals("text\n".getBytes(), assertTimeoutPreemptively(Duration.ofSeconds(30), () -> files.read("fed", 9)));
        assertEquals(0, writer.waitFor());
    }

    @Test
    void the_callers_own_descriptors_are_meant_not_ours() throws IOException {
        Process caller = new ProcessBuilder("/bin/sh", "-c", "echo ready; exec sleep 60")
                .redirectInput(ProcessBuilder.Redirect.PIPE).start();
        try {
            caller.getInputStream().read();
            CallerFiles files = new CallerFiles(directory, caller.pid());
            String cwd = "/proc/self/cwd/";
            assertArrayEquals(Files.readAllBytes(Path.of("pom.xml")), files.read(cwd + "pom.xml", 1 << 20));
            caller.getOutputStream().write("policy".getBytes());
            caller.getOutputStream().flush();
            assertArrayEquals("policy".getBytes(), files.read("/dev/stdin", 6));
        } finally {
            caller.destroy();
        }
    }
}
