package org.secfilt.bpf;

/**
 * One instruction, {@code struct sock_filter}. // linux/filter.h
 *
 * @param code the operation, 16 bits
 * @param jt   how many instructions to skip when a comparison holds, 8 bits
 * @param jf   how many to skip when it does not, 8 bits
 * @param k    the operand; unsigned
 */
public record Instruction(int code, int jt, int jf, int k) {
    public Instruction {
        if (code < 0 || code > 0xffff || jt < 0 || jt > 0xff || jf < 0 || jf > 0xff) {
            throw new IllegalArgumentException("code " + code + ", jt " + jt + " or jf " + jf + " is out of range");
        }
    }

    @Override
    public String toString() {
        return "{0x" + Integer.toHexString(code) + ", " + jt + ", " + jf + ", 0x" + Integer.toHexString(k) + "}";
    }
}
