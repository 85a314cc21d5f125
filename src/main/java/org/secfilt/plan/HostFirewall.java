package org.secfilt.plan;

import java.util.Optional;

/**
 * What this host's packet filter can do for a run.
 *
 * @param missing what it would need and does not have, in words; empty if it can be used
 * @param mayMount whether the command's launch can change mounts, CAP_SYS_ADMIN
 * @param inSight whether the command would see cgroups mounted of the kind that the run gets
 * @param classesInSight whether it would see those of net_cls, by which profiles know it
 */
public record HostFirewall(Optional<String> missing, boolean mayMount, boolean inSight, boolean classesInSight) {
    /** Where nobody has looked for net_cls. */
    public HostFirewall(Optional<String> missing, boolean mayMount, boolean inSight) {
        this(missing, mayMount, inSight, false);
    }

    /** Nobody has looked. */
    public static final HostFirewall NONE = without("it was not looked for");

    public static HostFirewall without(String missing) {
        return new HostFirewall(Optional.of(missing), false, false);
    }
}
