package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class CheckerTest {
    /** Programs at the edge of what seccomp takes; KernelTest asks the kernel about each. */
    static final List<String> CORNERS = List.of(
            // A slot counts as written after a branch only if both ways wrote it.
            "jeq #1, la, lb\nla: st M[3]\nlb: ld M[3]\nret a",
            "jeq #1, la, lb\nla: st M[3]\nja lc\nlb: stx M[3]\nlc: ld M[3]\nret a",
            // Nothing gets to the load, so it may read what it likes.
            "ja la\nld M[0]\nla: ret #0",
            "jeq #1, la, la\nld M[0]\nla: ret #0",
            // But after a return the slots are those before it.
            "ret #0\nld M[0]\nret #0",
            "st M[0]\nret #0\nld M[0]\nret #0",
            "jset #1, la, lb\nla: ret #0\nlb: ld M[0]\nret a",
            "jset x, la, lb\nla: st M[0]\nret #0\nlb: ld M[0]\nret a",
            "st M[15]\nldx M[15]\nret #0",
            "st M[16]\nret #0",
            "ld M[4294967295]\nret #0",
            "ld [60]\nret #0",
            "ld [64]\nret #0",
            "ld [2]\nret #0",
            "ld [4294963200]\nret #0",
            "raw 0x5, 0, 0, 0\nret #0",
            "raw 0x5, 0, 0, 1\nret #0",
            "raw 0x5, 0, 0, 0xfffffffe\nret #0",
            "raw 0x15, 0, 1, 1\nret #0",
            "raw 0x15, 1, 0, 1\nret #0",
            // What an operation does not use is not looked at.
            "raw 0x87, 9, 9, 9\nraw 0x16, 200, 200, 7",
            "div #0\nret #0",
            "div x\nret #0",
            "lsh #31\nrsh #32\nret #0",
            "lsh #32\nret #0",
            "rsh x\nret #0",
            "ld #1",
            "ja la\nla: ret a",
            "neg\ntax\nldx #len\nld #len\nret a");

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ld [64]; ret #0            | instruction 0: the load at 64 is beyond the 64 bytes of the data",
        "ld [4294967292]; ret #0    | instruction 0: the load at 4294967292 is beyond the 64 bytes of the data",
        "ld [6]; ret #0             | instruction 0: the load at 6 is not aligned to 4 bytes",
        "ret #0; ld #1              | instruction 1: the program does not end with a return",
        "st M[16]; ret #0           | instruction 0: M[16] is beyond M[15]",
        "div #0; ret #0             | instruction 0: it divides by 0",
        "rsh #32; ret #0            | instruction 0: it shifts by 32, above 31",
        "ld M[2]; ret a             | instruction 0: M[2] is read, but not on every way written before",
        "raw 0x94, 0, 0, 1; ret #0  | instruction 0: seccomp has no operation 0x94",
        "raw 0x10020, 0, 0, 0       | 1:5: this number has more than 16 bits",
        "raw 0x28, 0, 0, 0; ret #0  | instruction 0: seccomp has no operation 0x28",
        "raw 0x35, 7, 0, 0; ret #0  | instruction 0: it jumps to 8, beyond the last instruction, 1",
        "raw 0x5, 0, 0, 0xffffffff; ret #0 | instruction 0: it jumps to 4294967296, beyond the last instruction, 1",
    })
    void names_the_instruction_and_what_is_wrong(String listing, String problem) {
        String text = listing.replace(';', '\n');
        try {
            List<Checker.Problem> problems = Checker.check(Listing.parse(text).program());
            assertEquals(List.of(problem), problems.stream().map(Checker.Problem::toString).toList());
        } catch (ListingException e) {
            assertEquals(problem, e.getMessage());
        }
    }

    @Test
    void reports_everything_at_once() {
        Program program = Listing.parse("ld [65]\nst M[20]\nraw 0x15, 0, 9, 0\nraw 0x30, 0, 0, 0\nlsh #40").program();
        assertEquals(List.of(0, 1, 2, 3, 4, 4),
                Checker.check(program).stream().map(Checker.Problem::instruction).toList());
    }

    @Test
    void takes_4096_instructions_and_no_more() {
        List<Instruction> instructions = new ArrayList<>(Collections.nCopies(4096, RandomPrograms.of(Opcode.RET_K, 0)));
        assertEquals(List.of(), Checker.check(new Program(instructions)));
        instructions.add(instructions.get(0));
        assertEquals("[instruction 4096: the program has 4097 instructions, above 4096]",
                Checker.check(new Program(instructions)).toString());
        assertEquals("[instruction 0: the program is empty]", Checker.check(new Program(List.of())).toString());
    }

    @ParameterizedTest
    @FieldSource("CORNERS")
    void corners_print_and_read_back(String listing) {
        Program program = Listing.parse(listing).program();
        assertEquals(program, Listing.parse(Listing.print(program)).program());
    }
}
