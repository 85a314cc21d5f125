/**
 * A network of the command's own behind this host's addresses: a pair of virtual interfaces joins the two, this host forwards and
 * translates. What is made is taken down when the last process has ended; what a crash left is known by its names and taken down by the
 * next run.
 *
 * <p>{@code Subnets} chooses addresses, {@code NatRules} and {@code NatLink} make text, {@code NatListing} reads it, {@code Forwarding} turns
 * sysctls and knows which to turn back; {@code Nat} has the host's programs do it, in order.
 *
 * <p>Stands on veth(4), ip-link(8), iptables-extensions(8) "MASQUERADE", "DNAT", and the kernel's ip-sysctl document.
 */
package org.secfilt.nat;
