/**
 * Policies as rules of the host's packet filter. A cgroup holds the processes, chains of our own hold the rules, and rules in OUTPUT
 * send what the cgroup's sockets emit to the chains: whatever program, protocol or kind of socket it comes from.
 *
 * <p>{@code PacketRules} and {@code Chain} make text, which {@code iptables-restore --noflush} takes in one transaction; {@code Session}
 * makes the cgroup and installs the text, and takes both down; {@code Leftovers} finds what a crash has left. A network that a run has to itself
 * is judged as a whole, without a cgroup: {@code NetworkRules}, and {@code NetworkSession} where it outlives the run. {@code Packet} foretells what
 * the chain does.
 *
 * <p>Stands on iptables-restore(8), iptables-extensions(8) "cgroup" and "conntrack", cgroups(7), fsopen(2), flock(2).
 */
package org.secfilt.firewall;
