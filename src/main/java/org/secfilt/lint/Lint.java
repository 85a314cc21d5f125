package org.secfilt.lint;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.AddressWords;
import org.secfilt.policy.Families;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Net;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;

/** Looks for what is odd in the rules of a policy. */
public final class Lint {
    private static final List<Cidr> NOBODY = List.of(Cidr.of(IpAddress.parse("0.0.0.0")), Cidr.of(IpAddress.parse("::")));

    /** The links of this host's file system. */
    public interface Links {
        /** The absolute path without links, as far as it is there. */
        String canonical(String path);
    }

    private final Policy policy;
    private final Names names;
    private final Links links;
    /** If they are what is looked at. */
    private final Optional<Options> options;
    private final List<Warning> warnings = new ArrayList<>();

    private Lint(Policy policy, Plan here, Links links, Optional<Options> options) {
        this.options = options;
        this.policy = policy;
        this.names = new Names(here);
        this.links = links;
    }

    /**
     * What is odd about a policy file, be it that this host cannot hold what it says.
     *
     * @param here any that this host can hold
     * @param file the place that stands for all of it
     * @param resolv where the nameservers were allowed: what its rules are for differs from host to host
     */
    public static List<Warning> ofPolicy(Policy policy, Plan here, Origin file, Optional<Origin> resolv, Links links) {
        Lint lint = new Lint(policy, here, links, Optional.empty());
        lint.nothing(file);
        lint.direction("connect", lint.policy.connect(), resolv);
        lint.direction("bind", lint.policy.bind(), resolv);
        lint.direction("unix", lint.policy.unix(), resolv);
        lint.families();
        lint.warnings.addAll(new FileGrants(lint.policy, links).warnings());
        return List.copyOf(lint.warnings);
    }

    /**
     * The same of the options of an INI file, whose masks and ports make one rule.
     *
     * @param policy that they make
     */
    public static List<Warning> ofOptions(Options options, Policy policy, Plan here, Origin file, Links links) {
        Lint lint = new Lint(policy, here, links, Optional.of(options));
        if (options.profile().isEmpty()) {
            lint.nothing(file);
        }
        List<Rule> masks = new ArrayList<>();
        for (Setting<Cidr> mask : options.netmasks()) {
            masks.add(new Rule(new Match.Inet(List.of(mask.value()), List.of(), Optional.empty()), Optional.empty(), mask.origin()));
        }
        List<Rule> ports = new ArrayList<>();
        for (Setting<PortRange> port : options.ports()) {
            ports.add(new Rule(new Match.Inet(List.of(), List.of(port.value()), Optional.empty()), Optional.empty(), port.origin()));
        }
        lint.list("connect", masks);
        lint.list("connect", ports);
        List<Rule> binds = new ArrayList<>();
        for (Rule rule : lint.policy.bind().allow()) {
            if (options.allowResolv().isEmpty() || !options.allowResolv().get().origin().equals(rule.origin())) {
                binds.add(rule);
            }
        }
        lint.list("bind", binds);
        lint.warnings.addAll(new FileGrants(lint.policy, links).warnings());
        return List.copyOf(lint.warnings);
    }

    private void list(String direction, List<Rule> allow) {
        direction(direction, new Access(Mode.DENY, Origin.DEFAULT, allow, List.of()), Optional.empty());
    }

    private void warn(Origin origin, String message) {
        warnings.add(new Warning(origin, message));
    }

    private void nothing(Origin file) {
        Surroundings own = policy.surroundings();
        boolean restricts = policy.restrictsAddresses() || policy.restrictsFiles() || policy.families().isPresent();
        if (!restricts && !own.ownsNetwork() && !own.ownsMounts() && own.user().isEmpty()) {
            warn(file, "this restricts nothing: a command runs as without secfilt");
        }
    }

    private void families() {
        if (policy.families().isPresent() && policy.families().get().allowed().isEmpty()) {
            warn(policy.families().get().origin(), "the list of families is empty: no socket can be made at all");
        }
    }

