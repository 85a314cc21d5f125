package org.secfilt.bpf;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Programs as text, in the syntax of the kernel's {@code bpf_asm}; a label is named after its instruction's number.
 *
 * <pre>
 *   ; the call is connect
 *           ld [0]
 *           jeq #0x2a, l2, l3
 *   l2:     ret #0x7ff00000
 *   l3:     ret #0x7fff0000
 * </pre>
 *
 * <p>{@code parse(print(p))} is {@code p} for every program: an instruction that the syntax has no words for, such as
 * one with a stray jt, is printed as {@code raw CODE, JT, JF, K}, which is an addition of ours. A group's comment
 * stands on lines of its own before it.
 */
public final class Listing {
    private static final String INDENT = "        ";
    private static final int NOTE_COLUMN = 44;

    private final Assembled assembled;
    private final Program program;
    private final StringBuilder out = new StringBuilder();

    private Listing(Assembled assembled) {
        this.assembled = assembled;
        this.program = assembled.program();
    }

    public static String print(Program program) {
        return print(Assembled.of(program));
    }

    public static String print(Assembled assembled) {
        return new Listing(assembled).print();
    }

    /**
     * Those instructions alone that ran, with their comments and labels.
     *
     * @param notes one for each instruction, printed behind it as a comment; "" for none
     */
    public static String printRun(Assembled assembled, Coverage run, List<String> notes) {
        Listing listing = new Listing(assembled);
        for (int i = 0; i < assembled.program().size(); i++) {
            if (run.hasRun(i)) {
                // Many ways may end at one return, and its comment is of another.
                listing.comment(i, assembled.program().returns(i) ? "" : assembled.comments().get(i));
                listing.line(i, true, notes.get(i));
            }
        }
        return listing.out.toString();
    }

    /**
     * Reads what {@link #print} writes, and what {@code bpf_asm} reads if it is one instruction a line and seccomp has
     * those instructions: other words for jumps ({@code jmp}, {@code jne}, {@code jlt}, ...), one label in place of
     * two, labels of any name.
     *
     * @throws ListingException at the first place that does not read
     */
    public static Assembled parse(String text) {
        return new ListingParser(text).parse();
    }

    private String print() {
        BitSet targets = targets();
        for (int i = 0; i < program.size(); i++) {
            comment(i, assembled.comments().get(i));
            line(i, targets.get(i), "");
        }
        return out.toString();
    }

    private void line(int i, boolean labelled, String note) {
        int start = out.length();
        String label = labelled ? label(i) + ":" : "";
        out.append(label).append(INDENT, 0, INDENT.length() - label.length());
        instruction(i, program.get(i));
        if (!note.isEmpty()) {
            out.append(" ".repeat(Math.max(2, NOTE_COLUMN - (out.length() - start)))).append("; ").append(note);
        }
        out.append('\n');
    }

    private void comment(int i, String comment) {
        if (comment.isEmpty()) {
            return;
        }
        if (i > 0) {
            out.append('\n');
        }
        int start = 0;
        while (start <= comment.length()) {
            int end = comment.indexOf('\n', start);
            end = end < 0 ? comment.length() : end;
            out.append(end > start ? "; " : ";");
            for (int j = start; j < end; j++) {
                out.append(isPlain(comment.charAt(j)) ? comment.charAt(j) : '?');
            }
            out.append('\n');
            start = end + 1;
        }
    }

    /** Whether it neither commands a terminal nor reorders or parts the line. */
    private static boolean isPlain(char c) {
        int type = Character.getType(c);
        return c < 0x7f ? c >= ' ' : type != Character.CONTROL && type != Character.FORMAT
                && type != Character.LINE_SEPARATOR && type != Character.PARAGRAPH_SEPARATOR;
    }

    private BitSet targets() {
        BitSet targets = new BitSet();
        for (int i = 0; i < program.size(); i++) {
            Instruction instruction = program.get(i);
            if (!hasWords(i, instruction)) {
                continue;
            }
            Opcode opcode = Opcode.of(instruction.code()).orElseThrow();
            if (opcode == Opcode.JA) {
                targets.set(i + 1 + instruction.k());
            } else if (opcode.isBranch()) {
                targets.set(i + 1 + instruction.jt());
                targets.set(i + 1 + instruction.jf());
            }
        }
        return targets;
    }

    /** Whether the syntax can say it: a known operation, what it does not use is 0, and it stays in the program. */
    private boolean hasWords(int i, Instruction instruction) {
        Optional<Opcode> known = Opcode.of(instruction.code());
        if (known.isEmpty()) {
            return false;
        }
        Opcode opcode = known.get();
        int after = program.size() - i - 1;
        boolean jumpsInside = opcode.isBranch()
                ? instruction.jt() < after && instruction.jf() < after
                : opcode != Opcode.JA || Integer.compareUnsigned(instruction.k(), after) < 0;
        boolean restIsZero = (opcode.isBranch() || instruction.jt() == 0 && instruction.jf() == 0)
                && (opcode.operand().usesK() || instruction.k() == 0);
        return jumpsInside && restIsZero;
    }

    private void instruction(int i, Instruction instruction) {
        int k = instruction.k();
        if (!hasWords(i, instruction)) {
            out.append("raw ").append(hex(instruction.code())).append(", ").append(instruction.jt()).append(", ");
            out.append(instruction.jf()).append(", ").append(hex(k));
            return;
        }
        Opcode opcode = Opcode.of(instruction.code()).orElseThrow();
        String labels = ", " + label(i + 1 + instruction.jt()) + ", " + label(i + 1 + instruction.jf());
        out.append(opcode.word()).append(switch (opcode.operand()) {
            case DATA -> " [" + Integer.toUnsignedString(k) + "]";
            case LENGTH -> " #len";
            case K -> " #" + hex(k);
            case SLOT -> " M[" + Integer.toUnsignedString(k) + "]";
            case X -> " x";
            case A -> " a";
            case NONE -> "";
            case LABEL -> " " + label(i + 1 + k);
            case K_LABELS -> " #" + hex(k) + labels;
            case X_LABELS -> " x" + labels;
        });
    }

    private static String label(int instruction) {
        return "l" + instruction;
    }

    private static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }
}
