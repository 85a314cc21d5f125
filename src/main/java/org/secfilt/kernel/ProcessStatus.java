package org.secfilt.kernel;

import java.util.Optional;

/** What is known of a process that this one did not start: proc_pid_status(5), read anew each time. Main thread. */
public interface ProcessStatus {
    /** Its permitted capabilities, one bit each; 0 if it died. capabilities(7) */
    long permittedCapabilities(int pid);

    /** Its inheritable capabilities, likewise. */
    long inheritableCapabilities(int pid);

    /** Its effective user and group. */
    Owner owner(int pid);

    /** The effective user and group of a process, as this user namespace counts them. */
    record Owner(int uid, int gid) {}

    /** Who traces it, as {@code strace[4711]}; empty if nobody does, or nobody that can be seen from here. */
    Optional<String> tracer(int pid);
}
