/**
 * Compiles a plan to the classic BPF program that the kernel runs at every system call of the command.
 *
 * <p>The filter decides what registers show: numbers, scalar arguments, whether a pointer is NULL. Calls that name a socket address by
 * pointer, and calls that could replace the vault, it sends to the tracer.
 *
 * <p>Stands on seccomp(2), socket(2), ip(7), ipv6(7), mmap(2), and the kernel's uapi headers.
 */
package org.secfilt.filter;
