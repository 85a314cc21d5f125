package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;

/**
 * secfilter's options as given, on a command line or in an INI file. {@link OptionReader} makes them.
 *
 * @param profile the name as it was given, which may be none
 */
public record Options(
        List<Setting<Cidr>> netmasks,
        List<Setting<PortRange>> ports,
        List<Setting<Match.Inet>> binds,
        Optional<Setting<Boolean>> allowResolv,
        Optional<Setting<Boolean>> noOutboundNetwork,
        Optional<Setting<Boolean>> mainstreamFamilies,
        Optional<Setting<Errno>> errno,
        Optional<Setting<Inherit>> inherit,
        Optional<Setting<Firewall>> firewall,
        Optional<Setting<Integer>> violationExit,
        Optional<Setting<Boolean>> readOnly,
        List<FileAccess.Writable> writable,
        Surroundings surroundings,
        Optional<Setting<String>> profile,
        Optional<Setting<String>> log,
        Optional<Setting<Boolean>> verbose,
        Optional<Setting<Boolean>> quiet) {
    private static final List<Family> MAINSTREAM = List.of(Family.UNIX, Family.INET, Family.INET6, Family.NETLINK);
    private static final PortRange DNS = PortRange.of(53);

    /** None is given. */
    public static final Options NONE = new OptionReader().options();

    public Options {
        netmasks = List.copyOf(netmasks);
        ports = List.copyOf(ports);
        binds = List.copyOf(binds);
        writable = List.copyOf(writable);
    }

    /**
     * These, the command line's, over those of its INI files: an option given here replaces the files' of that name. Writable files
     * given here imply read-only, be it switched off in the files.
     */
    public Options over(Options files) {
        return new Options(
                netmasks.isEmpty() ? files.netmasks : netmasks,
                ports.isEmpty() ? files.ports : ports,
                binds.isEmpty() ? files.binds : binds,
                first(allowResolv, files.allowResolv),
                first(noOutboundNetwork, files.noOutboundNetwork),
                first(mainstreamFamilies, files.mainstreamFamilies),
                first(errno, files.errno),
                first(inherit, files.inherit),
                first(firewall, files.firewall),
                first(violationExit, files.violationExit),
                first(readOnly, writable.isEmpty() || isOn(files.readOnly) ? files.readOnly : Optional.empty()),
                writable.isEmpty() ? files.writable : writable,
                surroundings.over(files.surroundings),
                first(profile, files.profile),
                first(log, files.log),
                first(verbose, files.verbose),
                first(quiet, files.quiet));
    }

    /** These and lists of others besides. */
    Options and(Options more) {
        return new Options(both(netmasks, more.netmasks), both(ports, more.ports), both(binds, more.binds), allowResolv, noOutboundNetwork,
                mainstreamFamilies, errno, inherit, firewall, violationExit, readOnly, both(writable, more.writable), surroundings, profile,
                log, verbose, quiet);
    }

    Options withoutNoOutbound() {
        return new Options(netmasks, ports, binds, allowResolv, Optional.empty(), mainstreamFamilies, errno, inherit, firewall, violationExit,
                readOnly, writable, surroundings, profile, log, verbose, quiet);
    }

    private static <T> List<T> both(List<T> some, List<T> others) {
        List<T> all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    private static <T> Optional<T> first(Optional<T> mine, Optional<T> theirs) {
        return mine.isPresent() ? mine : theirs;
    }

    /** Whether {@link #part} looks at the nameservers. */
    public boolean wantsNameservers() {
        return isOn(allowResolv);
    }

    /**
     * What these options say of the policy. All masks and all ports make one rule, an address in any mask and at any port;
     * no masks, or no ports, do not restrict. With allow-resolv the nameservers join the masks, if there are masks, and port
     * 53 the ports, if there are ports; if there is neither, it only adds a rule, and restricts nothing.
     *
     * <p>The rule's origin is all the options' words, as a flag's origin even when they come from an INI file; see
     * {@link Access#modeOrigin} for what a denial names.
     */
    public PolicyPart part(List<IpAddress> nameservers) {
        boolean restricts = !netmasks.isEmpty() || !ports.isEmpty();
        return new PolicyPart(
                noOutboundNetwork,
                allowResolv,
                errno,
                inherit,
                firewall,
                violationExit,
                isOn(mainstreamFamilies)
                        ? Optional.of(new Families(MAINSTREAM, mainstreamFamilies.get().origin()))
                        : Optional.empty(),
                restricts ? connectLists(nameservers) : PolicyPart.Lists.EMPTY,
                binds.isEmpty() ? PolicyPart.Lists.EMPTY : bindLists(),
                PolicyPart.Lists.EMPTY,
                surroundings,
                files(),
                ProfileTerms.EMPTY,
                Optional.empty());
    }

    private FileAccess.Part files() {
        return new FileAccess.Part(
                readOnly, writable.isEmpty() ? Optional.empty() : Optional.of(Origin.flag(OptionReader.ALLOW_WRITE)), writable);
    }

    private PolicyPart.Lists connectLists(List<IpAddress> nameservers) {
        List<Cidr> networks = values(netmasks);
        List<PortRange> ranges = values(ports);
        StringBuilder words = new StringBuilder();
        addWords(words, netmasks);
        addWords(words, ports);
        if (isOn(allowResolv)) {
            addWord(words, allowResolv.get().origin());
            if (!networks.isEmpty()) {
                networks.addAll(Merge.blocks(nameservers));
            }
            if (!ranges.isEmpty()) {
                ranges.add(DNS);
            }
        }
        String names = ports.isEmpty() ? OptionReader.ALLOWED_NETMASK
                : netmasks.isEmpty() ? OptionReader.ALLOWED_PORT
                : OptionReader.ALLOWED_NETMASK + ", " + OptionReader.ALLOWED_PORT;
        Match.Inet match = new Match.Inet(networks, ranges, Optional.empty());
        Rule rule = new Rule(match, Optional.empty(), Origin.flag(words.toString()));
        List<Origin> places = new ArrayList<>();
        addFirst(places, netmasks);
        addFirst(places, ports);
        return PolicyPart.Lists.restricting(Origin.options(names, places), List.of(rule));
    }

    private static <T> void addFirst(List<Origin> places, List<Setting<T>> settings) {
        if (!settings.isEmpty()) {
            places.add(settings.get(0).origin());
        }
    }

    private PolicyPart.Lists bindLists() {
        List<Rule> rules = new ArrayList<>();
        for (Setting<Match.Inet> bind : binds) {
            rules.add(new Rule(bind.value(), Optional.empty(), bind.origin()));
        }
        return PolicyPart.Lists.restricting(Origin.options(OptionReader.ALLOWED_BIND, List.of(binds.get(0).origin())), rules);
    }

    private static boolean isOn(Optional<Setting<Boolean>> option) {
        return option.isPresent() && option.get().value();
    }

    private static <T> List<T> values(List<Setting<T>> settings) {
        List<T> values = new ArrayList<>();
        for (Setting<T> setting : settings) {
            values.add(setting.value());
        }
        return values;
    }

    private static <T> void addWords(StringBuilder words, List<Setting<T>> settings) {
        Origin before = Origin.DEFAULT;
        for (Setting<T> setting : settings) {
            if (setting.origin() != before) { // else one word made several: loopback is two networks. (A record's equals would cost 10 ms.)
                addWord(words, setting.origin());
            }
            before = setting.origin();
        }
    }

    private static void addWord(StringBuilder words, Origin origin) {
        words.append(words.length() == 0 ? "" : " ").append(origin);
    }
}
