package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.policy.Policy;

/**
 * Lasting profiles of a network namespace: each a net_cls cgroup and a chain in each family. There is no record besides: what the kernel
 * holds is what there is.
 *
 * <p>net_cls, and not version 2: a socket keeps the version 2 cgroup that it was made in, but takes on the class of the process that holds
 * it as soon as that process moves; and version 2 lets nobody but root move a process in from a session's cgroup (cgroups(7) "Cgroup
 * delegation containment"), where version 1 asks for no more than the right to write to the one file.
 */
public final class Profiles {
    /** What classes of ours begin with. */
    private static final int CLASS_BASE = 0x5ec00000;

    private static final int CLASS_MASK = 0xfffff;
    private static final int ATTEMPTS = 100;

    private final Tables tables;
    private final Cgroups cgroups;
    private final long cookie;

    /**
     * @param cgroups of {@link Cgroups.Hierarchy#NET_CLS}
     * @param cookie of the network namespace
     */
    public Profiles(Tables tables, Cgroups cgroups, long cookie) {
        this.tables = tables;
        this.cgroups = cgroups;
        this.cookie = cookie;
    }

    /** Those that are installed, by name. */
    public List<Profile> list() {
        List<Profile> found = new ArrayList<>();
        for (String directory : cgroups.in(ProfileName.parent(cookie))) {
            Optional<ProfileName> name = ProfileName.ofDirectory(directory);
            if (name.isPresent()) {
                found.add(profile(name.get()));
            }
        }
        found.sort((a, b) -> a.name().text().compareTo(b.name().text()));
        return found;
    }

    /** @throws FirewallException if there is none of this name */
    public Profile find(ProfileName name) throws FirewallException {
        if (!cgroups.has(name.cgroup(cookie))) {
            throw new FirewallException("there is no profile " + name + " in this network namespace; secfilt profile install " + name
                    + " makes it");
        }
        return profile(name);
    }

    private Profile profile(ProfileName name) {
        String path = name.cgroup(cookie);
        int classid = cgroups.classid(path);
        return new Profile(name, cgroups.group(path), cgroups.members(path), classid, name.chain(classid));
    }

    /**
     * Makes it, or puts other rules in the place of its own: the processes in it stay, and are under the old rules or the new at any moment.
     *
     * @param group who may enter besides root
     * @throws FirewallException if a step fails; all is as it was then
     */
    public void install(ProfileName name, Policy policy, boolean inverted, OptionalInt group) throws FirewallException {
        String path = name.cgroup(cookie);
        boolean made = false;
        try {
            cgroups.make(ProfileName.parent(cookie)).ifPresent(Cgroups.Cgroup::close);
            Optional<Cgroups.Cgroup> fresh = cgroups.make(path);
            made = fresh.isPresent();
            if (fresh.isPresent()) {
                try (Cgroups.Cgroup cgroup = fresh.get()) {
                    cgroup.setClassid(freeClass());
                }
            }
            int classid = cgroups.classid(path);
            if (classid == 0) {
                throw new FirewallException("the cgroup /" + path + " has no class; is the profile just being installed?");
            }
            replace(new Chain(name.chain(classid), new Members(Optional.empty(), Optional.of(classid), inverted)), policy);
            cgroups.setGroup(path, group);
        } catch (FirewallException | KernelException e) {
            if (made) {
                cgroups.removeUnlessAlive(path);
            }
            removeParentIfEmpty();
            throw e instanceof FirewallException refused ? refused : new FirewallException(e.getMessage());
        }
    }

    private int freeClass() throws FirewallException {
        List<Integer> taken = new ArrayList<>();
        for (String parent : cgroups.in("")) {
            if (ProfileName.isParent(parent)) {
                for (String child : cgroups.in(parent)) {
                    taken.add(cgroups.classid(parent + "/" + child));
                }
            }
        }
        for (int i = 0; i < ATTEMPTS; i++) {
            int classid = CLASS_BASE | 1 + ThreadLocalRandom.current().nextInt(CLASS_MASK);
            if (!taken.contains(classid)) {
                return classid;
            }
        }
        throw new FirewallException("no class is free for another profile");
    }

