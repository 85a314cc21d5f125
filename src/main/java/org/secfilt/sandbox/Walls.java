package org.secfilt.sandbox;

import java.util.List;
import java.util.Optional;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.Standing;
import org.secfilt.kernel.Keeper;
import org.secfilt.nat.Nat;
import org.secfilt.nat.NatException;
import org.secfilt.report.Reports;

/** What stands on the host for one run: its firewall, and its way into the host's network, as far as it has them. */
final class Walls {
    private Optional<Standing> firewall;
    private Optional<Nat> nat = Optional.empty();
    private Optional<Keeper> keeper = Optional.empty();
    private final int pid;
    private final Reports reports;

    private boolean undoneTold;

    /** @param pid of the process that becomes the command */
    Walls(Optional<Standing> firewall, int pid, Reports reports) {
        this.firewall = firewall;
        this.pid = pid;
        this.reports = reports;
    }

    void add(Nat joined) {
        nat = Optional.of(joined);
    }

    void add(Keeper made) {
        keeper = Optional.of(made);
    }

    boolean hasFirewall() {
        return firewall.isPresent();
    }

    /** Waits until the firewall has the process. @return why it cannot, in which case it is gone; empty if it has */
    String settle() {
        try {
            firewall.orElseThrow().settle();
            return "";
        } catch (FirewallException e) {
            firewall = Optional.empty();
            return e.getMessage();
        }
    }

    /** @throws FirewallException if it fails, or was never raised: then no packets may be made by hand */
    void judgeRawPackets() throws FirewallException {
        firewall.orElseThrow().judgeRawPackets();
    }

    /** To processes that outlive this one. */
    void leave() throws FirewallException, NatException {
        if (firewall.isPresent()) {
            firewall.get().leave();
        }
        if (nat.isPresent()) {
            nat.get().leaveAlone();
        }
    }

    /** Whether it matters to them who is left when the command has ended: one of whom the tracer has not heard yet must not be left out. */
    boolean askWhoIsLeft() {
        return nat.isPresent() || firewall.isPresent() && firewall.get().ofNetwork();
    }

    /**
     * The command ended, and its caller does not know it yet: who looks then finds nothing left.
     *
     * @param held whether it is held at its end, the last of its process namespace
     * @param alone whether it left no process behind
     */
    void commandEnded(boolean held, boolean alone) {
        if (firewall.isPresent()) {
            removed(firewall.get(), held ? firewall.get().removeAtEndOf(pid) : firewall.get().removeIfOver(alone));
        }
        if (nat.isPresent() && alone) {
            complain(nat.get().leave());
        }
    }

    /** First of all: it is in the run's cgroup and network. */
    void endKeeper() {
        if (keeper.isPresent()) {
            keeper.get().end();
        }
    }

    /** What of it stands still. */
    void takeDown() {
        endKeeper();
        if (firewall.isPresent()) {
            removed(firewall.get(), firewall.get().remove());
        }
        if (nat.isPresent()) {
            complain(nat.get().leave());
        }
    }

    private void removed(Standing standing, List<String> complaints) {
        complain(complaints);
        if (standing.wasUndone() && !undoneTold) {
            undoneTold = true;
            reports.warn("somebody else took away rules of this run (iptables -F, or a firewall loaded anew): from then on its packets were"
                    + " not judged, only the calls that stop for the supervisor");
        }
    }

    private void complain(List<String> complaints) {
        for (String complaint : complaints) {
            reports.error(complaint + "; secfilt gc removes what is left");
        }
    }
}
