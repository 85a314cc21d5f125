package org.secfilt.plan;

import java.util.Optional;

/**
 * The Landlock domain that the command enters. Whatever it restricts, a process in a domain cannot ptrace a process outside of it,
 * nor open its /proc/PID/mem, nor take its descriptors (landlock(7) "Ptrace restrictions"): that is what it is for.
 *
 * @param handledAccessFs of struct landlock_ruleset_attr
 * @param allowedBelowRoot if not 0, the ruleset needs one rule: LANDLOCK_RULE_PATH_BENEATH, these rights, parent_fd "/"
 * @param scoped of struct landlock_ruleset_attr, since ABI 6
 */
public record LandlockDomain(long handledAccessFs, long allowedBelowRoot, long scoped) {
    private static final int ABI_WITH_REFER = 2;
    private static final int ABI_WITH_SCOPES = 6;
    private static final long ACCESS_FS_REFER = 1L << 13; // linux/landlock.h LANDLOCK_ACCESS_FS_REFER
    private static final long SCOPE_SIGNAL = 1L << 1; // linux/landlock.h LANDLOCK_SCOPE_SIGNAL

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
                ? Optional.of(new LandlockDomain(ACCESS_FS_REFER, ACCESS_FS_REFER, 0))
                : Optional.empty();
    }
}
