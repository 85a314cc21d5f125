package org.secfilt.kernel;

/**
 * ptrace(2) "PTRACE_GET_SYSCALL_INFO" of a seccomp-stop or a syscall-exit-stop. Reused from call to call; tracer thread only.
 */
public final class SyscallStop {
    private final long[] arguments = new long[6];
    private int audit;
    private long instructionPointer;
    private long stackPointer;
    private long number;
    private long result;

    public void enter(int audit, long instructionPointer, long stackPointer, long number) {
        this.audit = audit;
        this.instructionPointer = instructionPointer;
        this.stackPointer = stackPointer;
        this.number = number;
    }

    public void setArgument(int index, long value) {
        arguments[index] = value;
    }

    public void exit(long result) {
        this.result = result;
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
