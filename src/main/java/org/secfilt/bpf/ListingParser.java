package org.secfilt.bpf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.secfilt.bpf.Opcode.Operand;

/** Reads a listing line by line, and gives the jumps their distances once all labels are known. */
final class ListingParser {
    /** A word of bpf_asm for another instruction: the same, or the same with its ways exchanged. */
    private static final Map<String, String> SAME = Map.of("jmp", "ja", "ldi", "ld", "ldxi", "ldx");
    private static final Map<String, String> OPPOSITE =
            Map.of("jne", "jeq", "jneq", "jeq", "jlt", "jge", "jle", "jgt");

    /** A name that a jump gives, to be found when all is read. */
    private record Label(String name, int line, int column) {}

    /** An instruction whose jumps are still names; {@code then} and {@code otherwise} hold one name or none. */
    private record Draft(Instruction instruction, List<Label> then, List<Label> otherwise) {}

    private final String[] lines;
    private final List<Draft> drafts = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final List<String> pending = new ArrayList<>();
    private ListingCursor in = new ListingCursor("", 0);

    ListingParser(String text) {
        this.lines = text.split("\r?\n", -1);
    }

    Assembled parse() {
        for (int i = 0; i < lines.length; i++) {
            in = new ListingCursor(lines[i], i + 1);
            line();
        }
        List<Instruction> instructions = new ArrayList<>();
        for (int i = 0; i < drafts.size(); i++) {
            instructions.add(resolve(i, drafts.get(i)));
        }
        return new Assembled(new Program(instructions), comments);
    }

    private void line() {
        if (in.startsWith("#")) {
            return;
        }
        in.skipSpace();
        if (in.startsWith(";")) {
            pending.add(in.restOfComment());
            return;
        }
        while (!in.atEnd()) {
            int column = in.column();
            String word = in.word("an instruction or a label");
            if (!in.take(":")) {
                drafts.add(draft(word, column));
                comments.add(String.join("\n", pending));
                pending.clear();
                in.expectEnd();
                return;
            }
            if (labels.put(word, drafts.size()) != null) {
                throw in.error(column, "label '" + word + "' is there already");
            }
        }
    }

    private Draft draft(String word, int column) {
        String lower = word.toLowerCase(Locale.ROOT);
        if (lower.equals("raw")) {
            return raw();
        }
        boolean opposite = OPPOSITE.containsKey(lower);
        String plain = opposite ? OPPOSITE.get(lower) : SAME.getOrDefault(lower, lower);
        String shapes = shapes(plain);
        if (shapes.isEmpty()) {
            throw in.error(column, "'" + word + "' is no instruction that seccomp has");
        }
        int operandColumn = in.column();
        int k = 0;
        Operand operand;
        List<Label> names = new ArrayList<>();
        if (in.atEnd()) {
            operand = Operand.NONE;
        } else if (in.take("[")) {
            operand = Operand.DATA;
            k = in.number();
            in.expect("]");
        } else if (in.takeWord("m")) {
            operand = Operand.SLOT;
            in.expect("[");
            k = in.number();
            in.expect("]");
        } else if (in.takeWord("len")) {
            operand = Operand.LENGTH;
        } else if (in.take("#")) {
            if (in.takeWord("len")) {
                operand = Operand.LENGTH;
            } else {
                operand = Operand.K;
                k = in.number();
            }
        } else if (in.takeRegister("x")) {
            operand = Operand.X;
        } else if (in.takeRegister("a")) {
            operand = Operand.A;
        } else {
            operand = Operand.LABEL;
            names.add(name("an operand"));
        }
        while (in.take(",")) {
            operand = operand == Operand.K ? Operand.K_LABELS : operand == Operand.X ? Operand.X_LABELS : operand;
            names.add(name("a label"));
        }
        for (Opcode opcode : Opcode.values()) {
            int most = opcode == Opcode.JA || opposite ? 1 : 2;
            if (opcode.word().equals(plain) && opcode.operand() == operand && names.size() <= most) {
                return draft(opcode, k, opposite, names);
            }
        }
        String takes = opposite ? shapes.replace(", LABEL, ", ", ") : shapes;
        throw in.error(operandColumn, "'" + word + "' takes " + takes);
    }

    private static Draft draft(Opcode opcode, int k, boolean opposite, List<Label> names) {
        List<Label> first = names.subList(0, Math.min(1, names.size()));
        List<Label> second = names.subList(first.size(), names.size());
        Instruction instruction = new Instruction(opcode.code(), 0, 0, k);
        return opposite ? new Draft(instruction, List.of(), first) : new Draft(instruction, first, second);
    }

    private Draft raw() {
        int[] fields = new int[4];
        for (int i = 0; i < fields.length; i++) {
            if (i > 0) {
                in.expect(",");
            }
            int column = in.column();
            fields[i] = in.number();
            if (i < 3 && (fields[i] < 0 || fields[i] > (i == 0 ? 0xffff : 0xff))) {
                throw in.error(column, "this number has more than " + (i == 0 ? 16 : 8) + " bits");
            }
        }
        return new Draft(new Instruction(fields[0], fields[1], fields[2], fields[3]), List.of(), List.of());
    }

    private Label name(String what) {
        int column = in.column();
        return new Label(in.word(what), in.line(), column);
    }

    private Instruction resolve(int at, Draft draft) {
        Instruction plain = draft.instruction();
        if (plain.code() == Opcode.JA.code() && !draft.then().isEmpty()) {
            return new Instruction(plain.code(), 0, 0, distance(at, draft.then().get(0)));
        }
        int jt = draft.then().isEmpty() ? plain.jt() : skip(at, draft.then().get(0));
        int jf = draft.otherwise().isEmpty() ? plain.jf() : skip(at, draft.otherwise().get(0));
        return new Instruction(plain.code(), jt, jf, plain.k());
    }

    private int skip(int at, Label label) {
        int distance = distance(at, label);
        if (distance > 255) {
            throw new ListingException(label.line(), label.column(), "label '" + label.name() + "' is " + distance
                    + " instructions away, above 255; go there by a 'ja'");
        }
        return distance;
    }

    private int distance(int at, Label label) {
        Integer target = labels.get(label.name());
        if (target == null || target == drafts.size()) {
            throw new ListingException(label.line(), label.column(), "there is no "
                    + (target == null ? "label" : "instruction at label") + " '" + label.name() + "'");
        }
        if (target <= at) {
            throw new ListingException(label.line(), label.column(), "label '" + label.name()
                    + "' is behind; jumps only go forward");
        }
        return target - at - 1;
    }

    /** The operands a word takes, as text; "" for a word that is none. */
    private static String shapes(String word) {
        StringBuilder shapes = new StringBuilder();
        for (Opcode opcode : Opcode.values()) {
            if (opcode.word().equals(word)) {
                shapes.append(shapes.length() == 0 ? "" : " or ").append(opcode.operand().shape());
            }
        }
        return shapes.toString();
    }
}
