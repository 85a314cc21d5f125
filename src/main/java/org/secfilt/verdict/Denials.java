package org.secfilt.verdict;

import org.secfilt.abi.Errno;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Rule;

/** Denials in words, for people who want to know which line to change. Made only when something is denied. */
final class Denials {
    /** What of a destination no allow rule named. */
    enum Missing {
        ADDRESS,
        PORT,
        PROTOCOL
    }

    /** The option names that {@link Access#modeOrigin} gives when secfilter's options chose the mode. */
    private static final String NETMASK = "allowed-netmask";
    private static final String PORT = "allowed-port";

    private Denials() {}

    static Verdict.Deny denied(Errno errno, Rule rule) {
        String reason = rule.reason().isPresent() ? " (" + rule.reason().get() + ")" : "";
        return new Verdict.Deny(errno, rule.origin() + " denies it" + reason, rule.origin());
    }

    static Verdict.Deny unnamed(Errno errno, Access access, Missing missing) {
        Origin origin = access.modeOrigin();
        if (origin.line() == 0 && origin != Origin.DEFAULT) {
            Origin place = origin.place(namesBoth(origin.source()) && missing != Missing.ADDRESS ? 1 : 0);
            String words = "not in " + option(origin.source(), missing);
            return place == origin ? new Verdict.Deny(errno, words, Origin.flag(origin.source())) // the other list may be of a file
                    : new Verdict.Deny(errno, words + " (" + place + ")", place);
        }
        boolean local = access.mode() == Mode.LOCAL;
        String part = switch (missing) {
            case ADDRESS -> "";
            case PORT -> " on this port";
            case PROTOCOL -> " with this protocol";
        };
        String words = (local ? "not loopback, and " : "") + "no rule allows it" + part;
        return new Verdict.Deny(errno, words + " (mode " + (local ? "local" : "deny") + ", " + origin + ")", origin);
    }

    /** Masks and ports may both restrict; then the one that the destination misses. */
    private static String option(String options, Missing missing) {
        if (namesBoth(options)) {
            return missing == Missing.ADDRESS ? NETMASK : PORT;
        }
        return options;
    }

    private static boolean namesBoth(String options) {
        return options.contains(NETMASK) && options.contains(PORT);
    }

    static Verdict.Deny noOutbound(Errno errno, Origin origin) {
        String place = origin.line() == 0 ? "--no-outbound-network" : "no outbound network, " + origin;
        return new Verdict.Deny(errno, place, origin);
    }

    static Verdict.Deny scope(Errno errno, Origin origin) {
        return new Verdict.Deny(errno, "its scope would tie the socket to an interface, past the rules for addresses (" + origin + ")", origin);
    }

    /** @param named whether the policy names the families that may be, rather than addresses */
    static Verdict.Deny socketFamily(Errno errno, String family, Origin origin, boolean named) {
        return named ? new Verdict.Deny(errno, origin + " has no family " + family, origin) : family(errno, family, origin);
    }

    static Verdict.Deny socketKind(Origin origin) {
        return new Verdict.Deny(Errno.EPERM,
                "only plain TCP and UDP sockets where addresses are restricted, and no firewall judges the packets of others (" + origin + ")",
                origin);
    }

    static Verdict.Deny unseen(Origin origin) {
        return new Verdict.Deny(Errno.EPERM, "the firewall does not see its packets, and addresses are restricted (" + origin + ")", origin);
    }

    static Verdict.Deny family(Errno errno, String family, Origin origin) {
        return new Verdict.Deny(errno, "no rule is for addresses of family " + family + " (" + origin + ")", origin);
    }
}
