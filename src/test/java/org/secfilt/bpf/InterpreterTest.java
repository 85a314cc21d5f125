package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpreterTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ld #7; ret a                                   | 7",
        "ld #0x80000000; div #2; ret a                  | 0x40000000",
        "ld #0xffffffff; ldx #2; div x; ret a           | 0x7fffffff",
        "ld #9; ldx #0; div x; ret #5                   | 0",
        "ld #1; ldx #33; lsh x; ret a                   | 2",
        "ld #0x80000000; ldx #31; rsh x; ret a          | 1",
        "ld #0x80000000; rsh #31; ret a                 | 1",
        "ld #1; neg; ret a                              | 0xffffffff",
        "ld #0; sub #1; ret a                           | 0xffffffff",
        "ld #0x10001; mul #0x10001; ret a               | 0x20001",
        "ld #6; tax; ld #1; txa; ret a                  | 6",
        "ld #6; st M[2]; ldx M[2]; stx M[5]; ld #0; ld M[5]; ret a | 6",
        "ld #len; ret a                                 | 64",
        "ldx #len; txa; ret a                           | 64",
        "ld #0xf0; or #0x0f; and #0x3c; xor #0xff; ret a | 0xc3",
        "ld #0x80000000; jgt #1, yes; ret #0; yes: ret #1 | 1",
        "ld #1; jge #0x80000000, yes; ret #0; yes: ret #1 | 0",
        "ld #5; jge #5, yes; ret #0; yes: ret #1        | 1",
        "ld #5; jgt #5, yes; ret #0; yes: ret #1        | 0",
        "ld #6; jset #9, yes; ret #0; yes: ret #1       | 0",
        "ld #6; jset #12, yes; ret #0; yes: ret #1      | 1",
        "ld #6; ldx #6; jeq x, yes; ret #0; yes: ret #1 | 1",
        "ja far; ret #0; far: ret #1                    | 1",
    })
    void computes_on_unsigned_words(String listing, String value) {
        Program program = Listing.parse(listing.replace(';', '\n')).program();
        assertEquals(List.of(), Checker.check(program));
        assertEquals(Long.decode(value).intValue(), Interpreter.run(program, new byte[64], ByteOrder.LITTLE_ENDIAN));
    }

    @Test
    void loads_words_in_the_order_of_the_machine() {
        byte[] data = new byte[64];
        data[4] = 1;
        data[7] = (byte) 0x80;
        Program program = Listing.parse("ld [4]\nret a").program();
        assertEquals(0x80000001, Interpreter.run(program, data, ByteOrder.LITTLE_ENDIAN));
        assertEquals(0x01000080, Interpreter.run(program, data, ByteOrder.BIG_ENDIAN));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ld [64]; ret a               | instruction 0:",
        "raw 0x5, 0, 0, 0xfffffffe    | instruction 0: it jumps out of the program",
        "raw 0x15, 3, 3, 0            | the program runs on to 4, where no instruction is",
        "tax                          | the program runs on to 1, where no instruction is",
        "raw 0x94, 0, 0, 1            | instruction 0: it is no operation",
        "div #0; ret a                | instruction 0:",
        "st M[16]; ret a              | instruction 0:",
    })
    void a_program_the_checker_refuses_ends_in_a_complaint(String listing, String message) {
        Program program = Listing.parse(listing.replace(';', '\n')).program();
        var thrown = assertThrows(IllegalArgumentException.class,
                () -> Interpreter.run(program, new byte[64], ByteOrder.LITTLE_ENDIAN));
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    @Test
    void coverage_tells_what_never_happened() {
        Program program = Listing.parse("ld [0]\njeq #1, la, lb\nla: ret #1\nlb: ret #2").program();
        Coverage coverage = new Coverage(program);
        byte[] data = new byte[64];
        Interpreter.run(program, data, ByteOrder.LITTLE_ENDIAN, coverage);
        assertEquals(List.of("the comparison at instruction 1 never held", "instruction 2 never ran"), coverage.missed());
        data[0] = 1;
        Interpreter.run(program, data, ByteOrder.LITTLE_ENDIAN, coverage);
        assertEquals(List.of(), coverage.missed());
        assertTrue(coverage.hasRun(2) && coverage.hasBranched(1, true));
    }
}
