package org.secfilt.plan;

/** A capability that would undo an address policy, so that root's command runs without it. // linux/capability.h */
public enum Capability {
    /** Routes, packet filters and tunnels could lead an allowed address elsewhere. */
    NET_ADMIN(12),
    /** Packets made by hand; IPv6 extension headers. */
    NET_RAW(13),
    /** A module does as it likes. */
    SYS_MODULE(16),
    /** /dev/mem, I/O ports. */
    SYS_RAWIO(17),
    /** Processes of other users, outside of the sandbox, could be made to send. */
    SYS_PTRACE(19),
    /** kexec_load(2): another kernel. */
    SYS_BOOT(22),
    /** Probes in other processes. */
    PERFMON(38),
    /** Programs in the kernel that rewrite addresses. */
    BPF(39);

    private final int number;

    Capability(int number) {
        this.number = number;
    }

    /** Its bit; kernels before 5.8 know none above 37. */
    public int number() {
        return number;
    }
}
