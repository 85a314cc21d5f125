package org.secfilt.bpf;

/** A comparison of A, unsigned, with a constant or with X. */
public enum JumpOp {
    EQ(Opcode.JEQ_K, Opcode.JEQ_X),
    GT(Opcode.JGT_K, Opcode.JGT_X),
    GE(Opcode.JGE_K, Opcode.JGE_X),
    /** Holds when A and the operand have a bit in common. */
    SET(Opcode.JSET_K, Opcode.JSET_X);

    private final Opcode withK;
    private final Opcode withX;

    JumpOp(Opcode withK, Opcode withX) {
        this.withK = withK;
        this.withX = withX;
    }

    Opcode withK() {
        return withK;
    }

    Opcode withX() {
        return withX;
    }
}
