package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.policy.Policy;

/**
 * The firewall of a run that is alone in its network namespace, where it can have no cgroup: a chain for all that leaves, one run's at a
 * time. Who made the namespace lives on in it, so the chain is taken down at the end.
 *
 * <p>Its name tells whose it is: the process namespace and the supervisor's number in it.
 */
public final class NetworkSession implements Standing {
    private static final String PREFIX = Chain.PREFIX + "N-";

    private final Tables tables;
    private final Chain chain;
    private boolean standing = true;

    private NetworkSession(Tables tables, Chain chain) {
        this.tables = tables;
        this.chain = chain;
    }

    /**
     * @param users see {@link PacketRules#ofNetwork}
     * @throws FirewallException if another run has the network, or a family does not take its rules; then the other has none either
     */
    public static NetworkSession raise(Tables tables, Policy policy, List<String> users, Supervisors supervisors) throws FirewallException {
        removeDead(tables, supervisors);
        for (String saved : tables.save()) {
            for (String other : new Listing(saved).chains(PREFIX).keySet()) {
                throw new FirewallException("a network of its own: another run has this one already, by its chain " + other);
            }
        }
        String name = PREFIX + Long.toHexString(supervisors.namespace()) + "-" + Integer.toHexString((int) ProcessHandle.current().pid());
        Chain chain = new Chain(name, Members.EVERYBODY);
        NetworkRules.install(tables, chain, policy, users, ""); // others in the network may have it forward
        return new NetworkSession(tables, chain);
    }

    /** Removes the chains of supervisors that are no more. @return which, in words */
    public static List<String> removeDead(Tables tables, Supervisors supervisors) throws FirewallException {
        DeadChains.Makers makers = new DeadChains.Makers() { // no lambda: it would cost milliseconds
            @Override
            public boolean mayLive(String chain, List<String> hooks) {
                return isAlive(chain, supervisors);
            }
        };
        List<String> removed = new ArrayList<>();
        List<String> wrong = DeadChains.remove(tables, PREFIX, makers, removed);
        if (!wrong.isEmpty()) {
            throw new FirewallException(wrong.get(0));
        }
        return removed;
    }

    /** Of another process namespace it cannot be told. */
    private static boolean isAlive(String chain, Supervisors supervisors) {
        int dash = chain.indexOf('-', PREFIX.length());
        try {
            return Long.parseLong(chain.substring(PREFIX.length(), dash), 16) != supervisors.namespace()
                    || supervisors.isAlive(Integer.parseInt(chain.substring(dash + 1), 16));
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            return true; // none of ours
        }
    }

    /** All in the network are judged. */
    @Override
    public void settle() {}

    /** Nobody would see the end of what nobody supervises: there is no cgroup that becomes empty. */
    @Override
    public void leave() throws FirewallException {
        throw new FirewallException("without a cgroup the firewall cannot be left alone");
    }

    /** They are from the start: there is no telling the kernel's own packets from them otherwise. */
    @Override
    public void judgeRawPackets() {}

    @Override
    public boolean ofNetwork() {
        return true;
    }

    @Override
    public List<String> removeIfOver(boolean alone) {
        return alone ? remove() : List.of();
    }

    @Override
    public List<String> removeAtEndOf(int pid) {
        return remove();
    }

    @Override
    public List<String> remove() {
        if (!standing) {
            return List.of();
        }
        standing = false;
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < tables.versions().size(); i++) {
            texts.add(chain.remove());
        }
        return tables.restore(texts);
    }

    /** That is among what {@link #remove} answers. */
    @Override
    public boolean wasUndone() {
        return false;
    }

    /** Who supervises runs in this process namespace. */
    public interface Supervisors {
        /** The process namespace's inode number. */
        long namespace();

        /** Whether a process of this number uses this network namespace. */
        boolean isAlive(int pid);
    }
}
