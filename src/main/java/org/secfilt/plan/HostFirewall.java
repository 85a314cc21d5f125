package org.secfilt.plan;

import java.util.Optional;

/**
 * What this host's packet filter can do for a run.
 *
 * @param missing what it would need and does not have, in words; empty if it can be used
 * @param mayMount whether the command's launch can make all cgroups it would see read-only: CAP_SYS_ADMIN, and none is out of its sight and
 *     within its reach
 * @param wholeNetwork whether it judges all that leaves the command's network namespace, for want of a cgroup or because the namespace is
 *     the command's own; who cannot leave the one cannot leave the other
 */
public record HostFirewall(Optional<String> missing, boolean mayMount, boolean wholeNetwork) {
    /** Of a run that has a network namespace to itself. */
    public static final HostFirewall OF_NETWORK = new HostFirewall(Optional.empty(), false, true);

    /** Packets are known by a cgroup. */
    public HostFirewall(Optional<String> missing, boolean mayMount) {
        this(missing, mayMount, false);
    }

    /** None, or nobody has looked. */
    public static final HostFirewall NONE = without("a packet filter");

    public static HostFirewall without(String missing) {
        return new HostFirewall(Optional.of(missing), false);
    }
}
