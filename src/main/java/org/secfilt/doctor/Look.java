package org.secfilt.doctor;

import java.util.Optional;
import org.secfilt.plan.HostFirewall;

/** What a probe may look at. */
public interface Look {
    /** The text of a small file, without blanks at its ends; empty if it is not there or may not be read. */
    Optional<String> read(String path);

    /** The file that a program's name stands for in the usual directories, its links followed; empty if there is none. */
    Optional<String> program(String name);

    /** The ABI that Landlock tells; 0 without Landlock. */
    int landlockAbi();

    /** What the packet filter could do for a run on this host's network. */
    HostFirewall firewall();

    /** Whether root here has rights over this host's network: root of a user namespace mostly has none. */
    boolean changesNetwork();

    /** Whether root may write to /proc/sys/net: in containers it is read-only mostly. */
    boolean changesParameters();

    /** Whether a run could make the cgroup by which the firewall would know it. */
    boolean makesCgroups();

    /** Likewise for those of lasting profiles. */
    boolean makesProfiles();

    /** Whether a command would be run with root's capabilities. */
    boolean root();

    /** The processor, as uname(2) names it. */
    String processor();

    /** {@code /proc/PID/status} of the process that asks. */
    String status();

    /** The feature release of the Java that runs secfilt, such as 17. */
    int java();

    /** A call of the supervisor's own that is refused here, and how; empty if none is. */
    Optional<String> refusedCall();

    /** The end of a run of {@code true} under a policy: "" if it was as it should be, else what went wrong. */
    String trial();
}
