package org.secfilt.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.IpVersion;
import org.secfilt.firewall.OrphanedProfiles;
import org.secfilt.firewall.Profile;
import org.secfilt.firewall.ProfileName;
import org.secfilt.firewall.Profiles;
import org.secfilt.firewall.Tables;
import org.secfilt.firewall.Weight;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Networks;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.kernel.ProfilesLock;
import org.secfilt.kernel.Runs;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.Policy;

/** The profiles of this network namespace, as far as one process may see, change or enter them. */
@SuppressWarnings("try") // a lock is there to be closed
public final class LastingProfiles {
    private static final long CAP_SYS_ADMIN = 1L << 21; // linux/capability.h

    private final PacketFilter filter;
    private final Kernel kernel;
    private final ProcessStatus processes;
    private final Networks networks;
    private final int pid;
    private final Tables tables;
    private final List<Cgroups.Hierarchy> hierarchies;

    /**
     * @param filter of the same process
     * @param hierarchies where profiles may have their cgroups
     */
    LastingProfiles(PacketFilter filter, Kernel kernel, int pid, Tables tables, List<Cgroups.Hierarchy> hierarchies) {
        this.filter = filter;
        this.kernel = kernel;
        this.processes = kernel.processStatus();
        this.networks = kernel.networks();
        this.pid = pid;
        this.tables = tables;
        this.hierarchies = List.copyOf(hierarchies);
    }

    /** Something to do with profiles. */
    public interface Work<T> {
        T with(Profiles profiles, ClassMount mount) throws FirewallException;
    }

    /** Whether there could be any: their cgroups are at the hierarchy's root. */
    public boolean mayMake() {
        try (Cgroups cgroups = cgroups()) {
            return cgroups.mayMakeIn("");
        } catch (KernelException e) {
            return false;
        }
    }

    /** What there is to say against having the policy as a profile. */
    public List<Refusal> refusals(Policy policy) {
        Optional<Refusal> refusal = Weight.refusal(policy, tables, false, "hold it by runs: secfilt --firewall=off --policy=FILE");
        return refusal.isPresent() ? List.of(refusal.get()) : List.of();
    }

    /**
     * Does something with them.
     *
     * @param changes whether they are to be changed, or processes of others moved, for which CAP_NET_ADMIN is needed
     * @throws FirewallException naming what is missing
     */
    public <T> T with(boolean changes, Work<T> work) throws FirewallException {
        Optional<String> missing = changes ? filter.missingToChange() : Optional.empty();
        if (missing.isPresent()) {
            throw new FirewallException("profiles cannot be changed here, for want of " + missing.get());
        }
        if (!changes) {
            return asTheyAre(false, work);
        }
        try (ProfilesLock lock = kernel.lockProfiles()) {
            return asTheyAre(true, work);
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    private <T> T asTheyAre(boolean changes, Work<T> work) throws FirewallException {
        try (Cgroups cgroups = cgroups()) {
            Profiles profiles = new Profiles(tables, cgroups, networks.cookie());
            if (!changes && profiles.unified() && hidesClasses() && profiles.list().isEmpty()) {
                throw new FirewallException("no net_cls hierarchy is mounted in sight, so only root can use profiles here: install them with"
                        + " --group");
            }
            if (changes) {
                new OrphanedProfiles(cgroups, networks.cookie()).remove(networks::cookies);
            }
            return work.with(profiles, new ClassMount(kernel.programs(), cgroups, pid));
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage() + (mayMount()
                    ? "" : "; no cgroups are mounted in sight, so only root can use profiles here"));
        }
    }

    private boolean mayMount() {
        return (processes.permittedCapabilities(pid) & CAP_SYS_ADMIN) != 0;
    }

    /** Whether the kernel has net_cls, and only those who may mount see it: /proc/cgroups. */
    private boolean hidesClasses() {
        if (mayMount() || !hierarchies.contains(Cgroups.Hierarchy.NET_CLS)) {
            return false;
        }
        try {
            return Files.readString(Path.of("/proc/cgroups")).contains("\nnet_cls\t");
        } catch (IOException e) {
            return false;
        }
    }

    /** Those of net_cls before those of version 2, the other way round than for runs: see Profiles. */
    private Cgroups cgroups() {
        if (!hierarchies.contains(Cgroups.Hierarchy.NET_CLS)) {
            return kernel.cgroups(Cgroups.Hierarchy.UNIFIED);
        }
        try {
            return kernel.cgroups(Cgroups.Hierarchy.NET_CLS);
        } catch (KernelException e) {
            return filter.open(Cgroups.Hierarchy.UNIFIED).orElseThrow(() -> e);
        }
    }

    /** Whether their rules can be seen at all: to others than root the kernel does not show them. */
    public boolean seesRules() {
        return filter.missingToChange().isEmpty();
    }

    /**
     * Moves the process into a profile, before it becomes the command.
     *
     * @return whether that one knows a socket by who made it, so that those made before are not of it
     * @throws FirewallException if it may not enter, is in a class already, or the profile has lost its rules as far as can be seen
     */
    public boolean enter(ProfileName name) throws FirewallException {
        Optional<ProfileName> first = of(Cgroups.Hierarchy.NET_CLS).or(() -> of(Cgroups.Hierarchy.UNIFIED));
        if (first.isPresent()) {
            throw new FirewallException("already assigned to a net class: profile " + first.get());
        }
        return with(false, (profiles, mount) -> {
            Profile profile = profiles.find(name);
            if (seesRules()) {
                List<IpVersion> lost = profiles.rules(profile).lost();
                if (!lost.isEmpty()) {
                    throw new FirewallException("the rules of the profile " + name + " are gone from " + lost.get(0).program()
                            + "; secfilt profile install " + name + " brings them back");
                }
            }
            // A socket takes on the class of whoever gets hold of it, as the supervisor does to look at one: pidfd_getfd(2).
            profiles.enter(name, profiles.unified() ? List.of(pid) : List.of(pid, (int) ProcessHandle.current().pid()));
            return profiles.unified();
        });
    }

    /** The one that the process is in. */
    private Optional<ProfileName> of(Cgroups.Hierarchy hierarchy) {
        return ProfileName.of(kernel.cgroupSight().of(pid, hierarchy));
    }

    /** Whether it is a thread of that process, or of this one. */
    public boolean isSelf(int thread) {
        int process = kernel.runs().process(thread);
        return process == pid || process == ProcessHandle.current().pid();
    }

    /** Who runs under secfilt here. */
    public Runs runs() {
        return kernel.runs();
    }

    public OwnTables ownTables() {
        return kernel.ownTables();
    }
}
