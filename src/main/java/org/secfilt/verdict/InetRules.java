package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;

/** The internet rules of one direction: deny beats allow beats the mode. */
final class InetRules {
    private final Access access;
    private final Errno errno;
    private final InetRule[] deny;
    private final InetRule[] allow;

    InetRules(Access access, Errno errno) {
        this.access = access;
        this.errno = errno;
        this.deny = InetRule.of(access.deny());
        this.allow = InetRule.of(access.allow());
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
        if (access.mode() == Mode.ALLOW || access.mode() == Mode.LOCAL && address.isLoopback()) {
            return Optional.empty();
        }
        for (InetRule rule : allow) {
            if (rule.matches(address, port, protocol, false)) {
                return Optional.empty();
            }
        }
        return Optional.of(unnamed(address, port));
    }

    /** Deny rules alone. */
    Optional<Verdict.Deny> denialByRule(IpAddress address, int port, Optional<Protocol> protocol) {
        for (InetRule rule : deny) {
            if (rule.matches(address, port, protocol, true)) {
                return Optional.of(Denials.denied(errno, rule.rule));
            }
        }
        return Optional.empty();
    }

    /** Whether an allow rule names the address, at whatever port. */
    boolean names(IpAddress address) {
        for (InetRule rule : allow) {
            if (rule.namesAddresses() && rule.hasAddress(address)) {
                return true;
            }
        }
        return false;
    }

    private Verdict.Deny unnamed(IpAddress address, int port) {
        boolean addressNamed = false;
        for (InetRule rule : allow) {
            if (rule.hasAddress(address)) {
                addressNamed = true;
                if (rule.hasPort(port)) {
                    return Denials.unnamed(errno, access, Denials.Missing.PROTOCOL);
                }
            }
        }
        return Denials.unnamed(errno, access, addressNamed ? Denials.Missing.PORT : Denials.Missing.ADDRESS);
    }
}
