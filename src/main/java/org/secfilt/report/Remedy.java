package org.secfilt.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.firewall.Packet;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.AddressWords;
import org.secfilt.policy.Families;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Sources;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * The edits after which a destination is allowed. Each is made, as far as a policy goes, and the destination judged again, until it is
 * allowed; where no edit leads further there is no remedy.
 */
final class Remedy {
    /** Files that include each other may each say no; beyond this nobody follows. */
    private static final int MAX_STEPS = 50;

    /** Of a path that could not be followed: no rule names one of these. */
    private static final String PROC = "/proc/";
    private static final String NETMASK = "allowed-netmask";
    private static final String PORT = "allowed-port";
    private static final String BIND = "allowed-bind";
    private static final String RESOLV = "allow-resolv";

    private final Plan host;
    private final Action action;
    private final Sockaddr address;
    private final Optional<Protocol> protocol;
    private final Optional<Packet> packet;
    private final List<Edit> edits = new ArrayList<>();
    private Sources sources;
    private boolean named;

    /**
     * @param sources as they are, or as earlier edits leave them
     * @param packet where the firewall has the last word, and the call's port is none of the packet's
     */
    Remedy(Plan host, Sources sources, Action action, Sockaddr address, Optional<Protocol> protocol, Optional<Packet> packet) {
        this.host = host;
        this.sources = sources;
        this.action = action;
        this.address = action != Action.CONNECT && address instanceof Sockaddr.Unspec unspec && unspec.asInet().isPresent()
                ? unspec.asInet().get() : address;
        this.protocol = protocol;
        this.packet = packet;
    }

    /**
     * Whether there is one.
     *
     * @param spoke the place that denied the call: a rule may name a unix socket by the name that it was bound to, which is not the destination's
     */
    boolean find(Origin spoke) {
        try {
            for (Rule rule : access(sources.policy()).deny()) {
                if (rule.origin().equals(spoke)) {
                    remove(rule);
                }
            }
            while (!isAllowed()) {
                int before = edits.size();
                step();
                if (edits.size() == before || before > MAX_STEPS) {
                    return false;
                }
            }
            return true;
        } catch (RefusedPolicyException e) {
            return false; // what would allow it cannot be held
        }
    }

    List<Edit> edits() {
        return List.copyOf(edits);
    }

    /** What the edits leave. */
    Sources sources() {
        return sources;
    }

    private boolean isAllowed() throws RefusedPolicyException {
        Plan plan = host.with(sources.policy());
        return !lacksFamily(plan) && !isDenied(plan);
    }

    private boolean isDenied(Plan plan) throws RefusedPolicyException {
        if (packet.isPresent()) {
            if (plan.policy().noOutbound().isPresent()) {
                return true;
            }
            Plan read = host.with(Policy.ofRules(packet.get().read(plan.policy().connect()), Access.OPEN, Access.OPEN));
            return new Judge(read).judge(action, address, protocol) instanceof Verdict.Deny;
        }
        return new Judge(plan).judge(action, address, protocol) instanceof Verdict.Deny;
    }

    private static boolean isUnix(Sockaddr address) {
        return address instanceof Sockaddr.UnixPath || address instanceof Sockaddr.UnixAbstract;
    }

    private static String name(Sockaddr address) {
        return address instanceof Sockaddr.UnixPath unix ? unix.path().toString() : ((Sockaddr.UnixAbstract) address).name().toString();
    }

    private static Optional<Family> family(Sockaddr address) {
        return isUnix(address) ? Optional.of(Family.UNIX)
                : address instanceof Sockaddr.Inet ? Optional.of(Family.INET)
                : address instanceof Sockaddr.Inet6 ? Optional.of(Family.INET6) : Optional.empty();
    }

    private boolean lacksFamily(Plan plan) {
        Optional<Family> family = family(address);
        return family.isPresent() && plan.allowedFamilies().isPresent() && !plan.allowedFamilies().get().contains(family.get());
    }