    private void direction(String direction, Access access, Optional<Origin> resolv) {
        boolean goesOut = !direction.equals("bind");
        if (goesOut && policy.noOutbound().isPresent()) {
            first(access.allow(), resolv, "no rule of " + direction + "/allow has an effect: no-outbound-network ("
                    + place(policy.noOutbound().get()) + ") beats every list");
            return;
        }
        if (access.mode() == Mode.ALLOW) {
            first(access.allow(), resolv, "no rule of " + direction + "/allow has an effect: the mode is allow ("
                    + place(access.modeOrigin()) + "), which allows all that no rule denies");
        } else {
            List<Rule> written = new ArrayList<>();
            for (Rule rule : access.allow()) {
                if (!resolv.equals(Optional.of(rule.origin()))) {
                    written.add(rule);
                }
            }
            allowed(direction, access, written);
        }
        boolean silent = true;
        for (Rule rule : access.deny()) {
            silent &= rule.reason().isEmpty(); // else they tell it
        }
        if (access.mode() == Mode.DENY && access.allow().isEmpty() && silent) {
            first(access.deny(), Optional.empty(), "no rule of " + direction + "/deny has an effect: the mode is deny ("
                    + place(access.modeOrigin()) + "), and no rule allows anything");
            return;
        }
        denied(direction, access.deny());
    }

    /** Of the rules that the user wrote, the first. */
    private void first(List<Rule> rules, Optional<Origin> resolv, String message) {
        for (Rule rule : rules) {
            if (!resolv.equals(Optional.of(rule.origin()))) {
                warn(rule.origin(), message);
                return;
            }
        }
    }

    private void allowed(String direction, Access access, List<Rule> allow) {
        Neighbours neighbours = new Neighbours(names, allow);
        Neighbours denied = new Neighbours(names, access.deny());
        Covers covers = new Covers(allow, neighbours, rule -> false);
        for (int i = 0; i < allow.size(); i++) {
            Rule rule = allow.get(i);
            List<Rule> shadow = denied.covering(rule);
            if (!shadow.isEmpty()) {
                warn(rule.origin(), "this allows nothing: " + words(shadow, "denies", "deny") + " all of it");
                continue;
            }
            if (covers.isSpare(i)) {
                warn(rule.origin(), "this adds nothing: " + words(covers.of(i), "allows", "allow") + " all of it"
                        + (covers.isLate(i) ? " already" : ""));
                continue;
            }
            if (access.mode() == Mode.LOCAL && rule.match() instanceof Match.Inet inet
                    && Extent.covers(new Match.Inet(AddressWords.LOOPBACK, List.of(), Optional.empty()), inet)) {
                warn(rule.origin(), "this adds nothing: the mode is local (" + place(access.modeOrigin()) + "), which allows loopback");
                continue;
            }
            rule.match().accept(new Breadth(rule, direction, neighbours, "allows"));
            together(direction, allow, neighbours, i, "allows");
        }
    }

    /** A rule with a reason that a later, broader one has not is there to give its reason. */
    private void denied(String direction, List<Rule> deny) {
        Neighbours neighbours = new Neighbours(names, deny);
        Covers covers = new Covers(deny, neighbours, rule -> rule.reason().isPresent());
        for (int i = 0; i < deny.size(); i++) {
            if (covers.isSpare(i)) {
                warn(deny.get(i).origin(), "this adds nothing: " + words(covers.of(i), "denies", "deny") + " all of it"
                        + (covers.isLate(i) ? " already" : ""));
                continue;
            }
            deny.get(i).match().accept(new Breadth(deny.get(i), direction, neighbours, "denies"));
            together(direction, deny, neighbours, i, "denies");
        }
    }

