package org.secfilt.firewall;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.OwnTables;

/**
 * Sockets that keep their class where a process is moved by net_cls, because its first thread does not have them open, or may: {@link OwnTables}.
 * They are brought along by this process, which goes where the others went and gets hold of them.
 */
final class OwnSockets {
    /** So many times a thread may part from the others while what those have is brought. */
    private static final int LOOKS = 50;
    private static final String LEFT_BEHIND = " has been moved, but perhaps not all of its sockets that were open before: ";

    private final Cgroups cgroups;
    private final OwnTables tables;
    private final String place;

    /** @param target where they go; empty for out of whichever */
    OwnSockets(Cgroups cgroups, OwnTables tables, Optional<Profile> target) {
        this.cgroups = cgroups;
        this.tables = tables;
        this.place = target.isPresent() ? target.get().path() : "";
    }

    /** What neither the kernel nor this brings along. */
    LeftBehind leftBehind() {
        return new LeftBehind(tables, !place.isEmpty());
    }

    /** @throws FirewallException if this process will not get hold of them */
    void check(int pid) throws FirewallException {
        for (int tid : threads(pid, " cannot be moved: ")) {
            try {
                tables.check(tid);
            } catch (KernelException e) {
                String whose = tid == pid
                        ? "it has hundreds of descriptors, which the kernel looks through in parts, and a socket among them could stay behind: "
                        : "sockets of its thread " + tid + ", which has descriptors that the first one has not, would stay behind: ";
                throw new FirewallException("process " + pid + " cannot be moved: " + whose + e.getMessage());
            }
        }
    }

    /**
     * Brings those of processes that have been moved.
     *
     * @throws FirewallException if some stay behind
     */
    void bring(Set<Integer> pids) throws FirewallException {
        Map<Integer, Integer> fresh = fresh(pids, Set.of());
        if (fresh.isEmpty()) {
            return;
        }
        int self = (int) ProcessHandle.current().pid();
        String before = cgroups.of(self);
        try {
            cgroups.add(place, self);
        } catch (KernelException e) {
            throw leftBehind(fresh, e.getMessage());
        }
        try {
            bring(pids, fresh);
        } finally {
            goBack(before, self);
        }
    }

    private void bring(Set<Integer> pids, Map<Integer, Integer> first) throws FirewallException {
        Set<Integer> brought = new HashSet<>();
        Map<Integer, Integer> fresh = first;
        for (int look = 0; look < LOOKS && !fresh.isEmpty(); look++) {
            for (int tid : fresh.keySet()) {
                try {
                    tables.takeSockets(pids, tid);
                } catch (KernelException e) {
                    throw leftBehind(fresh, e.getMessage());
                }
            }
            brought.addAll(fresh.keySet());
            fresh = fresh(pids, brought);
        }
        if (!fresh.isEmpty()) {
            throw leftBehind(fresh, "its threads part from each other faster than that; go on: move it back, and again");
        }
    }

    /** Threads that stand for a table, and their processes. */
    private Map<Integer, Integer> fresh(Set<Integer> pids, Set<Integer> brought) throws FirewallException {
        Map<Integer, Integer> fresh = new LinkedHashMap<>();
        for (int pid : pids) {
            for (int tid : threads(pid, LEFT_BEHIND)) {
                if (!brought.contains(tid)) {
                    fresh.put(tid, pid);
                }
            }
        }
        return fresh;
    }

    private List<Integer> threads(int pid, String then) throws FirewallException {
        try {
            return tables.threads(pid);
        } catch (KernelException e) {
            throw new FirewallException("process " + pid + then + e.getMessage());
        }
    }

    private static FirewallException leftBehind(Map<Integer, Integer> fresh, String why) {
        return new FirewallException("process " + fresh.values().iterator().next() + LEFT_BEHIND + why);
    }

    private void goBack(String before, int self) {
        try {
            cgroups.add(before, self);
        } catch (KernelException e) {
            // only root moves processes out; this one ends soon, and has no traffic
        }
    }
}
