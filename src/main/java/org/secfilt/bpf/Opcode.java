package org.secfilt.bpf;

import java.util.Optional;

/**
 * Every operation seccomp knows, once: number, word, and what stands behind the word. Assembler, checker, printer,
 * parser and interpreter all read this table. Loads of bytes and halves, indirect loads, MOD and RET X are classic BPF
 * too, but seccomp refuses them. // linux/bpf_common.h, kernel/seccomp.c seccomp_check_filter()
 */
public enum Opcode {
    /** A = the word at offset k. */
    LD_ABS(0x20, "ld", Operand.DATA),
    /** A = the length of the data. */
    LD_LEN(0x80, "ld", Operand.LENGTH),
    LDX_LEN(0x81, "ldx", Operand.LENGTH),
    LD_IMM(0x00, "ld", Operand.K),
    LDX_IMM(0x01, "ldx", Operand.K),
    LD_MEM(0x60, "ld", Operand.SLOT),
    LDX_MEM(0x61, "ldx", Operand.SLOT),
    ST(0x02, "st", Operand.SLOT),
    STX(0x03, "stx", Operand.SLOT),

    ADD_K(0x04, "add", Operand.K),
    ADD_X(0x0c, "add", Operand.X),
    SUB_K(0x14, "sub", Operand.K),
    SUB_X(0x1c, "sub", Operand.X),
    MUL_K(0x24, "mul", Operand.K),
    MUL_X(0x2c, "mul", Operand.X),
    DIV_K(0x34, "div", Operand.K),
    /** A = A / X; where X is 0 the program ends with 0. */
    DIV_X(0x3c, "div", Operand.X),
    OR_K(0x44, "or", Operand.K),
    OR_X(0x4c, "or", Operand.X),
    AND_K(0x54, "and", Operand.K),
    AND_X(0x5c, "and", Operand.X),
    LSH_K(0x64, "lsh", Operand.K),
    LSH_X(0x6c, "lsh", Operand.X),
    RSH_K(0x74, "rsh", Operand.K),
    RSH_X(0x7c, "rsh", Operand.X),
    NEG(0x84, "neg", Operand.NONE),
    XOR_K(0xa4, "xor", Operand.K),
    XOR_X(0xac, "xor", Operand.X),

    JA(0x05, "ja", Operand.LABEL),
    JEQ_K(0x15, "jeq", Operand.K_LABELS),
    JEQ_X(0x1d, "jeq", Operand.X_LABELS),
    JGT_K(0x25, "jgt", Operand.K_LABELS),
    JGT_X(0x2d, "jgt", Operand.X_LABELS),
    JGE_K(0x35, "jge", Operand.K_LABELS),
    JGE_X(0x3d, "jge", Operand.X_LABELS),
    JSET_K(0x45, "jset", Operand.K_LABELS),
    JSET_X(0x4d, "jset", Operand.X_LABELS),

    RET_K(0x06, "ret", Operand.K),
    RET_A(0x16, "ret", Operand.A),

    TAX(0x07, "tax", Operand.NONE),
    TXA(0x87, "txa", Operand.NONE);

    /** What stands behind the word, and so which of jt, jf and k mean something. */
    enum Operand {
        DATA("[OFFSET]"),
        LENGTH("#len"),
        K("#NUMBER"),
        SLOT("M[SLOT]"),
        X("x"),
        A("a"),
        NONE("no operand"),
        /** k is the distance. */
        LABEL("LABEL"),
        K_LABELS("#NUMBER, LABEL, LABEL"),
        X_LABELS("x, LABEL, LABEL");

        private final String shape;

        Operand(String shape) {
            this.shape = shape;
        }

        /** How it is written, for messages. */
        String shape() {
            return shape;
        }

        boolean isBranch() {
            return this == K_LABELS || this == X_LABELS;
        }

        boolean usesK() {
            return this == DATA || this == K || this == SLOT || this == LABEL || this == K_LABELS;
        }
    }

    private static final Opcode[] BY_CODE = new Opcode[256];

    static {
        for (Opcode opcode : values()) {
            BY_CODE[opcode.code] = opcode;
        }
    }

    private final int code;
    private final String word;
    private final Operand operand;

    Opcode(int code, String word, Operand operand) {
        this.code = code;
        this.word = word;
        this.operand = operand;
    }

    public int code() {
        return code;
    }

    /** The operation of a code; empty for one that seccomp does not know. */
    public static Optional<Opcode> of(int code) {
        return code < 0 || code >= BY_CODE.length ? Optional.empty() : Optional.ofNullable(BY_CODE[code]);
    }

    /** Whether it compares, and goes on by jt or by jf. */
    public boolean isBranch() {
        return operand.isBranch();
    }

    public boolean isReturn() {
        return this == RET_K || this == RET_A;
    }

    String word() {
        return word;
    }

    Operand operand() {
        return operand;
    }
}
