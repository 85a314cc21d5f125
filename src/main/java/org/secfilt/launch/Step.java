package org.secfilt.launch;

import java.util.ArrayList;
import java.util.List;

/**
 * One system call of a launch script. The name is for people: it is not encoded, and says in a message
 * which call the stub reported as failed.
 *
 * @param name such as {@code seccomp(SECCOMP_SET_MODE_FILTER)}
 * @param nr the call's number on the architecture the stub runs on
 * @param arguments always six, those not given are 0: prctl(2) refuses garbage in the unused ones
 */
public record Step(String name, int nr, List<Operand> arguments) {
    /** As many as a system call can have. */
    static final int ARGUMENTS = 6;

    public Step {
        if (arguments.size() > ARGUMENTS) {
            throw new IllegalArgumentException(name + " has " + arguments.size() + " arguments");
        }
        List<Operand> padded = new ArrayList<>(arguments);
        while (padded.size() < ARGUMENTS) {
            padded.add(new Operand.Immediate(0));
        }
        arguments = List.copyOf(padded);
    }

    @Override
    public String toString() {
        return name + " = " + nr + arguments;
    }
}
