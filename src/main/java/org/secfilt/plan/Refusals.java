package org.secfilt.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.policy.Families;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.Net;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;

/** What of a policy no layer can hold on this host. */
final class Refusals {
    private final Plan plan;
    private final Policy policy;
    private final Host host;
    private final List<Refusal> found = new ArrayList<>();

    Refusals(Plan plan, Policy policy, Host host) {
        this.plan = plan;
        this.policy = policy;
        this.host = host;
    }

    /** @param alone whether nobody would supervise */
    List<Refusal> list(boolean alone) {
        if (policy.families().isPresent() && plan.limitsInet()) {
            Families families = policy.families().get();
            for (Family family : families.allowed()) {
                if (!Plan.JUDGED.contains(family)) {
                    found.add(new Refusal(families.origin(),
                            "family " + family + " carries traffic without a call that shows its address, past the rules for connect and bind",
                            "leave " + family + " out, or restrict no internet addresses"));
                }
            }
        }
        if (policy.firewall().value() == Firewall.REQUIRE && host.firewall().missing().isPresent()) {
            found.add(new Refusal(policy.firewall().origin(), "packets cannot be judged here, for want of " + host.firewall().missing().get(),
                    "write --firewall=auto, which runs without"));
        }
        if (policy.restrictsFiles() && LandlockDomain.readOnly(host.landlockAbi()).isEmpty()) {
            found.add(new Refusal(policy.files().readOnly().get(),
                    "this kernel has no Landlock, and nothing else keeps files from being written",
                    "run it on Linux 5.13 or later with landlock in /sys/kernel/security/lsm, or restrict no files"));
        }
        if (alone) {
            addNeedsOfTracer();
        }
        if (plan.sealsProfile() && !plan.canSeal()) {
            found.add(new Refusal(Origin.flag("profile"), "root's command could leave the profile here, for want of "
                    + (plan.landlock().isPresent() ? "a way to make all cgroups in sight read-only" : "Landlock"),
                    "run secfilt as another user, who may enter (profile install --group)"));
        }
        if (host.profiled() && policy.surroundings().ownsNetwork()) {
            found.add(new Refusal(policy.surroundings().net().orElseThrow().origin(),
                    "a profile's rules are in the host's network, which the command would not use", "leave out one of the two"));
        }
        addSurroundings();
        return List.copyOf(found);
    }

    private void addSurroundings() {
        Surroundings own = policy.surroundings();
        if (own.network() != Net.NAT) {
            for (Setting<Publication> publication : own.publications()) {
                found.add(new Refusal(publication.origin(), "a port is published only from a network behind this host's addresses",
                        "add --net=nat (in a policy file, net: nat)"));
            }
        } else if (!host.root()) {
            found.add(new Refusal(own.net().orElseThrow().origin(), "only root can join a network to this host's",
                    "run secfilt as root, or write --net=none, which needs no root"));
        }
        addPortsTaken(own);
        if (own.user().isPresent() && !host.root()) {
            found.add(new Refusal(own.user().get().origin(), "only root can become another user",
                    "run secfilt as root, or leave it out"));
        }
    }

    /** One packet has one destination, so that the rule of the first would win and the others be silent. */
    private void addPortsTaken(Surroundings own) {
        Map<String, Setting<Publication>> taken = new HashMap<>();
        for (Setting<Publication> publication : own.publications()) {
            Publication port = publication.value();
            String place = port.hostPort() + "/" + port.protocol();
            Setting<Publication> first = taken.putIfAbsent(place, publication);
            if (first != null && first.value().port() != port.port()) {
                found.add(new Refusal(publication.origin(), "port " + place + " of this host leads to port " + first.value().port()
                        + " already, by " + first.origin(), "leave out one of the two"));
            }
        }
    }

    /** What no packet shows. */
    private void addNeedsOfTracer() {
        if (policy.noOutbound().isPresent()) {
            found.add(tracerHolds(policy.noOutbound().get(), "no-outbound-network is about unix sockets too"));
        }
        if (!policy.unix().open()) {
            found.add(tracerHolds(Plan.origin(policy.unix()), "unix sockets are judged call by call"));
        }
        if (!policy.bind().open()) {
            found.add(tracerHolds(Plan.origin(policy.bind()), "binds are judged call by call"));
        }
        if (policy.restrictsFiles()) {
            found.add(tracerHolds(policy.files().readOnly().get(), "modes, owners and times of files are judged call by call"));
        }
        if (policy.denial() != Errno.EPERM) {
            found.add(new Refusal(Origin.flag("errno"), "who sends a packet that is refused sees EPERM, or ECONNREFUSED of TCP",
                    "leave out --no-supervisor or errno"));
        }
        if (policy.violationExit().isPresent()) {
            found.add(tracerHolds(Origin.flag("violation-exit"), "nobody sees what the firewall refuses"));
        }
        if (!policy.restrictsDestinations()) {
            return;
        }
        if (!plan.judgesPackets()) {
            String why = policy.firewall().value() == Firewall.OFF ? "it is off" : "for want of " + host.firewall().missing().orElse("it");
            found.add(tracerHolds(firewallOrigin(), "the firewall cannot hold the rules, " + why));
        } else if (host.firewall().wholeNetwork() && !policy.surroundings().ownsNetwork()) {
            found.add(tracerHolds(firewallOrigin(), "without a cgroup nobody would see the end, and take the rules away"));
        } else if (host.root() && !plan.canSealCgroup()) {
            found.add(tracerHolds(firewallOrigin(), "root's command could leave the firewall here"));
        }
    }

    private Origin firewallOrigin() {
        Origin origin = policy.firewall().origin();
        return origin.equals(Origin.DEFAULT) ? Origin.flag("--no-supervisor") : origin;
    }

    private static Refusal tracerHolds(Origin origin, String why) {
        return new Refusal(origin, why, "leave out --no-supervisor");
    }
}
