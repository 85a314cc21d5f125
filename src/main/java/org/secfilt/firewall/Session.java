package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.policy.Policy;

/**
 * The firewall of one run: a cgroup of its own below the caller's, so that limits set there go on holding, and a chain of its own in each
 * family. It is taken down in the same order, rules first. Whatever happens to this process, the cgroup tells by its lock that nobody is
 * there any more, see {@link Leftovers}.
 */
public final class Session implements Standing {
    /** Names are unique already; only a clean-up at the same moment can take one away. */
    private static final int ATTEMPTS = 5;

    private static final int LOOKS = 5;
    private static final int LAST_LOOKS = 50;
    private static final int LAST_PAUSE_MILLIS = 10;

    private final Tables tables;
    private final Leftovers leftovers;
    private final Cgroups cgroups;
    private final Cgroups.Cgroup cgroup;
    private final Chain chain;
    /** The families where all packets come to the chain. */
    private final Set<IpVersion> whole = EnumSet.noneOf(IpVersion.class);
    private boolean standing = true;
    private boolean undone;
    /** By which raw packets are to be judged, as long as they are not. */
    private Optional<Policy> rawPolicy = Optional.empty();
    /** The families in which this host translated destinations when the run began. */
    private final List<IpVersion> translated = new ArrayList<>();
    /** Where the command was before. */
    private String outside = "";
    private int member;
    /** Of the process that becomes the command, until it is known to be inside. */
    private Optional<Cgroups.Move> move = Optional.empty();

    private Session(Tables tables, Leftovers leftovers, Cgroups cgroups, Cgroups.Cgroup cgroup, Chain chain) {
        this.tables = tables;
        this.leftovers = leftovers;
        this.cgroups = cgroups;
        this.cgroup = cgroup;
        this.chain = chain;
    }

