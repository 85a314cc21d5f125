package org.secfilt.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Runs a program as the kernel does. All arithmetic is on 32 bits and unsigned; shifts by X take its low five bits, as
 * the kernel's own translation of classic BPF does; a test compares it with the kernel.
 */
public final class Interpreter {
    private final Program program;
    private final ByteBuffer data;
    private final Coverage coverage;
    private final int[] memory = new int[Checker.SLOTS];
    private int a;
    private int x;

    private Interpreter(Program program, ByteBuffer data, Coverage coverage) {
        this.program = program;
        this.data = data;
        this.coverage = coverage;
    }

    /** What {@code program} returns for {@code data}; its words have the given order, for seccomp the machine's own. */
    public static int run(Program program, byte[] data, ByteOrder order) {
        return run(program, data, order, new Coverage(program));
    }

    /**
     * As above, and notes in {@code coverage} what ran.
     *
     * @throws IllegalArgumentException if the program does something impossible; none that {@link Checker} passes does
     */
    public static int run(Program program, byte[] data, ByteOrder order, Coverage coverage) {
        if (!coverage.program().equals(program)) {
            throw new IllegalArgumentException("the coverage is of another program");
        }
        return new Interpreter(program, ByteBuffer.wrap(data).order(order), coverage).run();
    }

    private int run() {
        int at = 0;
        while (true) {
            if (at >= program.size()) {
                throw new IllegalArgumentException("the program runs on to " + at + ", where no instruction is");
            }
            int current = at;
            Instruction instruction = program.get(at);
            Opcode opcode = Opcode.of(instruction.code()).orElseThrow(() -> bad(current, "it is no operation"));
            coverage.ran(at);
            if (opcode.isReturn()) {
                return opcode == Opcode.RET_A ? a : instruction.k();
            }
            if (opcode == Opcode.DIV_X && x == 0) {
                return 0;
            }
            at++;
            if (opcode == Opcode.JA) {
                if (Integer.compareUnsigned(instruction.k(), program.size() - at) >= 0) {
                    throw bad(current, "it jumps out of the program");
                }
                at += instruction.k();
            } else if (opcode.isBranch()) {
                boolean holds = compare(opcode, instruction.k());
                coverage.branched(current, holds);
                at += holds ? instruction.jt() : instruction.jf();
            } else {
                try {
                    step(opcode, instruction.k());
                } catch (IndexOutOfBoundsException | ArithmeticException e) {
                    throw bad(current, String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private boolean compare(Opcode opcode, int k) {
        return switch (opcode) {
            case JEQ_K -> a == k;
            case JEQ_X -> a == x;
            case JGT_K -> Integer.compareUnsigned(a, k) > 0;
            case JGT_X -> Integer.compareUnsigned(a, x) > 0;
            case JGE_K -> Integer.compareUnsigned(a, k) >= 0;
            case JGE_X -> Integer.compareUnsigned(a, x) >= 0;
            case JSET_K -> (a & k) != 0;
            case JSET_X -> (a & x) != 0;
            default -> throw new AssertionError(opcode);
        };
    }

    private void step(Opcode opcode, int k) {
        switch (opcode) {
            case LD_ABS -> a = data.getInt(k);
            case LD_LEN -> a = data.capacity();
            case LDX_LEN -> x = data.capacity();
            case LD_IMM -> a = k;
            case LDX_IMM -> x = k;
            case LD_MEM -> a = memory[k];
            case LDX_MEM -> x = memory[k];
            case ST -> memory[k] = a;
            case STX -> memory[k] = x;
            case ADD_K -> a += k;
            case ADD_X -> a += x;
            case SUB_K -> a -= k;
            case SUB_X -> a -= x;
            case MUL_K -> a *= k;
            case MUL_X -> a *= x;
            case DIV_K -> a = Integer.divideUnsigned(a, k);
            case DIV_X -> a = Integer.divideUnsigned(a, x);
            case OR_K -> a |= k;
            case OR_X -> a |= x;
            case AND_K -> a &= k;
            case AND_X -> a &= x;
            case LSH_K -> a <<= k;
            case LSH_X -> a <<= x;
            case RSH_K -> a >>>= k;
            case RSH_X -> a >>>= x;
            case NEG -> a = -a;
            case XOR_K -> a ^= k;
            case XOR_X -> a ^= x;
            case TAX -> x = a;
            case TXA -> a = x;
            default -> throw new AssertionError(opcode);
        }
    }

    private static IllegalArgumentException bad(int at, String why) {
        return new IllegalArgumentException("instruction " + at + ": " + why);
    }
}
