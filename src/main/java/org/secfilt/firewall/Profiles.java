package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.Runs;
import org.secfilt.policy.Policy;

/**
 * Lasting profiles of a network namespace: each a cgroup and a chain in each family. There is no record besides: what the kernel holds is
 * what there is.
 *
 * <p>net_cls rather than version 2, where there is a choice: a socket keeps the version 2 cgroup that it was made in, but takes on the
 * class of the process that holds it as soon as that process moves; and version 2 lets only those enter who may write to the files of the
 * cgroup above both the old one and the new (cgroups(7) "Cgroup delegation containment"), where version 1 asks for no more than the right to
 * write to the one file.
 */
public final class Profiles {
    /** What classes of ours begin with. */
    private static final int CLASS_BASE = 0x5ec00000;

    private final Tables tables;
    private final Cgroups cgroups;
    private final ProfileProcesses processes;
    private final boolean unified;
    private final long cookie;

    /** @param cookie of the network namespace */
    public Profiles(Tables tables, Cgroups cgroups, long cookie) {
        this.tables = tables;
        this.cgroups = cgroups;
        this.unified = cgroups.hierarchy() == Cgroups.Hierarchy.UNIFIED;
        this.processes = new ProfileProcesses(cgroups, unified);
        this.cookie = cookie;
    }

    /** Whether they are cgroups of version 2: then a socket is in the profile that it was made in, wherever its process goes. */
    public boolean unified() {
        return unified;
    }

    /** Those that are installed, by name. */
    public List<Profile> list() {
        List<Profile> found = new ArrayList<>();
        for (String parent : parents()) {
            for (String directory : cgroups.in(parent)) {
                Optional<ProfileName> name = ProfileName.ofDirectory(directory);
                if (name.isPresent()) {
                    found.add(profile(name.get(), parent));
                }
            }
        }
        found.sort((a, b) -> a.name().text().compareTo(b.name().text()));
        return found;
    }

    /** Where profiles are. Those of version 2 may be below the cgroups of whoever may enter. */
    private List<String> parents() {
        List<String> found = new ArrayList<>();
        if (unified) {
            collectParents("", found);
        } else {
            found.add(ProfileName.parent(cookie));
        }
        return found;
    }

    private void collectParents(String cgroup, List<String> found) {
        for (String name : cgroups.in(cgroup)) {
            String path = Run.below(cgroup, name);
            if (name.equals(ProfileName.parent(cookie))) {
                found.add(path);
            } else if (!ProfileName.isParent(name)) {
                collectParents(path, found);
            }
        }
    }

    /** @throws FirewallException if there is none of this name */
    public Profile find(ProfileName name) throws FirewallException {
        Optional<Profile> found = installed(name);
        if (found.isEmpty()) {
            throw new FirewallException("there is no profile " + name + " in this network namespace; secfilt profile list tells those there"
                    + " are, secfilt profile install " + name + " makes it");
        }
        return found.get();
    }

    private Optional<Profile> installed(ProfileName name) {
        for (String parent : parents()) {
            if (cgroups.has(name.below(parent))) {
                return Optional.of(profile(name, parent));
            }
        }
        return Optional.empty();
    }

    private Profile profile(ProfileName name, String parent) {
        String path = name.below(parent);
        int classid = unified ? 0 : cgroups.classid(path);
        return new Profile(name, path, cgroups.group(path), processes.below(path), classid, unified ? name.chain() : name.chain(classid));
    }

    /**
     * Makes it, or puts other rules in the place of its own: the processes in it stay, and are under the old rules or the new at any moment.
     *
     * @param group who may enter besides root
     * @param below the cgroup of version 2 to make it in; the root's, or wherever it is already, if empty
     * @throws FirewallException if a step fails; all is as it was then
     */
    public void install(ProfileName name, Policy policy, boolean inverted, OptionalInt group, String below) throws FirewallException {
        Optional<Profile> there = installed(name);
        String path = there.isPresent() ? there.get().path() : name.below(Run.below(below, ProfileName.parent(cookie)));
        checkPlace(name, path, there.isPresent(), below);
        OptionalInt formerGroup = there.isPresent() ? cgroups.groupId(path) : OptionalInt.empty();
        boolean made = false;
        List<FormerChain> before = new ArrayList<>();
        try {
            cgroups.make(parent(path)).ifPresent(Cgroups.Cgroup::close);
            if (!unified && cgroups.has(path) && cgroups.classid(path) == 0) {
                cgroups.removeUnlessAlive(path); // somebody was stopped before it had a class
            }
            Optional<Cgroups.Cgroup> fresh = cgroups.make(path);
            made = fresh.isPresent();
            if (fresh.isPresent()) {
                try (Cgroups.Cgroup cgroup = fresh.get()) {
                    if (!unified) {
                        new NetClasses(cgroups, CLASS_BASE).give(cgroup, path);
                    }
                }
            }
            Profile profile = profile(name, parent(path));
            if (!unified && profile.classid() == 0) {
                throw new FirewallException("the cgroup /" + path + " is there already, in use, and has no class");
            }
            Members members = unified ? new Members(Optional.of(path), Optional.empty(), inverted)
                    : new Members(Optional.empty(), Optional.of(profile.classid()), inverted);
            replace(new Chain(profile.chain(), members), policy, before);
            cgroups.setGroup(path, group);
        } catch (FirewallException | KernelException e) {
            String undoing = bringBack(before);
            if (made) {
                cgroups.removeUnlessAlive(path);
            } else if (there.isPresent()) {
                undoing += giveBack(path, formerGroup);
            }
            removeIfEmpty(parent(path));
            throw new FirewallException(e.getMessage() + undoing);
        }
    }

