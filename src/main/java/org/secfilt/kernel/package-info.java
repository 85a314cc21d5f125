/**
 * The calls secfilt makes on the kernel, as small interfaces, so that a test can put a scripted kernel in their place.
 *
 * <p>Methods that may meet a dying tracee return a negative error number in place of throwing: ESRCH is ordinary, the end of the
 * tracee will be reported by {@link org.secfilt.kernel.Ptrace#await}. What only secfilt itself can cause throws
 * {@link org.secfilt.kernel.KernelException}.
 *
 * <p>Stands on ptrace(2), waitid(2), process_vm_readv(2), seccomp_unotify(2), memfd_create(2), proc(5).
 */
package org.secfilt.kernel;
