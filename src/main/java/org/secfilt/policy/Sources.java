package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.IpAddress;

/**
 * What a policy is merged from, kept to ask what another would be: of one with a line more, or one less.
 *
 * @param files what the YAML files say, in the order in which they count
 * @param given the options of the command line
 * @param configured those of INI files, which an option of that name that is given replaces
 * @param nameservers of /etc/resolv.conf, looked at only if something said wants them
 */
public record Sources(List<PolicyPart> files, Options given, Options configured, List<IpAddress> nameservers) {
    public Sources {
        files = List.copyOf(files);
        nameservers = List.copyOf(nameservers);
    }

    public Policy policy() {
        Merge merge = new Merge();
        for (PolicyPart part : files) {
            merge.add(part);
        }
        merge.add(given.over(configured).part(nameservers));
        return merge.policy(this);
    }

    /** Where the user writes what is to be added to a list of that file: there, or in the file named by the user that includes it. */
    public String editable(String file) {
        String found = file;
        for (PolicyPart part : files) {
            if (part.file().isPresent() && part.file().get().name().equals(file)) {
                found = part.file().get().given();
                if (found.equals(file)) {
                    break;
                }
            }
        }
        return found;
    }

    /** With one rule more that allows, as of a list of a file. */
    public Sources allowing(Rule rule, boolean binds) {
        PolicyPart.Lists list = new PolicyPart.Lists(Optional.empty(), Optional.empty(), Optional.empty(), List.of(rule), List.of());
        boolean inet = rule.match() instanceof Match.Inet;
        return with(PolicyPart.EMPTY.with(inet && !binds ? list : PolicyPart.Lists.EMPTY, inet && binds ? list : PolicyPart.Lists.EMPTY,
                inet ? PolicyPart.Lists.EMPTY : list));
    }

    /** With these families besides. */
    public Sources with(Families families) {
        return with(PolicyPart.EMPTY.with(families));
    }

    private Sources with(PolicyPart part) {
        List<PolicyPart> more = new ArrayList<>(files);
        more.add(part);
        return new Sources(more, given, configured, nameservers);
    }

    /** With these options besides. */
    public Sources giving(Options more) {
        return new Sources(files, given.and(more), configured, nameservers);
    }

    /** With these in an INI file besides. */
    public Sources configuring(Options more) {
        return new Sources(files, given, configured.and(more), nameservers);
    }

    /** Without a rule that denies. */
    public Sources without(Rule rule) {
        List<PolicyPart> fewer = new ArrayList<>();
        for (PolicyPart part : files) {
            fewer.add(part.with(part.connect().without(rule), part.bind().without(rule), part.unix().without(rule)));
        }
        return new Sources(fewer, given, configured, nameservers);
    }

    /** Whether resolv holds, as the one says that counts; empty if none says anything. */
    public Optional<Setting<Boolean>> resolv() {
        Optional<Setting<Boolean>> last = Optional.empty();
        for (PolicyPart part : files) {
            last = part.resolv().isPresent() ? part.resolv() : last;
        }
        Optional<Setting<Boolean>> option = given.over(configured).part(nameservers).resolv();
        return option.isPresent() ? option : last;
    }

    /** With unix sockets as they are where resolv holds: nameservers of a run that did not ask for them are not known. */
    public Sources resolving(Origin origin) {
        List<PolicyPart> parts = new ArrayList<>();
        for (PolicyPart part : files) {
            parts.add(part.with(part.connect(), part.bind(), part.unix().resolving()));
        }
        PolicyPart.Lists sockets = new PolicyPart.Lists(
                Optional.empty(), Optional.empty(), Optional.empty(), Resolvers.sockets(origin), List.of());
        return new Sources(parts, given, configured, nameservers)
                .with(PolicyPart.EMPTY.with(PolicyPart.Lists.EMPTY, PolicyPart.Lists.EMPTY, sockets));
    }

    /** Without the no-outbound-network that counts, the last one. */
    public Sources withoutNoOutbound() {
        if (given.noOutboundNetwork().isPresent()) {
            return new Sources(files, given.withoutNoOutbound(), configured, nameservers);
        }
        if (configured.noOutboundNetwork().isPresent()) {
            return new Sources(files, given, configured.withoutNoOutbound(), nameservers);
        }
        List<PolicyPart> parts = new ArrayList<>(files);
        for (int i = parts.size() - 1; i >= 0; i--) {
            if (parts.get(i).noOutbound().isPresent()) {
                parts.set(i, parts.get(i).withoutNoOutbound());
                break;
            }
        }
        return new Sources(parts, given, configured, nameservers);
    }
}