    private void checkPlace(ProfileName name, String path, boolean there, String below) throws FirewallException {
        if (below.isEmpty()) {
            return;
        }
        if (!unified) {
            throw new FirewallException("profiles are of net_cls here, where members enter from any cgroup: leave out --below");
        }
        if (!cgroups.has(below)) {
            throw new FirewallException("there is no cgroup /" + below);
        }
        if (!Members.isPlain(path)) {
            throw new FirewallException("the cgroup /" + below + " has a name that no rule can hold");
        }
        if (there && !path.equals(name.below(Run.below(below, ProfileName.parent(cookie))))) {
            throw new FirewallException("the profile " + name + " is there already, in the cgroup /" + path + "; remove it first");
        }
    }

    private static String parent(String path) {
        return path.substring(0, path.lastIndexOf('/'));
    }

    /**
     * In each family one transaction.
     *
     * @param before gets how all stood that is changed
     */
    private void replace(Chain chain, Policy policy, List<FormerChain> before) throws FirewallException {
        List<IpVersion> versions = tables.versions();
        FormerChain old = new FormerChain(tables, chain.name());
        before.add(old);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < versions.size(); i++) {
            boolean translated = tables.translate(versions.get(i));
            String installed = chain.install(chain.members().inverted()
                    ? PacketRules.ofOthers(policy, versions.get(i), translated) : PacketRules.of(policy, versions.get(i), translated));
            texts.add(withoutHooks(installed, old.hooks(i).orElse(List.of())));
        }
        List<FormerChain> stale = new ArrayList<>(); // looked for before, as one of the others may be the same
        for (Tables kind : old.isThere() ? List.<Tables>of() : tables.otherKinds()) {
            stale.add(new FormerChain(kind, chain.name()));
        }
        List<String> complaints = tables.restore(texts);
        for (FormerChain one : complaints.isEmpty() ? stale : List.<FormerChain>of()) {
            remove(one, before, complaints);
        }
        if (!complaints.isEmpty()) {
            throw new FirewallException(String.join("\n", complaints));
        }
    }

    private static void remove(FormerChain chain, List<FormerChain> before, List<String> complaints) {
        if (chain.isThere()) {
            before.add(chain);
            complaints.addAll(chain.remove());
        }
    }

    /** @return what went wrong, in words; empty if nothing */
    private static String bringBack(List<FormerChain> before) {
        List<String> wrong = new ArrayList<>();
        for (int i = before.size() - 1; i >= 0; i--) {
            wrong.addAll(before.get(i).bringBack());
        }
        return wrong.isEmpty() ? "" : "; undoing it: " + String.join("; ", wrong);
    }

    /** The hooks of before go in the same transaction, ahead of the new one, which may be the same. */
    private static String withoutHooks(String installed, List<String> hooks) {
        StringBuilder deletions = new StringBuilder();
        for (String hook : hooks) {
            deletions.append("-D OUTPUT ").append(hook).append('\n');
        }
        int at = installed.indexOf("-I OUTPUT");
        return installed.substring(0, at) + deletions + installed.substring(at);
    }

    /**
     * Takes rules and cgroup away.
     *
     * @param out whether processes in it are moved out before, by net_cls with all of their sockets; else it stays if there are any
     * @throws FirewallException if a step fails; all is as it was then
     */
    public void remove(ProfileName name, boolean out, Runs runs, OwnTables own) throws FirewallException {
        Profile profile = find(name);
        String path = profile.path();
        if (!profile.members().isEmpty() && !out) {
            throw new FirewallException("the profile " + name + " has processes in it: " + ProfileProcesses.words(profile.members())
                    + "; secfilt assign --out moves them out, and so does --force here");
        }
        OptionalInt group = cgroups.groupId(path);
        Set<Integer> moved = new LinkedHashSet<>();
        List<FormerChain> before = new ArrayList<>();
        try {
            cgroups.setGroup(path, OptionalInt.empty());
            moveOut(supervisorsFirst(processes.below(path), runs), moved, own);
            List<String> complaints = new ArrayList<>();
            for (Tables kind : tables.everyKind()) {
                remove(new FormerChain(kind, profile.chain()), before, complaints);
            }
            if (!complaints.isEmpty()) {
                throw new FirewallException(String.join("\n", complaints));
            }
            if (!cgroups.removeUnlessAlive(path)) {
                throw new FirewallException("the cgroup /" + path + " has processes in it again; nothing was removed");
            }
        } catch (FirewallException | KernelException e) {
            String undoing = bringBack(before);
            processes.moveBack(path, moved);
            throw new FirewallException(e.getMessage() + undoing + bringBack(profile, moved, own) + giveBack(path, group));
        }
        removeIfEmpty(parent(path));
    }

    /** In the order, and with the sockets, that {@link Assignment} has for it. */
    private void moveOut(List<Integer> members, Set<Integer> moved, OwnTables own) throws FirewallException {
        OwnSockets sockets = new OwnSockets(cgroups, own, Optional.empty());
        for (int pid : unified ? List.<Integer>of() : members) {
            sockets.check(pid);
        }
        for (int pid : members) {
            processes.moveOut(pid);
            moved.add(pid);
        }
        if (!unified) {
            sockets.bring(moved);
        }
    }

    private static List<Integer> supervisorsFirst(List<Integer> members, Runs runs) {
        List<Integer> ordered = new ArrayList<>();
        for (int pid : members) {
            ordered.add(runs.isSupervisor(pid) ? 0 : ordered.size(), pid);
        }
        return ordered;
    }

    /** @return as {@link #bringBack(List)} */
    private String bringBack(Profile profile, Set<Integer> moved, OwnTables own) {
        try {
            if (!unified) {
                new OwnSockets(cgroups, own, Optional.of(profile)).bring(moved);
            }
            return "";
        } catch (FirewallException e) {
            return "; undoing it: " + e.getMessage();
        }
    }

    /** @return as {@link #bringBack} */
    private String giveBack(String path, OptionalInt group) {
        try {
            cgroups.setGroup(path, group);
            return "";
        } catch (KernelException e) {
            return "; undoing it: " + e.getMessage();
        }
    }

    private void removeIfEmpty(String parent) {
        if (cgroups.has(parent) && cgroups.in(parent).isEmpty()) {
            cgroups.removeUnlessAlive(parent);
        }
    }

    /** Whether no network namespace has any profile: then a mount that was made for them is of no use. */
    public boolean nowhereAny() {
        for (String name : cgroups.in("")) {
            if (ProfileName.isParent(name)) {
                return false;
            }
        }
        return true;
    }

    /** The rules as they stand in whichever tables have them. Needs CAP_NET_ADMIN. */
    public Profile.Rules rules(Profile profile) throws FirewallException {
        Map<String, List<String>> byProgram = new TreeMap<>();
        List<IpVersion> lost = new ArrayList<>(tables.versions());
        boolean inverted = false;
        for (Tables kind : tables.everyKind()) {
            FormerChain chain = new FormerChain(kind, profile.chain());
            for (int i = 0; i < kind.versions().size(); i++) {
                for (String hook : chain.hooks(i).orElse(List.of())) {
                    IpVersion version = kind.versions().get(i);
                    lost.remove(version);
                    inverted |= hook.contains("! --cgroup") || hook.contains("! --path");
                    byProgram.put(version.program(), chain.rules(i));
                }
            }
        }
        return new Profile.Rules(byProgram, lost, inverted);
    }

    /**
     * Moves processes that run, by net_cls with the supervisors of those that run under secfilt. See {@link Assignment}.
     *
     * @param name the profile to move them in; empty to move them out of whichever they are in
     * @throws FirewallException if that cannot be
     */
    public void assign(Optional<ProfileName> name, List<Integer> pids, Runs runs, OwnTables tables) throws FirewallException {
        for (int pid : pids) {
            ProfileProcesses.checkProcess(pid, runs);
        }
        if (!unified) {
            Optional<Profile> target = name.isPresent() ? Optional.of(find(name.get())) : Optional.empty();
            new Assignment(cgroups, processes, runs, new OwnSockets(cgroups, tables, target), target).move(pids);
        } else if (name.isPresent()) {
            enter(name.get(), pids);
        } else {
            processes.leave(pids);
        }
    }

    /**
     * Moves processes in; all of them or none.
     *
     * @throws FirewallException if one is in a class already, or may not enter
     */
    public void enter(ProfileName name, List<Integer> pids) throws FirewallException {
        processes.enter(find(name), pids);
    }
}
