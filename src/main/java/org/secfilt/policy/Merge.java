package org.secfilt.policy;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;

/** One pass over the parts, first to last; {@link Policy#merge} has the rules. */
final class Merge {
    private static final PortRange DNS = PortRange.of(53);
    private static final Optional<String> RESOLVER = Optional.of("nameservers of /etc/resolv.conf");

    private final Direction connect = new Direction();
    private final Direction bind = new Direction();
    private final Direction unix = new Direction();
    private Optional<Setting<Boolean>> noOutbound = Optional.empty();
    private Optional<Setting<Boolean>> resolv = Optional.empty();
    /** Whether the rule of the options that restrict connect has the nameservers already: {@link Options#part}. */
    private boolean nameserversJoined;
    private Errno denial = Errno.EPERM;
    private Inherit inherit = Inherit.CLOSE;
    private Setting<Firewall> firewall = Policy.OPEN.firewall();
    private Optional<Integer> violationExit = Optional.empty();
    private Surroundings surroundings = Surroundings.EMPTY;
    private Optional<Families> families = Optional.empty();
    private Optional<Setting<Boolean>> readOnly = Optional.empty();
    private final List<FileAccess.Writable> writable = new ArrayList<>();

    void add(PolicyPart part) {
        connect.add(part.connect());
        bind.add(part.bind());
        unix.add(part.unix());
        if (part.noOutbound().isPresent()) {
            noOutbound = part.noOutbound();
        }
        if (part.resolv().isPresent()) {
            resolv = part.resolv();
            nameserversJoined = part.connect().restricted().isPresent();
        }
        if (part.denial().isPresent()) {
            denial = part.denial().get().value();
        }
        if (part.inherit().isPresent()) {
            inherit = part.inherit().get().value();
        }
        surroundings = part.surroundings().after(surroundings);
        if (part.firewall().isPresent()) {
            firewall = part.firewall().get();
        }
        if (part.violationExit().isPresent()) {
            violationExit = Optional.of(part.violationExit().get().value());
        }
        if (part.families().isPresent()) {
            families = Optional.of(families.isPresent() ? union(families.get(), part.families().get()) : part.families().get());
        }
        addFiles(part.files());
    }

    private void addFiles(FileAccess.Part part) {
        if (part.readOnly().isPresent()) {
            readOnly = part.readOnly();
        } else if (part.implied().isPresent() && !(readOnly.isPresent() && readOnly.get().value())) {
            readOnly = Optional.of(new Setting<>(true, part.implied().get()));
        }
        writable.addAll(part.writable());
    }

    private FileAccess files() {
        return readOnly.isPresent() && readOnly.get().value()
                ? new FileAccess(Optional.of(readOnly.get().origin()), writable)
                : FileAccess.OPEN;
    }

    Policy policy(Sources sources) {
        if (resolv.isPresent() && resolv.get().value()) {
            if (!nameserversJoined) {
                connect.allow.add(resolverRule(sources.nameservers(), resolv.get().origin()));
            }
            dropUnlessResolv(unix.allow);
            dropUnlessResolv(unix.deny);
            unix.allow.addAll(Resolvers.sockets(resolv.get().origin()));
            if (bind.access().mode() != Mode.ALLOW) {
                bind.allow.add(Resolvers.ownPort(resolv.get().origin()));
            }
        }
        Optional<Origin> blocked =
                noOutbound.isPresent() && noOutbound.get().value() ? Optional.of(noOutbound.get().origin()) : Optional.empty();
        return new Policy(blocked, connect.access(), bind.access(), unix.access(), families, denial, inherit, firewall, violationExit,
                surroundings, files(), Optional.of(sources));
    }

    static void dropUnlessResolv(List<Rule> rules) {
        for (int i = rules.size() - 1; i >= 0; i--) {
            if (rules.get(i).unlessResolv()) {
                rules.remove(i);
            }
        }
    }

    private static Rule resolverRule(List<IpAddress> nameservers, Origin origin) {
        return new Rule(new Match.Inet(blocks(nameservers), List.of(DNS), Optional.empty()), RESOLVER, origin);
    }

    static List<Cidr> blocks(List<IpAddress> addresses) {
        List<Cidr> blocks = new ArrayList<>();
        for (IpAddress address : addresses) {
            blocks.add(Cidr.of(address.canonical()));
        }
        return blocks;
    }

    private static Families union(Families first, Families second) {
        Set<Family> all = new LinkedHashSet<>(first.allowed());
        all.addAll(second.allowed());
        return new Families(List.copyOf(all), first.origin());
    }

    /** The rules of one direction so far. */
    private static final class Direction {
        final List<Rule> allow = new ArrayList<>();
        final List<Rule> deny = new ArrayList<>();
        Optional<Setting<Mode>> mode = Optional.empty();
        Optional<Origin> listed = Optional.empty();
        Optional<Origin> restricted = Optional.empty();

        void add(PolicyPart.Lists part) {
            allow.addAll(part.allow());
            deny.addAll(part.deny());
            if (part.mode().isPresent()) {
                mode = part.mode();
            }
            if (listed.isEmpty()) {
                listed = part.listed();
            }
            if (restricted.isEmpty()) {
                restricted = part.restricted();
            }
        }

        Access access() {
            Setting<Mode> chosen = chosenMode();
            return new Access(chosen.value(), chosen.origin(), withoutRepeats(allow), withoutRepeats(deny));
        }

        private Setting<Mode> chosenMode() {
            if (mode.isPresent() && mode.get().value() != Mode.ALLOW) {
                return mode.get();
            }
            if (restricted.isPresent()) {
                return new Setting<>(Mode.DENY, restricted.get());
            }
            if (mode.isPresent()) {
                return mode.get();
            }
            return listed.isPresent()
                    ? new Setting<>(Mode.DENY, listed.get())
                    : new Setting<>(Mode.ALLOW, Origin.DEFAULT);
        }

        /**
         * A file included from two places brings its rules twice, the same objects. (They are compared by identity: records
         * make their equals() with method handles at its first use, which every start would pay for.)
         */
        private static List<Rule> withoutRepeats(List<Rule> rules) {
            Map<Rule, Boolean> seen = new IdentityHashMap<>();
            List<Rule> once = new ArrayList<>();
            for (Rule rule : rules) {
                if (seen.put(rule, true) == null) {
                    once.add(rule);
                }
            }
            return once;
        }
    }
}
