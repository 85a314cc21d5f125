package org.secfilt.kernel;

import java.util.Arrays;

/**
 * A call as ptrace(2) "PTRACE_GET_SYSCALL_INFO" shows it in a seccomp-stop or a syscall-exit-stop, or as a filter does. Reused from call to
 * call; one thread only.
 */
public final class SyscallStop {
    private final long[] arguments = new long[6];
    private int audit;
    private long instructionPointer;
    private long stackPointer;
    private long number;
    private long result;
    private boolean isFinal;

    public void enter(int audit, long instructionPointer, long stackPointer, long number) {
        this.audit = audit;
        this.instructionPointer = instructionPointer;
        this.stackPointer = stackPointer;
        this.number = number;
    }

    /** Takes on all of another but its result. */
    public void copy(SyscallStop other) {
        enter(other.audit, other.instructionPointer, other.stackPointer, other.number);
        System.arraycopy(other.arguments, 0, arguments, 0, arguments.length);
    }

    /** Whether the two are from the same place in the program, with the same arguments. */
    public boolean isSameCall(SyscallStop other) {
        return audit == other.audit && number == other.number && instructionPointer == other.instructionPointer
                && stackPointer == other.stackPointer && Arrays.equals(arguments, other.arguments);
    }

    public void setArgument(int index, long value) {
        arguments[index] = value;
    }

    public void exit(long result) {
        this.result = result;
    }

    public void setFinal(boolean noted) {
        isFinal = noted;
    }

    /** {@link Ptrace#noteFinal} was called since the call began. */
    public boolean isFinal() {
        return isFinal;
    }

    /** AUDIT_ARCH_* of the call. */
    public int audit() {
        return audit;
    }

    /** Of the instruction after the one that made the call. */
    public long instructionPointer() {
        return instructionPointer;
    }

    public long stackPointer() {
        return stackPointer;
    }

    /** The whole register: the kernel takes its low 32 bits as the call's number. */
    public long number() {
        return number;
    }

    public long argument(int index) {
        return arguments[index];
    }

    /** Of a syscall-exit-stop: what the call returned, a negative error number included. */
    public long result() {
        return result;
    }
}
