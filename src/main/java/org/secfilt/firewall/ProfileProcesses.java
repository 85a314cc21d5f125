package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Runs;

/** Who is in lasting profiles, and goes in and out. */
final class ProfileProcesses {
    private final Cgroups cgroups;
    private final boolean unified;

    ProfileProcesses(Cgroups cgroups, boolean unified) {
        this.cgroups = cgroups;
        this.unified = unified;
    }

    /** A run in a profile of version 2 has its own cgroup there. */
    List<Integer> below(String path) {
        List<Integer> members = new ArrayList<>(cgroups.members(path));
        if (unified) {
            for (String child : cgroups.in(path)) {
                members.addAll(below(path + "/" + child));
            }
        }
        return members;
    }

    /** Which class a process is in already, in words; empty if in none. A cgroup of version 2 is no class, and everybody is in one. */
    Optional<String> assigned(int pid) {
        String path = cgroups.of(pid);
        Optional<ProfileName> profile = ProfileName.of(path);
        if (profile.isPresent()) {
            return Optional.of("profile " + profile.get());
        }
        return unified || path.isEmpty() || cgroups.classid(path) == 0 ? Optional.empty() : Optional.of("the cgroup /" + path);
    }

    /** {@link Profiles#enter} */
    void enter(Profile profile, List<Integer> pids) throws FirewallException {
        for (int pid : pids) {
            checkUnassigned(pid, assigned(pid));
        }
        List<Integer> moved = new ArrayList<>();
        for (int pid : pids) {
            try {
                cgroups.add(profile.path(), pid);
                moved.add(pid);
            } catch (KernelException e) {
                String undone = undo(moved);
                throw new FirewallException(cannotEnter(profile, pid, e) + undone);
            }
        }
    }

    /** Whether there is such a process, and it is one that can be in a profile. */
    static void checkProcess(int pid, Runs runs) throws FirewallException {
        if (!runs.has(pid)) {
            throw new FirewallException("there is no process " + pid);
        }
        if (runs.isOfKernel(pid)) {
            throw new FirewallException("process " + pid + " is a thread of the kernel's own, and what the kernel sends is no profile's matter");
        }
    }

    static void checkUnassigned(int pid, Optional<String> assigned) throws FirewallException {
        if (assigned.isPresent()) {
            throw new FirewallException("process " + pid + " is already assigned to a net class: " + assigned.get());
        }
    }

    /** The reason, in words. */
    String cannotEnter(Profile profile, int pid, KernelException e) {
        return "process " + pid + " cannot enter the profile " + profile.name() + ": " + e.getMessage() + "; it is open to root"
                + profile.group().map(group -> " and group " + group + membersOnly(profile, pid)).orElse("");
    }

    static void checkInside(int pid, boolean inside) throws FirewallException {
        if (!inside) {
            throw new FirewallException("process " + pid + " is in no profile");
        }
    }

    /** The reason, in words. */
    static String cannotLeave(int pid, KernelException e) {
        return "process " + pid + " cannot leave: " + e.getMessage() + "; only root moves processes out";
    }

    private String membersOnly(Profile profile, int pid) {
        return unified ? ", where they may write to cgroup.procs of the cgroup /" + common(profile.path(), cgroups.of(pid))
                + " too, which has both the profile and where the process is now below it: cgroups(7). Run it as root, or install the profile"
                + " --below a cgroup that is theirs"
                : ", each for processes of their own";
    }

    /** The nearest cgroup that has both below it. */
    private static String common(String one, String other) {
        String common = one;
        while (!common.isEmpty() && !(other + "/").startsWith(common + "/")) {
            common = common.substring(0, Math.max(0, common.lastIndexOf('/')));
        }
        return common;
    }

    private String undo(List<Integer> moved) {
        for (int pid : moved) {
            try {
                moveOut(pid);
            } catch (KernelException e) {
                return "; " + words(moved) + " had entered before, and only root can move them out";
            }
        }
        return "";
    }

    /** {@link Profiles#assign}, out of them. */
    void leave(List<Integer> pids) throws FirewallException {
        for (int pid : pids) {
            checkInside(pid, ProfileName.of(cgroups.of(pid)).isPresent());
        }
        for (int pid : pids) {
            try {
                moveOut(pid);
            } catch (KernelException e) {
                throw new FirewallException(cannotLeave(pid, e));
            }
        }
    }

    /** Packets of the root cgroup bear no class. Version 2 does not tell where a process was before: it joins who asks. */
    void moveOut(int pid) {
        String own = unified ? cgroups.of((int) ProcessHandle.current().pid()) : "";
        cgroups.add(ProfileName.of(own).isPresent() ? "" : own, pid);
    }

    static String words(List<Integer> pids) {
        StringBuilder words = new StringBuilder();
        for (int pid : pids) {
            words.append(words.length() == 0 ? "" : ", ").append(pid);
        }
        return words.toString();
    }

    /** What {@link #moveOut} moved. */
    void moveBack(String path, Collection<Integer> pids) {
        for (int pid : pids) {
            try {
                cgroups.add(path, pid);
            } catch (KernelException e) {
                // it has ended meanwhile
            }
        }
    }
}
