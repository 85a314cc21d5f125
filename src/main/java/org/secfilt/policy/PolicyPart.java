package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;

/**
 * What one source says, a file or the options of a command line: the operand of {@link Policy#merge}.
 *
 * @param resolv whether the nameservers of /etc/resolv.conf may be reached on port 53, and this machine's resolvers by their unix sockets
 * @param file of a policy file
 */
public record PolicyPart(
        Optional<Setting<Boolean>> noOutbound,
        Optional<Setting<Boolean>> resolv,
        Optional<Setting<Errno>> denial,
        Optional<Setting<Inherit>> inherit,
        Optional<Setting<Firewall>> firewall,
        Optional<Setting<Integer>> violationExit,
        Optional<Families> families,
        Lists connect,
        Lists bind,
        Lists unix,
        Surroundings surroundings,
        FileAccess.Part files,
        ProfileTerms profile,
        Optional<PolicyFile> file) {
    /** Says nothing. */
    public static final PolicyPart EMPTY = new PolicyPart(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
            Optional.empty(), Lists.EMPTY, Lists.EMPTY, Lists.EMPTY, Surroundings.EMPTY, FileAccess.Part.EMPTY,
            ProfileTerms.EMPTY, Optional.empty());

    /** With these lists in place of its own. */
    PolicyPart with(Lists connects, Lists binds, Lists sockets) {
        return new PolicyPart(noOutbound, resolv, denial, inherit, firewall, violationExit, families, connects, binds, sockets, surroundings,
                files, profile, file);
    }

    public PolicyPart with(PolicyFile from) {
        return new PolicyPart(noOutbound, resolv, denial, inherit, firewall, violationExit, families, connect, bind, unix, surroundings,
                files, profile, Optional.of(from));
    }

    PolicyPart with(Families other) {
        return new PolicyPart(noOutbound, resolv, denial, inherit, firewall, violationExit, Optional.of(other), connect, bind, unix,
                surroundings, files, profile, file);
    }

    PolicyPart withoutNoOutbound() {
        return new PolicyPart(Optional.empty(), resolv, denial, inherit, firewall, violationExit, families, connect, bind, unix,
                surroundings, files, profile, file);
    }

    /**
     * What one source says of one direction.
     *
     * @param listed where an allow list was begun, be it empty; such a list denies the rest unless some source sets a mode
     * @param restricted by what the rest is denied even if a source sets mode allow: an option that restricts is never
     *     without effect
     */
    public record Lists(
            Optional<Setting<Mode>> mode,
            Optional<Origin> listed,
            Optional<Origin> restricted,
            List<Rule> allow,
            List<Rule> deny) {
        public static final Lists EMPTY =
                new Lists(Optional.empty(), Optional.empty(), Optional.empty(), List.of(), List.of());

        public Lists {
            allow = List.copyOf(allow);
            deny = List.copyOf(deny);
        }

        /** Without the rules that are void where resolv holds. */
        Lists resolving() {
            List<Rule> allowing = new ArrayList<>(allow);
            List<Rule> denying = new ArrayList<>(deny);
            Merge.dropUnlessResolv(allowing);
            Merge.dropUnlessResolv(denying);
            return new Lists(mode, listed, restricted, allowing, denying);
        }

        Lists without(Rule denying) {
            List<Rule> fewer = new ArrayList<>();
            for (Rule rule : deny) {
                if (rule != denying) { // a file that is included twice brings the same
                    fewer.add(rule);
                }
            }
            return new Lists(mode, listed, restricted, allow, fewer);
        }

        /** Rules of an option, which deny what none of them names. */
        static Lists restricting(Origin by, List<Rule> allow) {
            return new Lists(Optional.empty(), Optional.empty(), Optional.of(by), allow, List.of());
        }
    }
}
