package org.secfilt.firewall;

import java.util.List;

/** The firewall of one run on the host's network, as it stands until it is taken down. */
public interface Standing {
    /**
     * Returns when all that the process sends from now on is judged. Before, it must not become the command.
     *
     * @throws FirewallException if that cannot be; all is as it was then
     */
    void settle() throws FirewallException;

    /**
     * Leaves the taking down to a process that outlives this one.
     *
     * @throws FirewallException if there can be none; then it is still ours
     */
    void leave() throws FirewallException;

    /**
     * From now on packets made by hand are judged too, as a raw socket makes them.
     *
     * @throws FirewallException if a step fails; then no raw socket may be made
     */
    void judgeRawPackets() throws FirewallException;

    /** Whether it is for all of a network: who is left in it must then be told to {@link #removeIfOver}, and is not seen by a cgroup. */
    boolean ofNetwork();

    /**
     * As {@link #remove}, if no process of the run lives any more.
     *
     * @param alone whether the command left none behind; nobody has looked where it does not matter
     */
    List<String> removeIfOver(boolean alone);

    /** As {@link #remove}, while this process, the last one, is held at its end. */
    List<String> removeAtEndOf(int pid);

    /**
     * Takes all of it down, once. No process of the command lives any more.
     *
     * @return what could not be undone, in words; empty if nothing
     */
    List<String> remove();

    /** Whether somebody else had taken rules of it away by then, so that packets were not judged any more. */
    boolean wasUndone();
}
