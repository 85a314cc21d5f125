package org.secfilt.kernel;

import java.util.List;
import java.util.Set;

/** What is open in the process that becomes the command, and stays open in it. execve(2), proc_pid_fd(5). Main thread. */
public interface InheritedDescriptors {
    /** The numbers of all of them. @throws KernelException if that cannot be told */
    Set<Integer> open(int pid);

    /**
     * Those of them that could carry traffic, standard input, output and error apart, or could help out of a cgroup.
     *
     * @param descriptors as {@link #open} tells them
     * @throws KernelException if sockets cannot be looked at (pidfd_getfd(2)): nothing may be run then
     */
    List<OpenDescriptor> carriers(int pid, Set<Integer> descriptors, Care care);

    /** What of standard input, output and error could carry traffic. @throws KernelException as above */
    List<OpenDescriptor> streams(int pid);
}
