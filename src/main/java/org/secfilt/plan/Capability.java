package org.secfilt.plan;

/** A capability that would undo a policy, so that root's command runs without it. // linux/capability.h */
public enum Capability {
    /**
     * Directories by their handles, in mounts outside too, open_by_handle_at(2). What else it allows CAP_DAC_OVERRIDE allows as well, but
     * for linkat(2) with AT_EMPTY_PATH.
     */
    DAC_READ_SEARCH(2, Against.CGROUP),
    /** Attributes such as "immutable", by ioctls on files that are open for reading. */
    LINUX_IMMUTABLE(9, Against.FILES),
    /**
     * Routes, packet filters and tunnels could lead an allowed address elsewhere. Out of a network of its own a card of the host's leads, or a
     * pair of cards: rtnetlink(7) finds the host's network by any process there, and asks for this capability alone.
     */
    NET_ADMIN(12, Against.ADDRESSES),
    /** Packets made by hand; IPv6 extension headers. */
    NET_RAW(13, Against.ADDRESSES),
    /** A module does as it likes. */
    SYS_MODULE(16, Against.BOTH),
    /** /dev/mem, I/O ports, commands to disks. */
    SYS_RAWIO(17, Against.BOTH),
    /** Processes of other users, outside of the sandbox, could be made to act. */
    SYS_PTRACE(19, Against.BOTH),
    /** Commands to disks and file systems by ioctls, the mounts of other namespaces. */
    SYS_ADMIN(21, Against.FILES),
    /** kexec_load(2): another kernel. */
    SYS_BOOT(22, Against.BOTH),
    /** Probes in other processes. */
    PERFMON(38, Against.BOTH),
    /** Programs in the kernel that rewrite addresses. */
    BPF(39, Against.BOTH);

    private enum Against {
        ADDRESSES,
        FILES,
        BOTH,
        CGROUP
    }

    private final int number;
    private final Against against;

    Capability(int number, Against against) {
        this.number = number;
        this.against = against;
    }

    /** Its bit; kernels before 5.8 know none above 37. */
    public int number() {
        return number;
    }

    /** Whether it would undo a policy that restricts the one, or the other, or leave the cgroup where that must not be. */
    boolean undoes(boolean addresses, boolean files, boolean cgroup) {
        return switch (against) {
            case ADDRESSES -> addresses;
            case FILES -> files;
            case BOTH -> addresses || files;
            case CGROUP -> cgroup;
        };
    }
}
