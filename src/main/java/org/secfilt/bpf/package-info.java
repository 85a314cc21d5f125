/**
 * Classic BPF as a language: programs are assembled from graphs, checked as seccomp(2) checks them, printed and parsed
 * in the syntax of {@code bpf_asm}, and run. What a program means for a system call is not known here.
 *
 * <p>Stands on seccomp(2), the kernel's Documentation/networking/filter.rst, net/core/filter.c and kernel/seccomp.c.
 */
package org.secfilt.bpf;
