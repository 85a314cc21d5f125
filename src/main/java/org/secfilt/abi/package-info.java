/**
 * What the kernel's numbers and bytes mean: architectures, system call numbers, {@code struct seccomp_data},
 * {@code struct open_how}, socket addresses, IP addresses, error numbers. No input or output happens here.
 *
 * <p>Stands on syscalls(2), seccomp(2), openat2(2), ip(7), ipv6(7), unix(7) and the kernel's uapi headers.
 */
package org.secfilt.abi;
