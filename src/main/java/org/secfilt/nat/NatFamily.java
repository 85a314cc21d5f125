package org.secfilt.nat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.secfilt.firewall.IpVersion;

/** One family of a run's way out: its rules, what undoes them, and which interfaces of this host forward for runs alone. */
final class NatFamily {
    private final IpVersion version;
    private final Forwarding forwarding;
    /** The pair's own rules, and what the last one to leave takes away besides; empty where there is nothing to undo. */
    private String removal = "";
    private String lastRemoval = "";
    /** The interfaces that forwarded nothing before: whoever loads his own rules meanwhile takes away those that remember it. */
    private final List<String> off = new ArrayList<>();
    private List<String> toTurnOn = List.of();

    NatFamily(IpVersion version, Forwarding forwarding) {
        this.version = version;
        this.forwarding = forwarding;
    }

    boolean isV4() {
        return version == IpVersion.V4;
    }

    String removal() {
        return removal;
    }

    String lastRemoval() {
        return lastRemoval;
    }

    /** What the last one to leave writes 0 into. */
    List<String> lastFiles() {
        return forwarding.files(off);
    }

    /** @return input for {@code iptables-restore} */
    String install(PairRules rules) {
        removal = rules.uninstall();
        return rules.install();
    }

    /**
     * The same of a pair that leads out, with the rules that remember which interfaces {@link #turnOn} has forward.
     *
     * @param listing the rules there are: other runs may have had them forward already
     * @param sysctls /proc/sys/net
     */
    String installOpen(PairRules rules, String listing, Path sysctls) {
        List<String> lasting = new ArrayList<>(NatListing.forwardingsOff(listing));
        off.addAll(NatListing.remembered(lasting));
        toTurnOn = forwarding.off();
        for (String name : toTurnOn) {
            if (!off.contains(name)) {
                off.add(name);
                String rule = NatListing.forwardingOff(name, Forwarding.asksBridged(sysctls));
                lasting.add(rule);
                rules.addBehind(rule);
            }
        }
        lastRemoval = PairRules.table("filter", PairRules.deleted(lasting));
        return install(rules);
    }

    /** Once the rules hold: nothing is forwarded that they do not know of. @param name the pair's interface */
    void turnOn(String name) throws IOException {
        forwarding.set(name, true);
        for (String other : toTurnOn) {
            forwarding.set(other, true);
        }
    }

    /**
     * No run has a way out any more.
     *
     * @param listing the rules there are
     * @param interfaces the host's own, as there are now
     * @param wrong takes what could not be done, in words
     */
    void turnOff(String listing, Collection<String> interfaces, List<String> wrong) {
        Set<String> names = new TreeSet<>(NatListing.remembered(NatListing.forwardingsOff(listing)));
        names.addAll(off);
        names.retainAll(interfaces);
        for (String name : names) {
            try {
                forwarding.set(name, false);
            } catch (IOException e) {
                wrong.add(e.getMessage());
            }
        }
    }
}
