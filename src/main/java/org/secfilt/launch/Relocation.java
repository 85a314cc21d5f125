package org.secfilt.launch;

/**
 * An address that stands inside the script's data: before the first step the stub stores the operand, as
 * eight bytes, at the offset.
 */
public record Relocation(int offset, Operand operand) {
    public Relocation {
        if (offset < 0) {
            throw new IllegalArgumentException("relocation offset " + offset + " is negative");
        }
        if (operand instanceof Operand.Result) {
            throw new IllegalArgumentException("a relocation comes before every step, it cannot use the " + operand);
        }
    }
}
