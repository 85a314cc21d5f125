package org.secfilt.bpf;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Which instructions of one program ran, and which ways its branches went, over any number of runs. */
public final class Coverage {
    private final Program program;
    private final BitSet ran = new BitSet();
    private final BitSet held = new BitSet();
    private final BitSet failed = new BitSet();

    public Coverage(Program program) {
        this.program = program;
    }

    void ran(int instruction) {
        ran.set(instruction);
    }

    void branched(int instruction, boolean holds) {
        (holds ? held : failed).set(instruction);
    }

    Program program() {
        return program;
    }

    public boolean hasRun(int instruction) {
        return ran.get(instruction);
    }

    /** Whether the comparison at {@code instruction} was seen to come out as {@code holds}. */
    public boolean hasBranched(int instruction, boolean holds) {
        return (holds ? held : failed).get(instruction);
    }

    /** What did not happen, as sentences; empty when every instruction ran and every branch went both ways. */
    public List<String> missed() {
        List<String> missed = new ArrayList<>();
        for (int i = 0; i < program.size(); i++) {
            if (!ran.get(i)) {
                missed.add("instruction " + i + " never ran");
            } else if (Opcode.of(program.get(i).code()).map(Opcode::isBranch).orElse(false)) {
                if (!held.get(i)) {
                    missed.add("the comparison at instruction " + i + " never held");
                }
                if (!failed.get(i)) {
                    missed.add("the comparison at instruction " + i + " always held");
                }
            }
        }
        return missed;
    }
}