    /** In each family one transaction; should the second fail, the first is wound back to what was there. */
    private void replace(Chain chain, Policy policy) throws FirewallException {
        List<IpVersion> versions = tables.versions();
        List<String> saved = tables.save();
        List<String> texts = new ArrayList<>();
        List<String> back = new ArrayList<>();
        boolean elsewhere = true;
        for (int i = 0; i < versions.size(); i++) {
            Optional<List<String>> hooks = hooks(saved.get(i), chain.name());
            String installed = chain.install(chain.members().inverted()
                    ? PacketRules.ofOthers(policy, versions.get(i)) : PacketRules.of(policy, versions.get(i)));
            elsewhere &= hooks.isEmpty();
            texts.add(withoutHooks(installed, hooks.orElse(List.of())));
            back.add(hooks.isPresent() ? restoring(chain, saved.get(i), hooks.get()) : chain.remove());
        }
        List<Tables> stale = elsewhere ? others(chain.name()) : List.of();
        List<String> wrong = tables.restore(texts);
        List<String> complaints = new ArrayList<>();
        for (int i = 0; i < wrong.size(); i++) {
            if (wrong.get(i).isEmpty()) {
                continue;
            }
            complaints.add(wrong.get(i));
            back.set(i, ""); // refused as a whole
        }
        if (!complaints.isEmpty()) {
            for (String complaint : tables.restore(back)) {
                if (!complaint.isEmpty()) {
                    complaints.add("undoing it: " + complaint);
                }
            }
            throw new FirewallException(String.join("\n", complaints));
        }
        for (Tables other : stale) {
            removeChain(other, chain.name(), complaints);
        }
        if (!complaints.isEmpty()) {
            throw new FirewallException(String.join("\n", complaints));
        }
    }