    /**
     * Makes cgroup and chains, and has the process move in, which must not have begun what is to be judged: see {@link #settle}.
     *
     * @param cgroups where the run gets one; closed in the end
     * @param rawLate whether nothing makes packets by hand before {@link #judgeRawPackets}; of no use where sockets made before the run
     *     are in its class
     * @param namespace the inode number of the network namespace of both processes
     * @throws FirewallException if a step fails; all is as it was then
     */
    public static Session raise(Tables tables, Hierarchies hierarchies, Cgroups cgroups, Policy policy, boolean rawLate, long namespace, int pid)
            throws FirewallException {
        boolean byClass = cgroups.hierarchy() == Cgroups.Hierarchy.NET_CLS;
        try {
            String parent = byClass ? "" : cgroups.of(pid);
            if (byClass && cgroups.classid(cgroups.of(pid)) != 0) {
                throw new FirewallException("a net class: this process has that of the cgroup /" + cgroups.of(pid) + " already, and can have"
                        + " one alone");
            }
            Leftovers leftovers = new Leftovers(tables, hierarchies);
            leftovers.removeBeside(cgroups, parent, namespace);
            for (int attempt = 0; ; attempt++) {
                Run run = Run.fresh(namespace, pid);
                String path = Run.below(parent, run.cgroup());
                if (!Members.isPlain(path)) {
                    throw new FirewallException("the cgroup /" + parent + " has a name that no rule can hold");
                }
                Optional<Cgroups.Cgroup> cgroup = make(cgroups, path, attempt == ATTEMPTS);
                if (cgroup.isPresent()) {
                    Chain chain = new Chain(run.chain(), members(cgroups, cgroup.get(), path), rawLate && !byClass);
                    return new Session(tables, leftovers, cgroups, cgroup.get(), chain).install(policy, pid, byClass);
                }
            }
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    private static Optional<Cgroups.Cgroup> make(Cgroups cgroups, String path, boolean last) throws FirewallException {
        try {
            Optional<Cgroups.Cgroup> cgroup = cgroups.make(path);
            if (cgroup.isEmpty() && last) {
                throw new FirewallException("the cgroup /" + path + " is there already");
            }
            return cgroup;
        } catch (KernelException e) {
            if (last) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static Members members(Cgroups cgroups, Cgroups.Cgroup cgroup, String path) throws FirewallException {
        if (cgroups.hierarchy() == Cgroups.Hierarchy.UNIFIED) {
            return new Members(Optional.of(path), Optional.empty());
        }
        try {
            return new Members(Optional.empty(), Optional.of(new NetClasses(cgroups, NetClasses.OF_RUNS).give(cgroup, path)));
        } catch (FirewallException | KernelException e) {
            cgroup.remove();
            cgroup.close();
            throw e;
        }
    }

    @Override
    public void judgeRawPackets() throws FirewallException {
        if (rawPolicy.isEmpty()) {
            return;
        }
        List<String> texts = new ArrayList<>();
        for (IpVersion version : tables.versions()) {
            String text = chain.widen(PacketRules.of(rawPolicy.get(), version, translated.contains(version)));
            texts.add(whole.contains(version) ? "" : text);
        }
        List<String> answers = restore(texts);
        for (int i = 0; i < texts.size(); i++) {
            if (i < answers.size() && answers.get(i).isEmpty()) {
                whole.add(tables.versions().get(i));
            }
        }
        List<String> wrong = Tables.complaints(answers);
        if (!wrong.isEmpty()) {
            throw new FirewallException(wrong.get(0));
        }
        rawPolicy = Optional.empty();
    }

    private Session install(Policy policy, int pid, boolean byClass) throws FirewallException {
        boolean rawLate = chain.beginnings();
        rawPolicy = rawLate ? Optional.of(policy) : Optional.empty();
        List<String> texts = new ArrayList<>();
        for (IpVersion version : tables.versions()) {
            boolean translates = policy.restrictsDestinations() && tables.translate(version);
            if (translates) {
                translated.add(version);
            }
            texts.add(chain.install(rawLate ? PacketRules.ofPlain(policy, version, translates) : PacketRules.of(policy, version, translates)));
        }
        outside = cgroups.of(pid);
        member = pid;
        List<String> answers = List.of();
        try {
            if (!byClass) {
                move = Optional.of(cgroup.begin(pid));
            }
            answers = restore(texts);
            List<String> wrong = Tables.complaints(answers);
            if (!wrong.isEmpty()) {
                throw new FirewallException(wrong.get(0));
            }
            if (byClass) {
                cgroup.add(pid);
                // A socket takes on the class of whoever gets hold of it, as the supervisor does to look at one: pidfd_getfd(2).
                cgroup.enter();
            }
        } catch (FirewallException | KernelException e) {
            throw undo(e, made(answers));
        }
        return this;
    }

    @Override
    public void settle() throws FirewallException {
        try {
            if (move.isPresent()) {
                move.get().await();
                move = Optional.empty();
            }
        } catch (KernelException e) {
            throw undo(e, all());
        }
    }

    private FirewallException undo(Exception cause, List<Integer> made) {
        stepOut();
        List<String> left = unmake(made);
        return new FirewallException(cause.getMessage() + (left.isEmpty() ? "" : "; undoing it: " + String.join("; ", left)));
    }

    /** A process that began to move in has to get there before it can be moved out. */
    private void stepOut() {
        if (arrived()) {
            try {
                cgroups.add(outside, member);
            } catch (KernelException e) {
                // it does not live any more
            }
        }
    }

    /** Waits for the process that began to move in. @return whether it is there */
    private boolean arrived() {
        try {
            if (move.isPresent()) {
                move.get().await();
            }
            return move.isPresent();
        } catch (KernelException e) {
            return false;
        } finally {
            move = Optional.empty();
        }
    }

    /** The families that have the chain: those that took it, and those that took it and then failed, as one that is killed does. */
    private List<Integer> made(List<String> answers) {
        List<Integer> made = new ArrayList<>();
        List<String> saved = List.of();
        try {
            saved = tables.save();
        } catch (FirewallException | KernelException e) {
            // then by what they said
        }
        for (int i = 0; i < tables.versions().size(); i++) {
            boolean told = i < answers.size() && answers.get(i).isEmpty();
            if (saved.isEmpty() ? told : saved.get(i).contains(":" + chain.name() + " ")) {
                made.add(i);
            }
        }
        return made;
    }

    @Override
    public void leave() throws FirewallException {
        List<String> texts = new ArrayList<>();
        for (IpVersion version : tables.versions()) {
            texts.add(removal(version));
        }
        try {
            cgroup.leave();
            tables.restoreWhenEmpty(cgroup.descriptor(), cgroup.name(), texts);
            standing = false;
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    @Override
    public boolean ofNetwork() {
        return false;
    }

    /** The cgroup tells. A dead process leaves it a moment after its death can be seen. */
    @Override
    public List<String> removeIfOver(boolean alone) {
        for (int look = 0; standing && look < LOOKS; look++) {
            if (cgroup.isEmpty()) {
                return remove();
            }
            pause(1);
        }
        return List.of();
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<String> removeAtEndOf(int pid) {
        try {
            if (standing) {
                cgroups.add(outside, pid);
            }
        } catch (KernelException e) {
            // then the cgroup cannot be removed, which is told
        }
        return remove();
    }

    @Override
    public boolean wasUndone() {
        return undone;
    }

    @Override
    public List<String> remove() {
        if (!standing) {
            return List.of();
        }
        arrived();
        return unmake(all());
    }

    private String removal(IpVersion version) {
        return (whole.contains(version) ? chain.whole() : chain).remove();
    }

    private List<Integer> all() {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < tables.versions().size(); i++) {
            all.add(i);
        }
        return all;
    }

    private List<String> unmake(List<Integer> made) {
        standing = false;
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < tables.versions().size(); i++) {
            texts.add(made.contains(i) ? removal(tables.versions().get(i)) : "");
        }
        List<String> wrong = new ArrayList<>();
        try {
            wrong.addAll(Tables.complaints(restore(texts)));
            if (!wrong.isEmpty()) {
                wrong = unmakeRest(made, wrong);
            }
        } catch (KernelException e) {
            wrong.add(e.getMessage());
        }
        try {
            cgroup.leave();
            if (wrong.isEmpty()) {
                removeCgroup();
            }
        } catch (KernelException e) {
            wrong.add(e.getMessage());
        }
        cgroup.close(); // and stays as long as rules name it: iptables-legacy could change nothing else any more
        cgroups.close();
        return wrong;
    }

    /**
     * What can be taken away by parts alone, as somebody else has been there: one who loads a firewall of the host's anew takes all rules away.
     *
     * @param wrong why it cannot be done at once
     * @return what is wrong still
     */
    private List<String> unmakeRest(List<Integer> made, List<String> wrong) {
        List<String> texts = new ArrayList<>();
        try {
            List<String> saved = tables.save();
            for (int i = 0; i < saved.size(); i++) {
                Optional<List<String>> hooks = made.contains(i) ? new Listing(saved.get(i)).hooks(chain.name()) : Optional.empty();
                undone |= made.contains(i) && (hooks.isEmpty() || hooks.get().isEmpty());
                texts.add(hooks.isPresent() ? "*filter\n" + Chain.removal(chain.name(), hooks.get()) + "COMMIT\n" : "");
            }
        } catch (FirewallException e) {
            return wrong;
        }
        return new ArrayList<>(undone ? Tables.complaints(tables.restoreEach(texts)) : wrong);
    }

    /** Where rules that somebody left keep iptables-legacy from any change, a second time, when they are gone. */
    private List<String> restore(List<String> texts) {
        List<String> answers = tables.restoreEach(texts);
        if (Tables.complaints(answers).isEmpty() || leftovers.removeChains().isEmpty()) {
            return answers;
        }
        List<String> again = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            again.add(answers.get(i).isEmpty() ? "" : texts.get(i));
        }
        return tables.restoreEach(again);
    }

    private void removeCgroup() {
        for (int look = 0; look < LAST_LOOKS && !cgroup.isEmpty(); look++) {
            pause(LAST_PAUSE_MILLIS); // the stub has its exit code, and has not gone yet
        }
        cgroup.remove();
    }
}
