package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Rule;

/** The internet rules of one direction: deny beats allow beats the mode. */
final class InetRules {
    private final Access access;
    private final Errno errno;
    private final InetList deny;
    private final InetList allow;

    InetRules(Access access, Errno errno) {
        this.access = access;
        this.errno = errno;
        this.deny = new InetList(access.deny());
        this.allow = new InetList(access.allow());
    }

    boolean open() {
        return access.open();
    }

    /** @param address canonical */
    Optional<Verdict.Deny> denial(IpAddress address, int port, Optional<Protocol> protocol) {
        Optional<Verdict.Deny> denied = denialByRule(address, port, protocol);
        if (denied.isPresent()) {
            return denied;
        }
        if (access.mode() == Mode.ALLOW || access.mode() == Mode.LOCAL && address.isLoopback()
                || allow.first(address, port, protocol, false).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(Denials.unnamed(errno, access, allow.missing(address, port)));
    }

    /** Deny rules alone. */
    Optional<Verdict.Deny> denialByRule(IpAddress address, int port, Optional<Protocol> protocol) {
        Optional<Rule> rule = deny.first(address, port, protocol, true);
        return rule.isPresent() ? Optional.of(Denials.denied(errno, rule.get())) : Optional.empty();
    }

    /** Whether an allow rule names the address, at whatever port. */
    boolean names(IpAddress address) {
        return allow.names(address);
    }
}