    private void step() throws RefusedPolicyException {
        Plan plan = host.with(sources.policy());
        Policy policy = plan.policy();
        if (lacksFamily(plan)) {
            Family family = family(address).orElseThrow();
            sources = sources.with(new Families(List.of(family), plan.familiesOrigin()));
            edits.add(family(sources, plan.familiesOrigin(), family));
        } else if (policy.noOutbound().isPresent() && action != Action.BIND) {
            Origin origin = policy.noOutbound().get();
            sources = sources.withoutNoOutbound();
            edits.add(new Edit(origin.line() == 0 ? Edit.Kind.LEAVE_OUT : Edit.Kind.CHANGE, "", Printable.escape(origin.toString())));
        } else if (!removeDenials(access(policy)) && !named) {
            named = true;
            name(access(policy));
        }
    }

    /** Lists of families add up, over files that include each other too. */
    static Edit family(Sources sources, Origin list, Family family) {
        boolean own = list.line() == 0 || sources.editable(list.source()).equals(list.source());
        return new Edit(Edit.Kind.ADD_FAMILY, own ? Printable.escape(list.toString()) : file(sources, list), family.toString());
    }

    /** The file to write into what is to be added to a list of that place. */
    static String file(Sources sources, Origin place) {
        String name = sources.editable(place.source());
        return name.equals("-") ? "standard input" : Printable.escape(name);
    }

    private Access access(Policy policy) {
        return isUnix(address) ? policy.unix() : action == Action.BIND ? policy.bind() : policy.connect();
    }

    /** Those rules that deny it, each by itself. */
    private boolean removeDenials(Access access) throws RefusedPolicyException {
        boolean found = false;
        for (Rule rule : access.deny()) {
            Access alone = new Access(Mode.ALLOW, Origin.DEFAULT, List.of(), List.of(rule));
            Policy policy = isUnix(address) ? Policy.ofRules(Access.OPEN, Access.OPEN, alone)
                    : action == Action.BIND ? Policy.ofRules(Access.OPEN, alone, Access.OPEN) : Policy.ofRules(alone, Access.OPEN, Access.OPEN);
            if (isDenied(host.with(policy))) {
                found = true;
                remove(rule);
            }
        }
        return found;
    }

    private void remove(Rule rule) {
        if (rule.unlessResolv()) {
            resolve(rule.origin());
            return;
        }
        sources = sources.without(rule);
        edits.add(new Edit(Edit.Kind.CHANGE, "", Printable.escape(rule.origin().toString())));
    }

    /** Sets what makes it void, and others of its kind. */
    private void resolve(Origin rule) {
        Optional<Setting<Boolean>> off = sources.resolv();
        Origin place = off.isPresent() ? off.get().origin() : rule;
        Edit edit;
        if (isOf(sources.given(), place)) {
            edit = new Edit(Edit.Kind.ADD_OPTIONS, "", "--" + RESOLV);
        } else {
            boolean included = !sources.editable(place.source()).equals(place.source()); // the including file is read later, and so counts
            edit = new Edit(Edit.Kind.SET, off.isPresent() && !included ? Printable.escape(place.toString()) : file(sources, place),
                    isOf(sources.configured(), place) ? RESOLV + "=yes" : "resolv: true");
        }
        if (!edits.contains(edit)) {
            edits.add(edit);
        }
        sources = sources.resolving(rule);
    }

    private static boolean isOf(Options options, Origin place) {
        return options.allowResolv().isPresent() && options.allowResolv().get().origin().equals(place);
    }

    /** Has a list name it: one of options if options deny the rest, else one of a file. */
    private void name(Access access) throws RefusedPolicyException {
        Origin origin = access.modeOrigin();
        if (origin.line() > 0) {
            nameInFile(origin);
        } else if (origin != Origin.DEFAULT && place().isPresent()) {
            Place place = place().get();
            if (action == Action.BIND) {
                giveOption(BIND, place.withPort());
                return;
            }
            if (packet.isPresent()) {
                giveOption(NETMASK, place.address().toString());
                return;
            }
            // Masks and ports must both fit; one of the two may do so already.
            if (!isAllowedBy(PORT, Integer.toString(place.port())) && !isAllowedBy(NETMASK, place.address().toString())) {
                giveOption(NETMASK, place.address().toString());
                giveOption(PORT, Integer.toString(place.port()));
            }
        }
    }

