package org.secfilt.plan;

import java.util.Optional;

/**
 * The Landlock domain that the command enters. Whatever it restricts, a process in a domain cannot ptrace a process outside of it,
 * nor open its /proc/PID/mem, nor take its descriptors (landlock(7) "Ptrace restrictions"); and one that handles file rights
 * cannot change mounts.
 *
 * @param handledAccessFs of struct landlock_ruleset_attr: what is denied wherever no rule allows it
 * @param allowedBelowRoot if not 0, the ruleset needs one rule: LANDLOCK_RULE_PATH_BENEATH, these rights, parent_fd "/"
 * @param scoped of struct landlock_ruleset_attr, since ABI 6
 */
public record LandlockDomain(long handledAccessFs, long allowedBelowRoot, long scoped) {
    static final int ABI_WITH_REFER = 2;
    static final int ABI_WITH_TRUNCATE = 3;
    private static final int ABI_WITH_SCOPES = 6;
    // linux/landlock.h LANDLOCK_ACCESS_FS_*
    private static final long WRITE_FILE = 1L << 1;
    private static final long REMOVE_DIR = 1L << 4;
    private static final long REMOVE_FILE = 1L << 5;
    private static final long MAKE_CHAR = 1L << 6;
    private static final long MAKE_DIR = 1L << 7;
    private static final long MAKE_REG = 1L << 8;
    private static final long MAKE_SOCK = 1L << 9;
    private static final long MAKE_FIFO = 1L << 10;
    private static final long MAKE_BLOCK = 1L << 11;
    private static final long MAKE_SYM = 1L << 12;
    private static final long REFER = 1L << 13;
    private static final long TRUNCATE = 1L << 14;
    private static final long SCOPE_SIGNAL = 1L << 1; // LANDLOCK_SCOPE_SIGNAL

    /** Every way to write that the first ABI knows. */
    private static final long WRITES = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO
            | MAKE_BLOCK | MAKE_SYM;

    /**
     * The mildest domain this ABI has.
     *
     * <p>From ABI 6 it scopes signals alone, which keeps the supervisor from being stopped, and leaves files and mounts as they are.
     * Before, a domain must handle some file right, and every such domain denies renames from directory to directory
     * (LANDLOCK_ACCESS_FS_REFER) unless a rule allows them, and mount(2) in any case. ABI 1 cannot allow them: a domain would break
     * git, make and dpkg, so there is none.
     */
    static Optional<LandlockDomain> of(int abi) {
        if (abi >= ABI_WITH_SCOPES) {
            return Optional.of(new LandlockDomain(0, 0, SCOPE_SIGNAL));
        }
        return abi >= ABI_WITH_REFER
                ? Optional.of(new LandlockDomain(REFER, REFER, 0))
                : Optional.empty();
    }

    /**
     * One in which no file is written but where a rule allows it. ABI 1 lets nothing be moved or linked from directory to directory,
     * whatever the rules: programs fall back to copying. What it and ABI 2 do not see of truncation the filter and the tracer hold.
     *
     * <p>LANDLOCK_ACCESS_FS_IOCTL_DEV is left alone: an ioctl on a terminal or a device is no write, and job control needs it.
     */
    static Optional<LandlockDomain> readOnly(int abi) {
        if (abi < 1) {
            return Optional.empty();
        }
        long handled = WRITES | (abi >= ABI_WITH_REFER ? REFER : 0) | (abi >= ABI_WITH_TRUNCATE ? TRUNCATE : 0);
        return Optional.of(new LandlockDomain(handled, 0, abi >= ABI_WITH_SCOPES ? SCOPE_SIGNAL : 0));
    }

    /** What a rule allows below a directory. No device nodes: root could make one of any disk, and write that. */
    public long directoryRights() {
        return handledAccessFs & ~(MAKE_CHAR | MAKE_BLOCK);
    }

    /** What a rule allows on a file; the kernel refuses any other right there (EINVAL). */
    public long fileRights() {
        return handledAccessFs & (WRITE_FILE | TRUNCATE);
    }
}