    /** Tables of another iptables that have the chain, where those at hand have not. */
    private List<Tables> others(String chain) {
        List<Tables> found = new ArrayList<>();
        for (Tables kind : tables.everyKind()) {
            boolean has = false;
            for (String saved : kind.save()) {
                has |= hooks(saved, chain).isPresent();
            }
            if (has) {
                found.add(kind);
            }
        }
        return found;
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

    private static String restoring(Chain chain, String saved, List<String> hooks) {
        StringBuilder text = new StringBuilder("*filter\n:" + chain.name() + " - [0:0]\n");
        for (String rule : rules(saved, chain.name())) {
            text.append("-A ").append(chain.name()).append(' ').append(rule).append('\n');
        }
        for (String match : chain.members().matches()) {
            text.append("-D OUTPUT ").append(match).append("-j ").append(chain.name()).append('\n');
        }
        for (String hook : hooks) {
            text.append("-I OUTPUT 1 ").append(hook).append('\n');
        }
        return text.append("COMMIT\n").toString();
    }

    /**
     * Takes rules and cgroup away.
     *
     * @param out whether processes in it are moved out before; else it stays if there are any
     */
    public void remove(ProfileName name, boolean out) throws FirewallException {
        Profile profile = find(name);
        String path = name.cgroup(cookie);
        try {
            if (!profile.members().isEmpty() && !out) {
                throw new FirewallException("the profile " + name + " has processes in it: " + words(profile.members())
                        + "; secfilt assign --out moves them out, and so does --force here");
            }
            cgroups.setGroup(path, OptionalInt.empty());
            for (int pid : cgroups.members(path)) {
                moveOut(pid);
            }
            if (!cgroups.removeUnlessAlive(path)) {
                throw new FirewallException("the cgroup /" + path + " has processes in it again; nothing else was removed");
            }
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
        removeParentIfEmpty();
        List<String> complaints = new ArrayList<>();
        for (Tables kind : tables.everyKind()) {
            removeChain(kind, profile.chain(), complaints);
        }
        if (!complaints.isEmpty()) {
            throw new FirewallException(String.join("\n", complaints));
        }
    }

    private void removeParentIfEmpty() {
        String parent = ProfileName.parent(cookie);
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

    private static void removeChain(Tables tables, String chain, List<String> complaints) {
        List<String> texts = new ArrayList<>();
        boolean any = false;
        for (String saved : tables.save()) {
            Optional<List<String>> hooks = hooks(saved, chain);
            StringBuilder text = new StringBuilder();
            if (hooks.isPresent()) {
                text.append("*filter\n");
                for (String hook : hooks.get()) {
                    text.append("-D OUTPUT ").append(hook).append('\n');
                }
                text.append("-F ").append(chain).append("\n-X ").append(chain).append("\nCOMMIT\n");
                any = true;
            }
            texts.add(text.toString());
        }
        if (any) {
            for (String complaint : tables.restore(texts)) {
                if (!complaint.isEmpty()) {
                    complaints.add(complaint);
                }
            }
        }
    }

    /** What jumps to a chain, if there is the chain. */
    private static Optional<List<String>> hooks(String saved, String chain) {
        return Optional.ofNullable(Leftovers.chains(saved, chain + " ").get(chain));
    }

    private static List<String> rules(String saved, String chain) {
        List<String> rules = new ArrayList<>();
        String begin = "-A " + chain + " ";
        for (String line : saved.split("\n")) {
            if (line.startsWith(begin)) {
                rules.add(line.substring(begin.length()));
            }
        }
        return rules;
    }

    /** The rules as they stand in whichever tables have them. Needs CAP_NET_ADMIN. */
    public Profile.Rules rules(Profile profile) {
        Map<String, List<String>> byProgram = new TreeMap<>();
        List<IpVersion> lost = new ArrayList<>(tables.versions());
        boolean inverted = false;
        for (Tables kind : tables.everyKind()) {
            List<String> saved = kind.save();
            for (int i = 0; i < saved.size(); i++) {
                for (String hook : hooks(saved.get(i), profile.chain()).orElse(List.of())) {
                    IpVersion version = kind.versions().get(i);
                    lost.remove(version);
                    inverted |= hook.contains("! --cgroup");
                    byProgram.put(version.program(), rules(saved.get(i), profile.chain()));
                }
            }
        }
        return new Profile.Rules(byProgram, lost, inverted);
    }

    /** Which class a process is in already, in words; empty if in none. */
    private Optional<String> assigned(int pid) {
        String path = cgroups.of(pid);
        Optional<ProfileName> profile = ProfileName.of(path);
        if (profile.isPresent()) {
            return Optional.of("profile " + profile.get());
        }
        return path.isEmpty() || cgroups.classid(path) == 0 ? Optional.empty() : Optional.of("the cgroup /" + path);
    }

    /**
     * Moves processes in; all of them or none.
     *
     * @throws FirewallException if one is in a class already, or may not enter
     */
    public void enter(ProfileName name, List<Integer> pids) throws FirewallException {
        Profile profile = find(name);
        for (int pid : pids) {
            Optional<String> assigned = assigned(pid);
            if (assigned.isPresent()) {
                throw new FirewallException("process " + pid + " is already assigned to a net class: " + assigned.get());
            }
        }
        List<Integer> moved = new ArrayList<>();
        for (int pid : pids) {
            try {
                cgroups.add(name.cgroup(cookie), pid);
                moved.add(pid);
            } catch (KernelException e) {
                String undone = undo(moved);
                throw new FirewallException("process " + pid + " cannot enter the profile " + name + ": " + e.getMessage() + "; it is open to root"
                        + profile.group().map(group -> " and group " + group).orElse("") + ", each for processes of their own" + undone);
            }
        }
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

    /** Moves processes out of whichever profile they are in. */
    public void leave(List<Integer> pids) throws FirewallException {
        for (int pid : pids) {
            if (ProfileName.of(cgroups.of(pid)).isEmpty()) {
                throw new FirewallException("process " + pid + " is in no profile");
            }
        }
        for (int pid : pids) {
            try {
                moveOut(pid);
            } catch (KernelException e) {
                throw new FirewallException("process " + pid + " cannot leave: " + e.getMessage() + "; only root moves processes out");
            }
        }
    }

    /** Packets of the root cgroup bear no class. */
    private void moveOut(int pid) {
        cgroups.add("", pid);
    }

    private static String words(List<Integer> pids) {
        StringBuilder words = new StringBuilder();
        for (int pid : pids) {
            words.append(words.length() == 0 ? "" : ", ").append(pid);
        }
        return words.toString();
    }
}
