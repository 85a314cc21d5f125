package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListingTest {
    @Test
    void prints_labels_groups_and_every_shape_of_operand() {
        Assembler assembler = new Assembler();
        Node allow = assembler.comment("everything else", assembler.ret(0x7fff0000));
        Node refuse = assembler.ret(0x50001);
        Node slot = assembler.step(Opcode.ST, 3, assembler.step(Opcode.LDX_LEN, 0, assembler.step(Opcode.TAX, 0,
                assembler.step(Opcode.ADD_X, 0, assembler.jumpX(JumpOp.GE, refuse, assembler.retA())))));
        Node start = assembler.comment("the call is connect\npolicy.yaml:3",
                assembler.load(0, assembler.jump(JumpOp.EQ, 42, slot, allow)));
        Assembled assembled = assembler.assemble(start);
        String expected = """
                ; the call is connect
                ; policy.yaml:3
                        ld [0]
                        jeq #0x2a, l3, l2

                ; everything else
                l2:     ret #0x7fff0000
                l3:     st M[3]
                        ldx #len
                        tax
                        add x
                        jge x, l9, l8
                l8:     ret a
                l9:     ret #0x50001
                """;
        assertEquals(expected, Listing.print(assembled));
        assertEquals(assembled, Listing.parse(expected));
    }

    @Test
    void reads_what_bpf_asm_reads() {
        String text = """
                # a comment of the preprocessor's kind
                ; one of the assembler's
                LD [4]  /* arch */
                jne #3221225534, bad ; trailing
                ldi #0b101
                ldxi #017
                jeq %x, good
                jlt #-1, good
                jle x, good
                jmp good
                bad: ret #0
                good:
                good2: ret %a
                """;
        assertEquals("""
                ; one of the assembler's
                        ld [4]
                        jeq #0xc000003e, l2, l8
                l2:     ld #0x5
                        ldx #0xf
                        jeq x, l9, l5
                l5:     jge #0xffffffff, l6, l9
                l6:     jgt x, l7, l9
                l7:     ja l9
                l8:     ret #0x0
                l9:     ret a
                """, Listing.print(Listing.parse(text)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ldh [12]                  | 1:1: 'ldh' is no instruction that seccomp has",
        "ret #0~  mod #3           | 2:3: 'mod' is no instruction that seccomp has",
        "tax #1                    | 1:5: 'tax' takes no operand",
        "ret 5                     | 1:5: here should be an operand, not '5'",
        "ret                       | 1:4: 'ret' takes #NUMBER or a",
        "ld x                      | 1:4: 'ld' takes [OFFSET] or #len or #NUMBER or M[SLOT]",
        "jeq #1                    | 1:5: 'jeq' takes #NUMBER, LABEL, LABEL or x, LABEL, LABEL",
        "jne #1, a, b              | 1:5: 'jne' takes #NUMBER, LABEL or x, LABEL",
        "jeq #1, la, lb, lc        | 1:5: 'jeq' takes #NUMBER, LABEL, LABEL or x, LABEL, LABEL",
        "ja foo                    | 1:4: there is no label 'foo'",
        "ja foo~foo:               | 1:4: there is no instruction at label 'foo'",
        "foo: ret a~ja foo         | 2:4: label 'foo' is behind; jumps only go forward",
        "foo: ret a~foo: ret a     | 2:1: label 'foo' is there already",
        "ret #4294967296           | 1:6: '4294967296' has no place in 32 bits",
        "ret #99999999999999999999 | 1:6: '99999999999999999999' has no place in 32 bits",
        "ret #-2147483649          | 1:6: '-2147483649' has no place in 32 bits",
        "ret #0x                   | 1:6: here should be a number, not '0x'",
        "ret #08                   | 1:6: here should be a number, not '08'",
        "ld [4                     | 1:6: here the line ends, but ']' should follow",
        "ld [4] ret                | 1:8: here should be the end of the line, not 'ret'",
        "raw 32, 256, 0, 0         | 1:9: this number has more than 8 bits",
        "raw 32, 1, 0              | 1:13: here the line ends, but ',' should follow",
        "/* open                   | 1:1: this comment does not end in its line",
        "!                         | 1:1: here should be an instruction or a label, not '!'",
    })
    void says_where_and_why_it_does_not_read(String text, String message) {
        var thrown = assertThrows(ListingException.class, () -> Listing.parse(text.replace('~', '\n')));
        assertEquals(message, thrown.getMessage());
        assertTrue(message.startsWith(thrown.line() + ":" + thrown.column() + ":"));
    }

    @Test
    void a_label_too_far_for_a_branch_is_an_error() {
        String text = "jeq #1, far, near\nnear:" + "neg\n".repeat(256) + "far: ret a";
        var thrown = assertThrows(ListingException.class, () -> Listing.parse(text));
        assertEquals("1:9: label 'far' is 256 instructions away, above 255; go there by a 'ja'", thrown.getMessage());
        assertEquals(255, Listing.parse(text.replaceFirst("neg\n", "")).program().get(0).jt());
    }

    @Test
    void a_comment_cannot_command_the_terminal_or_add_an_instruction() {
        Assembled assembled = new Assembled(new Program(List.of(RandomPrograms.of(Opcode.RET_A, 0))),
                List.of("a\u001b[2J\rret #0\u202e\u2028\u0085\u007f \u00e9\n"));
        assertEquals("; a?[2J?ret #0???? \u00e9\n;\n        ret a\n", Listing.print(assembled));
        assertEquals(assembled.program(), Listing.parse(Listing.print(assembled)).program());
    }

    @Test
    void any_program_prints_and_reads_back_as_itself() {
        RandomPrograms programs = new RandomPrograms();
        for (int i = 0; i < 3000; i++) {
            Program program = i % 3 == 0 ? programs.garbage()
                    : i % 3 == 1 ? programs.valid(60) : programs.mutated(programs.valid(i % 30 == 2 ? 700 : 40));
            String text = Listing.print(program);
            Assembled read = Listing.parse(text);
            assertEquals(program, read.program(), () -> "-Dsecfilt.seed=" + programs.seed + "\n" + text);
            assertEquals(text, Listing.print(read));
        }
    }

    @Test
    void an_empty_program_is_an_empty_text() {
        assertEquals("", Listing.print(new Program(List.of())));
        assertEquals(0, Listing.parse("\n ; nothing\n").program().size());
    }
}
