package org.secfilt.bpf;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random programs. A seed from {@code -Dsecfilt.seed} repeats a failure, which prints its own.
 *
 * <p>What a {@linkplain #valid valid} program returns can be seen from outside: it never lets a call happen, and if
 * it returns A, it returns twelve bits of A (or of X) as an error number.
 */
final class RandomPrograms {
    private static final int ERRNO = 0x00050000;
    private static final int ALLOW = 0x7fff0000;
    private static final int LOG = 0x7ffc0000;
    private static final int[] CORNERS = {0, 1, 2, 3, 4, 15, 16, 31, 32, 33, 63, 64, 255, 4095, 0xffff, 0x7fffffff,
        0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0xc000003e, 0x40000000};
    private static final Opcode[] PLAIN = plain();

    final long seed = Long.getLong("secfilt.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    Random random() {
        return random;
    }

    int value() {
        return random.nextInt(3) == 0 ? random.nextInt() : CORNERS[random.nextInt(CORNERS.length)];
    }

    /** A program that seccomp takes, of some ten instructions up to {@code most}. */
    Program valid(int most) {
        int body = 1 + random.nextInt(most - 24);
        List<Instruction> program = new ArrayList<>();
        int slots = random.nextInt();
        for (int slot = 0; slot < 16; slot++) {
            if ((slots & 1 << slot) != 0) {
                program.add(of(random.nextBoolean() ? Opcode.ST : Opcode.STX, slot));
                program.add(random.nextBoolean()
                        ? of(Opcode.LD_ABS, 4 * random.nextInt(16)) : of(Opcode.LDX_IMM, value()));
            }
            if (program.size() > most - body - 7) {
                slots &= (1 << slot + 1) - 1;
                break;
            }
        }
        for (int left = body; left > 0; left--) {
            program.add(step(left, slots));
        }
        program.add(of(random.nextInt(4) == 0 ? Opcode.TXA : Opcode.ADD_K, 0));
        program.add(of(Opcode.RSH_K, new int[] {0, 12, 20}[random.nextInt(3)]));
        program.add(of(Opcode.AND_K, 0xfff));
        program.add(of(Opcode.OR_K, ERRNO));
        program.add(of(Opcode.RET_A, 0));
        return new Program(program);
    }

    /** One instruction, {@code left} before the end of the body. */
    private Instruction step(int left, int slots) {
        int kind = random.nextInt(20);
        if (kind == 0 && left > 1) {
            return of(Opcode.JA, random.nextInt(Math.min(left, 40)));
        }
        if (kind < 6) {
            Opcode op = new Opcode[] {Opcode.JEQ_K, Opcode.JEQ_X, Opcode.JGT_K, Opcode.JGT_X, Opcode.JGE_K,
                Opcode.JGE_X, Opcode.JSET_K, Opcode.JSET_X}[random.nextInt(8)];
            int reach = Math.min(left, left > 300 && random.nextInt(3) == 0 ? 256 : 12);
            return new Instruction(op.code(), random.nextInt(reach), random.nextInt(reach), value());
        }
        if (kind == 6 && random.nextInt(4) == 0) {
            int k = random.nextInt(3) == 0 ? value() : ERRNO | random.nextInt(0x10000);
            int action = k & 0xffff0000;
            return of(Opcode.RET_K, action == ALLOW || action == LOG ? ERRNO : k);
        }
        if (kind < 10) {
            return of(Opcode.LD_ABS, 4 * random.nextInt(16));
        }
        Opcode op = PLAIN[random.nextInt(PLAIN.length)];
        return switch (op) {
            case LD_ABS -> of(op, 4 * random.nextInt(16));
            case ST, STX -> of(op, random.nextInt(16));
            case LD_MEM, LDX_MEM -> {
                int slot = random.nextInt(16);
                yield (slots & 1 << slot) != 0 ? of(op, slot) : of(Opcode.TAX, 0);
            }
            case DIV_K -> of(op, value() | 1);
            case LSH_K, RSH_K -> of(op, random.nextInt(32));
            // It ends the program as soon as X is 0, which is often.
            case DIV_X -> random.nextInt(4) == 0 ? of(op, 0) : of(Opcode.MUL_X, 0);
            default -> of(op, value());
        };
    }

    /** {@code program} with one to three things changed, so that seccomp may or may not take it. */
    Program mutated(Program program) {
        List<Instruction> changed = new ArrayList<>(program.instructions());
        for (int times = 1 + random.nextInt(2); times > 0 && !changed.isEmpty(); times--) {
            int i = random.nextInt(changed.size());
            Instruction old = changed.get(i);
            int rest = changed.size() - i;
            switch (random.nextInt(9)) {
                case 0 -> changed.set(i, new Instruction(random.nextInt(256), old.jt(), old.jf(), old.k()));
                case 1 -> changed.set(i, new Instruction(old.code(), random.nextInt(256), old.jf(), old.k()));
                case 2 -> changed.set(i, new Instruction(old.code(), old.jt(), rest - random.nextInt(4) & 255, old.k()));
                case 3 -> changed.set(i, new Instruction(old.code(), old.jt(), old.jf(), value()));
                case 4 -> changed.remove(i);
                case 5 -> changed.add(i, of(random.nextBoolean() ? Opcode.LD_MEM : Opcode.LDX_MEM, random.nextInt(18)));
                case 6 -> changed.addAll(i,
                        List.of(of(Opcode.JA, random.nextInt(2)), of(Opcode.LDX_MEM, random.nextInt(16))));
                case 7 -> changed.add(i, of(Opcode.JA, Math.max(0, rest - random.nextInt(4))));
                default -> changed.set(i, of(Opcode.values()[random.nextInt(Opcode.values().length)], value()));
            }
        }
        return new Program(changed);
    }

    /** Instructions of any content at all. */
    Program garbage() {
        List<Instruction> program = new ArrayList<>();
        for (int left = random.nextInt(20); left > 0; left--) {
            boolean known = random.nextInt(4) > 0;
            int code = known ? Opcode.values()[random.nextInt(Opcode.values().length)].code() : random.nextInt(0x10000);
            int k = random.nextInt(3) == 0 ? 0 : value();
            program.add(new Instruction(code, random.nextInt(3), random.nextInt(3), k));
        }
        return new Program(program);
    }

    static Instruction of(Opcode opcode, int k) {
        return new Instruction(opcode.code(), 0, 0, k);
    }

    private static Opcode[] plain() {
        List<Opcode> plain = new ArrayList<>();
        for (Opcode opcode : Opcode.values()) {
            if (!opcode.isBranch() && !opcode.isReturn() && opcode != Opcode.JA) {
                plain.add(opcode);
            }
        }
        return plain.toArray(new Opcode[0]);
    }
}
