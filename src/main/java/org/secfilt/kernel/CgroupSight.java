package org.secfilt.kernel;

import java.util.List;

/** What a process sees of cgroups, and which one it is in. cgroups(7), proc_pid_mountinfo(5). Main thread. */
public interface CgroupSight {
    /** Where it sees those of version 2 mounted: absolute paths, as its mount table has them. */
    List<byte[]> mounts(int pid);

    /** Where it sees those of net_cls. */
    List<byte[]> classMounts(int pid);

    /**
     * Whether the process could come to one of either that no path leads it to now: one lies below another mount, until that is unmounted; or not
     * all mounts are below its root directory, as after chroot(2); or its working directory is in none of these.
     */
    boolean hides(int pid);

    /**
     * The path of the process's cgroup in a hierarchy, mounted or not, without its leading slash: with {@code ..} in its front if it is outside of
     * what this process sees; empty for the root, and where there is no such hierarchy. cgroup_namespaces(7)
     */
    String of(int pid, Cgroups.Hierarchy hierarchy);
}