    private static String words(List<Rule> rules, String one, String several) {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < rules.size(); i++) {
            words.append(i == 0 ? "" : i == rules.size() - 1 ? " and " : ", ").append(place(rules.get(i).origin()));
        }
        return words.append(rules.size() == 1 ? " " + one : " together " + several).toString();
    }

    /** Of rules that leave nothing out only together, the last is told. */
    private void together(String direction, List<Rule> rules, Neighbours neighbours, int last, String does) {
        if (!(rules.get(last).match() instanceof Match.Inet match)) {
            return;
        }
        List<PortRange> all = List.of(new PortRange(direction.equals("bind") ? 0 : 1, PortRange.MAX_PORT));
        Optional<String> others = match.ports().isEmpty() ? Optional.empty()
                : completing(rules, neighbours, last, new Match.Inet(match.networks(), all, match.protocol()));
        if (others.isPresent()) {
            warn(rules.get(last).origin(), "with " + others.get() + " " + allPorts(match, direction, does));
        }
        for (Cidr every : match.networks().isEmpty() ? List.<Cidr>of() : List.of(Extent.ALL_V4, Extent.ALL_V6)) {
            others = completing(rules, neighbours, last, new Match.Inet(List.of(every), match.ports(), match.protocol()));
            if (others.isPresent()) {
                boolean bare = match.ports().isEmpty() && match.protocol().isEmpty();
                warn(rules.get(last).origin(), "with " + others.get() + " this " + does + " every " + (every == Extent.ALL_V4 ? "IPv4" : "IPv6")
                        + " address, " + every + (bare ? "" : ", as far as port and protocol fit"));
            }
        }
    }

    /** A rule of nothing but ports cannot do without them. */
    private String allPorts(Match.Inet match, String direction, String does) {
        boolean addressed = !match.networks().isEmpty() || options.isPresent() && !options.get().netmasks().isEmpty();
        if (addressed || match.protocol().isPresent()) {
            return "these are all ports; leave them out";
        }
        String all = "these are all ports of every address, so that this " + does + " every "
                + (direction.equals("bind") ? "bind; " : "destination; ");
        return all + (options.isPresent() ? "leave it out, or write allowed-netmask=NETWORK"
                : "write mode: " + (does.equals("allows") ? "allow" : "deny") + " for that, or {address: NETWORK}") + " for all ports of one network";
    }

    /** The earlier rules that with the last cover all of it, if neither does so without the other. */
    private Optional<String> completing(List<Rule> rules, Neighbours neighbours, int last, Match.Inet whole) {
        Rule asked = new Rule(whole, Optional.empty(), Origin.DEFAULT);
        List<Rule> found = neighbours.covering(asked, last + 1);
        if (found.size() < 2 || !found.contains(rules.get(last))) {
            return Optional.empty();
        }
        StringBuilder words = new StringBuilder();
        for (Rule rule : found) {
            if (rule != rules.get(last)) {
                words.append(words.length() == 0 ? "" : ", ").append(place(rule.origin()));
            }
        }
        return Optional.of(words.toString());
    }

    private static String place(Origin origin) {
        return Printable.escape(origin.toString());
    }

    /** What is odd about one rule by itself. */
    private final class Breadth implements Match.Visitor<Void> {
        private final Rule rule;
        private final String direction;
        private final Neighbours list;
        private final String does;

        Breadth(Rule rule, String direction, Neighbours list, String does) {
            this.rule = rule;
            this.direction = direction;
            this.list = list;
            this.does = does;
        }

        @Override
        public Void inet(Match.Inet match) {
            BitSet ports = Extent.ports(match.ports());
            if (!match.ports().isEmpty() && ports.nextClearBit(direction.equals("bind") ? 0 : 1) > PortRange.MAX_PORT) {
                warn(rule.origin(), allPorts(match, direction, does));
            }
            if (direction.equals("connect") && ports.cardinality() == 1 && ports.get(0)) {
                warn(rule.origin(), "nothing can be reached at port 0");
            }
            if (direction.equals("connect") && !match.networks().isEmpty() && NOBODY.containsAll(match.networks())) {
                warn(rule.origin(), "this matches nothing: who connects there reaches this host by loopback; write "
                        + (match.networks().get(0).base().isV4() ? "127.0.0.1, or 0.0.0.0/0 for all" : "::1, or ::/0 for all"));
            }
            if (direction.equals("connect") && does.equals("allows") && isOutside(match)) {
                warn(rule.origin(), "this has no effect: nothing but loopback can be reached from a network of the command's own (net none, "
                        + place(policy.surroundings().net().orElseThrow().origin()) + ")");
            }
            boolean v4 = Extent.covers(match.networks(), Extent.ALL_V4);
            boolean v6 = Extent.covers(match.networks(), Extent.ALL_V6);
            boolean bare = match.ports().isEmpty() && match.protocol().isEmpty();
            // A rule without addresses is the way to write one for a port.
            if (!match.networks().isEmpty() && (v4 || v6) || match.networks().isEmpty() && match.ports().isEmpty()) {
                warn(rule.origin(), "this " + does + " every " + (v4 && v6 ? "" : v4 ? "IPv4 " : "IPv6 ") + "address"
                        + (v4 && v6 ? "" : v4 ? ", 0.0.0.0/0" : ", ::/0") + (bare ? "" : ", as far as port and protocol fit"));
            }
            family(match);
            return null;
        }

        /** Of loopback it has nothing, and the command's network has nothing else. */
        private boolean isOutside(Match.Inet match) {
            for (Cidr network : match.networks()) {
                for (Cidr loopback : AddressWords.LOOPBACK) {
                    if (network.contains(loopback.base()) || loopback.contains(network.base())) {
                        return false;
                    }
                }
            }
            return policy.surroundings().network() == Net.NONE && !match.networks().isEmpty();
        }

        /** IPv4 addresses can be written as mapped IPv6 addresses too. */
        private void family(Match.Inet match) {
            if (policy.families().isEmpty()) {
                return;
            }
            Families families = policy.families().get();
            boolean inet6 = families.allowed().contains(Family.INET6);
            boolean inet = inet6 || families.allowed().contains(Family.INET);
            boolean reachable = match.networks().isEmpty() && inet;
            for (Cidr network : match.networks()) {
                reachable |= network.base().isV4() ? inet : inet6;
            }
            if (!reachable) {
                warn(rule.origin(), "this has no effect: the families (" + place(families.origin()) + ") have no socket for it");
            }
        }

        @Override
        public Void unixPath(Match.UnixPath match) {
            String pattern = match.pattern();
            String followed = Names.followed(pattern, links);
            if (pattern.equals("/**")) {
                warn(rule.origin(), "this " + does + " every path");
            } else if (Names.isLiteral(pattern) && Names.length(pattern) >= Sockaddr.PATH_MAX) {
                warn(rule.origin(), "this matches nothing: a path has 4095 bytes at most");
            } else if (!followed.equals(pattern) && list.covering(followedRule(followed)).isEmpty()) {
                warn(rule.origin(), "this matches nothing here: links are followed before a path is compared; write "
                        + Printable.escape(followed));
            }
            unixFamily();
            return null;
        }

        private Rule followedRule(String followed) {
            return new Rule(new Match.UnixPath(followed), Optional.empty(), rule.origin());
        }

        @Override
        public Void unixAbstract(Match.UnixAbstract match) {
            if (match.pattern().equals("*")) {
                warn(rule.origin(), "this " + does + " every abstract name");
            } else if (Names.isLiteral(match.pattern()) && Names.length(match.pattern()) >= Sockaddr.UNIX_PATH_LENGTH) {
                warn(rule.origin(), "this matches nothing: the name of a socket has 107 bytes at most");
            }
            unixFamily();
            return null;
        }

        private void unixFamily() {
            if (policy.families().isPresent() && !policy.families().get().allowed().contains(Family.UNIX)) {
                warn(rule.origin(), "this has no effect: the families (" + place(policy.families().get().origin())
                        + ") have no unix sockets");
            }
        }
    }
}
