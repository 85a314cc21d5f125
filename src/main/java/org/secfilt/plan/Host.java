package org.secfilt.plan;

import org.secfilt.abi.Arch;

/**
 * What this host can do, as far as a plan depends on it.
 *
 * @param landlockAbi landlock_create_ruleset(2) "LANDLOCK_CREATE_RULESET_VERSION"; 0 where Landlock is missing
 * @param root true if the command runs with the capabilities of uid 0
 * @param firewall the packet filter
 * @param profiled whether the command is in a profile of the packet filter, which it must not leave
 * @param profiledByMaking whether that profile knows a socket by who made it, so that none from before is of it
 */
public record Host(Arch arch, int landlockAbi, boolean root, HostFirewall firewall, boolean profiled, boolean profiledByMaking) {
    /** In a profile that knows a socket by who holds it, or in none. */
    public Host(Arch arch, int landlockAbi, boolean root, HostFirewall firewall, boolean profiled) {
        this(arch, landlockAbi, root, firewall, profiled, false);
    }

    /** Outside of all profiles. */
    public Host(Arch arch, int landlockAbi, boolean root, HostFirewall firewall) {
        this(arch, landlockAbi, root, firewall, false);
    }

    /** Without a packet filter. */
    public Host(Arch arch, int landlockAbi, boolean root) {
        this(arch, landlockAbi, root, HostFirewall.NONE);
    }
}
