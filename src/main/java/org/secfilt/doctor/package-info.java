/**
 * What this host has of what secfilt stands on: each probe looks at one thing and says what it found, what is enforced thereby, what is
 * not, and how to get it. Probes look through {@link org.secfilt.doctor.Look} alone and know nothing of each other.
 *
 * <p>Stands on seccomp(2), ptrace(2), landlock(7), cgroups(7), iptables(8), user_namespaces(7), proc(5).
 */
package org.secfilt.doctor;
