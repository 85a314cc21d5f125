package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.secfilt.kernel.Cgroups;

/** The numbers of net_cls, which nobody gives out: two cgroups of one number are one to the packet filter. */
final class NetClasses {
    /** What those of runs begin with. */
    static final int OF_RUNS = 0x5ef00000;

    private static final int MASK = 0xfffff;
    private static final int ATTEMPTS = 100;

    private final Cgroups cgroups;
    private final int base;

    /**
     * @param cgroups of {@link Cgroups.Hierarchy#NET_CLS}
     * @param base what those given begin with
     */
    NetClasses(Cgroups cgroups, int base) {
        this.cgroups = cgroups;
        this.base = base;
    }

    /**
     * Gives the cgroup a number that no other has. Written first and looked for then, so of two that choose the same one at once, one at
     * least sees the other.
     */
    int give(Cgroups.Cgroup cgroup, String path) throws FirewallException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int classid = base | 1 + ThreadLocalRandom.current().nextInt(MASK);
            cgroup.setClassid(classid);
            List<String> bearers = new ArrayList<>(byClass().getOrDefault(classid, List.of()));
            bearers.remove(path);
            if (bearers.isEmpty()) {
                return classid;
            }
        }
        throw new FirewallException("no class of net_cls is free");
    }

    /** Whether a cgroup of this number is alive, or none can be seen and others see more. */
    boolean mayBeAlive(int classid) {
        List<String> bearers = byClass().getOrDefault(classid, List.of());
        for (String path : bearers) {
            if (cgroups.isAlive(path)) {
                return true;
            }
        }
        return bearers.isEmpty() && !cgroups.seesAll();
    }

    private Map<Integer, List<String>> byClass() {
        Map<Integer, List<String>> all = new HashMap<>();
        collect("", all);
        return all;
    }

    private void collect(String parent, Map<Integer, List<String>> all) {
        for (String name : cgroups.in(parent)) {
            String path = Run.below(parent, name);
            all.computeIfAbsent(cgroups.classid(path), ignored -> new ArrayList<>()).add(path);
            collect(path, all);
        }
    }
}