    private boolean isAllowedBy(String option, String value) throws RefusedPolicyException {
        Sources before = sources;
        int taken = edits.size();
        giveOption(option, value);
        if (isAllowed()) {
            return true;
        }
        sources = before;
        edits.subList(taken, edits.size()).clear();
        return false;
    }

    /** Where the others of its list are: a list on the command line replaces that of the INI files. One that is not given restricts nothing. */
    private void giveOption(String name, String value) {
        Origin last = Origin.DEFAULT;
        for (Setting<?> setting : list(name, sources.configured())) {
            last = setting.origin();
        }
        OptionReader reader = new OptionReader();
        reader.add(name, value, last);
        if (!list(name, sources.given()).isEmpty()) {
            sources = sources.giving(reader.options());
            edits.add(new Edit(Edit.Kind.ADD_OPTIONS, "", "--" + name + "=" + value));
        } else if (last != Origin.DEFAULT) {
            sources = sources.configuring(reader.options());
            edits.add(line(last, name, value));
        }
    }

    /** In an INI file. */
    static Edit line(Origin below, String name, String value) {
        return new Edit(Edit.Kind.ADD_LINE, Printable.escape(below.source()) + ":" + below.line(), name + "=" + value);
    }

    private static List<? extends Setting<?>> list(String name, Options options) {
        return switch (name) {
            case NETMASK -> options.netmasks();
            case PORT -> options.ports();
            case BIND -> options.binds();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** In the words of the YAML schema, see {@code policy.yaml}. */
    private void nameInFile(Origin file) {
        Optional<Match> match = Optional.empty();
        String list = "unix";
        String entry = "";
        if (isUnix(address) && name(address).indexOf('*') >= 0) {
            return; // it would be a pattern, and allow more than that
        }
        if (address instanceof Sockaddr.UnixPath unix && unix.path().toString().startsWith("/") && !unix.path().toString().startsWith(PROC)) {
            entry = unix.path().toString();
            match = Optional.of(new Match.UnixPath(entry));
        } else if (address instanceof Sockaddr.UnixAbstract unix && !unix.name().toString().startsWith("@")) {
            entry = "@" + unix.name();
            match = Optional.of(new Match.UnixAbstract(unix.name().toString()));
        } else if (place().isPresent()) {
            list = action == Action.BIND ? "bind" : "connect";
            entry = packet.isPresent() ? place().get().address().toString() : place().get().withPort();
            match = Optional.of(AddressWords.parseWithPorts(entry));
        }
        if (match.isPresent()) {
            sources = sources.allowing(new Rule(match.get(), Optional.empty(), file), action == Action.BIND);
            edits.add(new Edit(Edit.Kind.ADD_ENTRY, list + "/allow in " + file(sources, file), quoted(entry)));
        }
    }

    /** As a scalar of YAML. */
    static String quoted(String text) {
        boolean plain = !text.isEmpty() && "@[-:%".indexOf(text.charAt(0)) < 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            plain &= c > ' ' && c < 0x7f && "#,[]{}\"'&*!|>?`\\".indexOf(c) < 0;
        }
        return plain ? text : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private Optional<Place> place() {
        return Place.of(address, action);
    }

    /** An internet destination in the words of the options. */
    record Place(IpAddress address, int port) {
        private static final IpAddress LOOPBACK_V4 = IpAddress.parse("127.0.0.1");
        private static final IpAddress LOOPBACK_V6 = IpAddress.parse("::1");

        /** Whoever goes to no address in particular goes to loopback, and is judged so. */
        static Optional<Place> of(Sockaddr destination, Action action) {
            Optional<Place> place = of(destination);
            return place.isPresent() && place.get().address().isAny() && action != Action.BIND
                    ? Optional.of(new Place(place.get().address().isV4() ? LOOPBACK_V4 : LOOPBACK_V6, place.get().port()))
                    : place;
        }

        private static Optional<Place> of(Sockaddr destination) {
            if (destination instanceof Sockaddr.Inet inet) {
                return Optional.of(new Place(inet.address(), inet.port()));
            }
            if (destination instanceof Sockaddr.Inet6 inet6) {
                return Optional.of(new Place(inet6.address().canonical(), inet6.port()));
            }
            return Optional.empty();
        }

        String withPort() {
            return address.isV4() ? address + ":" + port : "[" + address + "]:" + port;
        }
    }
}
