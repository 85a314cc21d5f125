package org.secfilt.abi;

/** A processor architecture whose system calls secfilt knows. Both are little-endian and have 64-bit registers. */
public enum Arch {
    X86_64("x86_64", "amd64", 0xc000003e),
    AARCH64("aarch64", "aarch64", 0xc00000b7);

    /** Set in the number of an x32 call, which comes with the audit value of x86-64. // asm/unistd.h */
    public static final int X32_SYSCALL_BIT = 0x40000000;

    private final String kernelName;
    private final String javaName;
    private final int audit;

    Arch(String kernelName, String javaName, int audit) {
        this.kernelName = kernelName;
        this.javaName = javaName;
        this.audit = audit;
    }

    /** AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64, as found in {@code seccomp_data.arch}. // linux/audit.h */
    public int audit() {
        return audit;
    }

    /** The architecture this JVM runs on. */
    public static Arch current() {
        String name = System.getProperty("os.arch");
        for (Arch arch : values()) {
            if (arch.javaName.equals(name) || arch.kernelName.equals(name)) {
                return arch;
            }
        }
        throw new UnknownArchException("secfilt knows x86_64 and aarch64, not '" + Printable.escape(name) + "'");
    }

    public SyscallTable syscalls() {
        return SyscallTable.of(this);
    }

    /** The name that uname(2) gives, "x86_64" or "aarch64". */
    @Override
    public String toString() {
        return kernelName;
    }
}
