package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.kernel.Cgroups;

/**
 * What supervisors that were killed have left: chains of runs whose cgroup nobody holds and no process is in, and such cgroups. All else,
 * rules of the host and chains of profiles, is never touched.
 */
public final class Leftovers {
    private final Tables tables;
    private final Hierarchies hierarchies;
    private final List<String> complaints = new ArrayList<>();
    /** All rules, where chains could not be removed; empty if these cannot be told either. */
    private Optional<String> rules = Optional.of("");

    public Leftovers(Tables tables, Hierarchies hierarchies) {
        this.tables = tables;
        this.hierarchies = hierarchies;
    }

    /** Chains and cgroups of this network namespace, wherever in the hierarchy; cgroups of others that have no namespace any more. */
    public List<String> remove(Namespaces namespaces) {
        List<String> removed = new ArrayList<>(removeChains());
        for (Cgroups.Hierarchy hierarchy : Cgroups.Hierarchy.values()) {
            try (Both both = new Both(hierarchies)) {
                both.of(hierarchy).ifPresent(cgroups -> removeCgroups(cgroups, "", namespaces, removed));
            }
        }
        return removed;
    }

    /** What could not be removed. */
    public List<String> complaints() {
        return complaints;
    }

    /**
     * Removes what was left beside a run's own cgroup. Looks at directories alone, unless there is something.
     *
     * @param parent where the cgroups of runs lie
     */
    void removeBeside(Cgroups cgroups, String parent, long namespace) {
        for (String name : cgroups.in(parent)) {
            if (Run.isOf(name, namespace) && !cgroups.isAlive(Run.below(parent, name))) {
                removeChains();
                for (String dead : cgroups.in(parent)) {
                    if (Run.isOf(dead, namespace) && !mayBeNamed(dead)) {
                        cgroups.removeUnlessAlive(Run.below(parent, dead));
                    }
                }
                return;
            }
        }
    }

    /** A rule that names a cgroup that is gone keeps iptables-legacy from any change of its table. */
    private boolean mayBeNamed(String cgroup) {
        return rules.isEmpty() || rules.get().contains(cgroup);
    }

    private Optional<String> rules() {
        StringBuilder all = new StringBuilder();
        try {
            for (Tables kind : tables.everyKind()) {
                for (String saved : kind.save()) {
                    all.append(saved);
                }
            }
            return Optional.of(all.toString());
        } catch (FirewallException e) {
            return Optional.empty();
        }
    }

    /** @return what went, in words */
    List<String> removeChains() {
        List<String> removed = new ArrayList<>();
        int complained = complaints.size();
        try (Both both = new Both(hierarchies)) {
            for (Tables kind : tables.everyKind()) {
                try {
                    complaints.addAll(DeadChains.remove(kind, Run.CHAIN_PREFIX, both, removed));
                } catch (FirewallException e) {
                    complaints.add(e.getMessage());
                }
            }
        }
        rules = complaints.size() > complained ? rules() : Optional.of("");
        return removed;
    }

    private void removeCgroups(Cgroups cgroups, String parent, Namespaces namespaces, List<String> removed) {
        for (String name : cgroups.in(parent)) {
            String path = Run.below(parent, name);
            long namespace = Run.namespace(name);
            if (namespace < 0) {
                removeCgroups(cgroups, path, namespaces, removed);
            } else if (!namespaces.hasOther(namespace) && !cgroups.isAlive(path) && !mayBeNamed(name) && cgroups.removeUnlessAlive(path)) {
                removed.add("cgroup /" + path);
            }
        }
    }

    /** Each hierarchy, opened when it is asked for: that of net_cls may come to be by it. */
    private static final class Both implements DeadChains.Makers, AutoCloseable {
        private final Hierarchies hierarchies;
        private final Map<Cgroups.Hierarchy, Optional<Cgroups>> open = new EnumMap<>(Cgroups.Hierarchy.class);

        Both(Hierarchies hierarchies) {
            this.hierarchies = hierarchies;
        }

        Optional<Cgroups> of(Cgroups.Hierarchy hierarchy) {
            return open.computeIfAbsent(hierarchy, hierarchies::open);
        }

        /** Of what cannot be looked at, it is not said that it is dead. */
        @Override
        public boolean mayLive(String chain, List<String> hooks) {
            for (String hook : hooks) {
                String path = Listing.path(hook);
                String classid = Listing.classid(hook);
                if (!path.isEmpty() && isPathAlive(path) || !classid.isEmpty() && isClassAlive(Integer.parseUnsignedInt(classid))) {
                    return true;
                }
            }
            return false;
        }

        private boolean isPathAlive(String path) {
            return of(Cgroups.Hierarchy.UNIFIED).map(cgroups -> isAlive(cgroups, path)).orElse(true);
        }

        private boolean isClassAlive(int classid) {
            return of(Cgroups.Hierarchy.NET_CLS).map(cgroups -> new NetClasses(cgroups, NetClasses.OF_RUNS).mayBeAlive(classid)).orElse(true);
        }

        /** The path is as whoever made it saw it, perhaps below another root. */
        private static boolean isAlive(Cgroups cgroups, String path) {
            return cgroups.has(path) ? cgroups.isAlive(path)
                    : !cgroups.seesAll() || isAliveBelow(cgroups, "", path.substring(path.lastIndexOf('/') + 1));
        }

        private static boolean isAliveBelow(Cgroups cgroups, String parent, String name) {
            for (String there : cgroups.in(parent)) {
                String path = Run.below(parent, there);
                if (there.equals(name) ? cgroups.isAlive(path) : isAliveBelow(cgroups, path, name)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void close() {
            open.values().forEach(cgroups -> cgroups.ifPresent(Cgroups::close));
        }
    }

    /** Which network namespaces there are. */
    public interface Namespaces {
        /** Whether this inode number is that of a namespace that is there, and is not ours. */
        boolean hasOther(long inode);
    }
}
