package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.kernel.Cgroups;

/** What profiles leave whose network namespace is gone, and with it their chains: cgroups that nobody can name any more. */
public final class OrphanedProfiles {
    private final Cgroups cgroups;
    private final long cookie;

    /** @param cookie of this network namespace */
    public OrphanedProfiles(Cgroups cgroups, long cookie) {
        this.cgroups = cgroups;
        this.cookie = cookie;
    }

    /** Which network namespaces there are. */
    public interface Living {
        /** Their cookies; empty if not all can be seen. */
        Optional<Set<Long>> cookies();
    }

    /**
     * Removes them, but for those that a process is in.
     *
     * @param living asked only if there are profiles of other network namespaces than this
     */
    public void remove(Living living) {
        List<String> others = new ArrayList<>();
        collect("", others);
        Optional<Set<Long>> cookies = others.isEmpty() ? Optional.empty() : living.cookies();
        if (cookies.isEmpty()) {
            return;
        }
        for (String parent : others) {
            if (!cookies.get().contains(ProfileName.cookie(parent.substring(parent.lastIndexOf('/') + 1)))) {
                removeAll(parent);
            }
        }
    }

    private void collect(String cgroup, List<String> others) {
        for (String name : cgroups.in(cgroup)) {
            long other = ProfileName.cookie(name);
            if (other >= 0 && other != cookie) {
                others.add(Run.below(cgroup, name));
            } else if (cgroups.hierarchy() == Cgroups.Hierarchy.UNIFIED && !ProfileName.isParent(name)) {
                collect(Run.below(cgroup, name), others);
            }
        }
    }

    private void removeAll(String parent) {
        for (String name : cgroups.in(parent)) {
            if (ProfileName.ofDirectory(name).isPresent()) {
                cgroups.removeUnlessAlive(Run.below(parent, name));
            }
        }
        if (cgroups.in(parent).isEmpty()) {
            cgroups.removeUnlessAlive(parent);
        }
    }
}
