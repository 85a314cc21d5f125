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
 * @param byClass whether it knows packets by their class, of net_cls
 */
public record HostFirewall(Optional<String> missing, boolean mayMount, boolean wholeNetwork, boolean byClass) {
    /** Of a run that has a network namespace to itself. */
    public static final HostFirewall OF_NETWORK = new HostFirewall(Optional.empty(), false, true, false);

    /** Packets are known by a cgroup of version 2. */
    public HostFirewall(Optional<String> missing, boolean mayMount) {
        this(missing, mayMount, false, false);
    }

    /** None, or nobody has looked. */
    public static final HostFirewall NONE = without("a packet filter");

    public static HostFirewall without(String missing) {
        return new HostFirewall(Optional.of(missing), false);
    }
}
