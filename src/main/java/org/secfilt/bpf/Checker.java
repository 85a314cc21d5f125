package org.secfilt.bpf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Says whether seccomp(2) would take a program, and if not, everything that is wrong with it. It is exactly as strict
 * as net/core/filter.c bpf_check_classic() and kernel/seccomp.c seccomp_check_filter() are together.
 */
public final class Checker {
    /** BPF_MEMWORDS // linux/filter.h */
    static final int SLOTS = 16;
    /** sizeof(struct seccomp_data) */
    private static final int DATA_LENGTH = 64;

    /**
     * One thing wrong.
     *
     * @param instruction its number, from 0; for a program of the wrong length, where it should have ended
     */
    public record Problem(int instruction, String what) {
        @Override
        public String toString() {
            return "instruction " + instruction + ": " + what;
        }
    }

    private final Program program;
    private final List<Problem> problems = new ArrayList<>();

    private Checker(Program program) {
        this.program = program;
    }

    /** Everything wrong with {@code program}, by instruction; empty if seccomp takes it. */
    public static List<Problem> check(Program program) {
        return new Checker(program).check();
    }

    private List<Problem> check() {
        int size = program.size();
        if (size == 0) {
            problem(0, "the program is empty");
            return List.copyOf(problems);
        }
        int[] stored = new int[size];
        Arrays.fill(stored, -1);
        // Which slots are stored to on every way to the instruction at hand. As in check_load_and_stores(), nothing
        // comes from a jump or a branch, but what was stored before a return still counts after it.
        int valid = 0;
        for (int i = 0; i < size; i++) {
            Instruction instruction = program.get(i);
            Optional<Opcode> opcode = Opcode.of(instruction.code());
            if (opcode.isEmpty()) {
                problem(i, "seccomp has no operation 0x" + Integer.toHexString(instruction.code()));
                continue;
            }
            valid &= stored[i];
            operand(i, opcode.get(), instruction.k());
            valid = flow(i, opcode.get(), instruction, valid, stored);
        }
        if (size > Program.MAX_INSTRUCTIONS) {
            problem(Program.MAX_INSTRUCTIONS, "the program has " + size + " instructions, above "
                    + Program.MAX_INSTRUCTIONS);
        }
        Optional<Opcode> last = Opcode.of(program.get(size - 1).code());
        if (last.isPresent() && !last.get().isReturn()) {
            problem(size - 1, "the program does not end with a return");
        }
        return List.copyOf(problems);
    }

    private void operand(int i, Opcode opcode, int k) {
        switch (opcode) {
            case LD_ABS -> {
                if (Integer.compareUnsigned(k, DATA_LENGTH) >= 0) {
                    problem(i, "the load at " + Integer.toUnsignedString(k) + " is beyond the " + DATA_LENGTH
                            + " bytes of the data");
                } else if ((k & 3) != 0) {
                    problem(i, "the load at " + k + " is not aligned to 4 bytes");
                }
            }
            case LD_MEM, LDX_MEM, ST, STX -> {
                if (Integer.compareUnsigned(k, SLOTS) >= 0) {
                    problem(i, "M[" + Integer.toUnsignedString(k) + "] is beyond M[" + (SLOTS - 1) + "]");
                }
            }
            case DIV_K -> {
                if (k == 0) {
                    problem(i, "it divides by 0");
                }
            }
            case LSH_K, RSH_K -> {
                if (Integer.compareUnsigned(k, 32) >= 0) {
                    problem(i, "it shifts by " + Integer.toUnsignedString(k) + ", above 31");
                }
            }
            default -> { }
        }
    }

    /** Follows the jumps and slots of instruction {@code i}; answers which slots are valid after it. */
    private int flow(int i, Opcode opcode, Instruction instruction, int valid, int[] stored) {
        int k = instruction.k();
        boolean slot = Integer.compareUnsigned(k, SLOTS) < 0;
        switch (opcode) {
            case ST, STX:
                return slot ? valid | 1 << k : valid;
            case LD_MEM, LDX_MEM:
                if (slot && (valid & 1 << k) == 0) {
                    problem(i, "M[" + k + "] is read, but not on every way written before");
                }
                return valid;
            case JA:
                // Unsigned, so that no k goes backwards.
                if (Integer.compareUnsigned(k, program.size() - i - 1) >= 0) {
                    outside(i, i + 1 + Integer.toUnsignedLong(k));
                } else {
                    stored[i + 1 + k] &= valid;
                }
                return -1;
            default:
                if (!opcode.isBranch()) {
                    return valid;
                }
                branch(i, instruction.jt(), valid, stored);
                branch(i, instruction.jf(), valid, stored);
                return -1;
        }
    }

    private void branch(int i, int skip, int valid, int[] stored) {
        int target = i + 1 + skip;
        if (target >= program.size()) {
            outside(i, target);
        } else {
            stored[target] &= valid;
        }
    }

    private void outside(int i, long target) {
        problem(i, "it jumps to " + target + ", beyond the last instruction, " + (program.size() - 1));
    }

    private void problem(int instruction, String what) {
        problems.add(new Problem(instruction, what));
    }
}
