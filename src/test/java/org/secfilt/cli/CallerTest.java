package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.abi.ByteString;

class CallerTest {
    private final Caller self = new Caller((int) ProcessHandle.current().pid(), limit -> Optional.empty());

    @Test
    void words_are_ended_by_nul_and_may_be_empty() {
        byte[] cmdline = "secfilt\0--a=b c\0\0\n\0".getBytes(StandardCharsets.ISO_8859_1);
        List<ByteString> argv = Caller.split(cmdline);
        assertEquals(List.of("--a=b c", "", "\n"), Caller.texts(argv));
        assertEquals(List.of(), Caller.split(new byte[0]));
        assertEquals(List.of(), Caller.texts(List.of()));
    }

    @Test
    void bytes_that_are_no_text_stay_apart_and_come_back() {
        byte[][] words = {{'d', (byte) 0xfe}, {'d', (byte) 0xef, (byte) 0xbf, (byte) 0xbd}, {(byte) 0xed, (byte) 0xb0, (byte) 0x80},
            {(byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80, (byte) 0xc3}, "\u00e9\ud83d\ude00".getBytes(StandardCharsets.UTF_8), {}};
        List<Boolean> whole = List.of(false, true, false, false, true, true);
        for (int i = 0; i < words.length; i++) {
            String text = Utf8.decode(words[i]);
            assertEquals(whole.get(i), Utf8.isWhole(text), text);
            assertEquals(ByteString.of(words[i]), ByteString.of(Utf8.encode(text)), text);
        }
    }

    @Test
    void reads_a_process_through_proc() throws IOException {
        assertTrue(self.argv().get(0).toString().endsWith("java"), self.argv().get(0).toString());
        assertTrue(self.environment().contains(ByteString.of("PATH=" + System.getenv("PATH"))));
        assertThrows(IOException.class, () -> new Caller(Integer.MAX_VALUE, limit -> Optional.empty()).argv());
    }

    @Test
    void writes_where_the_caller_stands_or_says_why_not(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("out");
        self.write(file.toString(), new byte[] {1, 2});
        assertEquals(2, Files.size(file));
        assertEquals("No such file or directory", failure(directory.resolve("no/such").toString()));
        assertEquals("Is a directory", failure(directory.toString()));
    }

    private String failure(String name) {
        return assertThrows(IOException.class, () -> self.write(name, new byte[1])).getMessage();
    }
}
