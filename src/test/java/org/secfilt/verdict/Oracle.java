package org.secfilt.verdict;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/**
 * The judge again, slowly and otherwise: all addresses are numbers of 128 bits, IPv4 ones in their mapped form; patterns are
 * regular expressions. It answers "allow", "allow as ADDRESS", "deny" or "answer".
 */
final class Oracle {
    private static final BigInteger MAPPED = BigInteger.valueOf(0xffff).shiftLeft(32);

    private Oracle() {}

    static String judge(Policy policy, Action action, Sockaddr address, Optional<Protocol> protocol) {
        if (address instanceof Sockaddr.Malformed) {
            return "answer";
        }
        if (address instanceof Sockaddr.Unspec) {
            if (action == Action.CONNECT) {
                return "allow";
            }
            Optional<Sockaddr.Inet> inet = ((Sockaddr.Unspec) address).asInet();
            return inet.isPresent() ? judge(policy, action, inet.get(), protocol) : "answer";
        }
        if (action == Action.BIND) {
            if (address instanceof Sockaddr.Other) {
                return restrictsInet(policy) ? "deny" : "allow";
            }
            if (!isInternet(address)) {
                return "allow";
            }
            if (policy.noOutbound().isEmpty() && policy.connect().mode() != Mode.ALLOW && tiesToInterface(address)) {
                return "deny";
            }
            boolean everywhere = number(address).signum() == 0;
            Access noModes = new Access(Mode.ALLOW, policy.bind().modeOrigin(), List.of(), policy.bind().deny());
            return allows(policy.bind(), number(address), port(address), protocol)
                    && (!everywhere || allows(noModes, MAPPED, port(address), protocol)) ? "allow" : "deny";
        }
        if (address instanceof Sockaddr.UnixUnnamed) {
            return "answer";
        }
        if (policy.noOutbound().isPresent()) {
            return "deny";
        }
        if (address instanceof Sockaddr.Netlink) {
            return "allow";
        }
        if (address instanceof Sockaddr.Other) {
            return restrictsInet(policy) ? "deny" : "allow";
        }
        if (address instanceof Sockaddr.UnixPath path) {
            return allowsUnix(policy.unix(), path.path(), true) ? "allow" : "deny";
        }
        if (address instanceof Sockaddr.UnixAbstract name) {
            return allowsUnix(policy.unix(), name.name(), false) ? "allow" : "deny";
        }
        if (policy.connect().open()) {
            return "allow";
        }
        BigInteger to = number(address);
        String as = "";
        if (to.equals(MAPPED)) {
            to = number(new Sockaddr.Inet(IpAddress.parse("127.0.0.1"), 1));
            as = address instanceof Sockaddr.Inet ? "127.0.0.1:" + port(address) : "[::ffff:127.0.0.1" + scope(address) + "]:" + port(address);
        } else if (to.signum() == 0) {
            to = BigInteger.ONE;
            as = "[::1" + scope(address) + "]:" + port(address);
        }
        if (!allows(policy.connect(), to, port(address), protocol)) {
            return "deny";
        }
        return as.isEmpty() ? "allow" : "allow as " + as;
    }

    private static String scope(Sockaddr address) {
        int scope = ((Sockaddr.Inet6) address).scopeId();
        return scope == 0 ? "" : "%" + scope;
    }

    private static boolean tiesToInterface(Sockaddr address) {
        if (!(address instanceof Sockaddr.Inet6 inet6) || inet6.scopeId() < 2) {
            return false;
        }
        BigInteger number = number(address);
        int group = number.shiftRight(112).intValue() & 0xff0f;
        return number.shiftRight(118).intValue() == 0xfe80 >> 6 || group == 0xff01 || group == 0xff02;
    }

    private static boolean restrictsInet(Policy policy) {
        return policy.noOutbound().isPresent() || !policy.connect().open() || !policy.bind().open();
    }

    private static boolean isInternet(Sockaddr address) {
        return address instanceof Sockaddr.Inet || address instanceof Sockaddr.Inet6;
    }

    private static int port(Sockaddr address) {
        return address instanceof Sockaddr.Inet inet ? inet.port() : ((Sockaddr.Inet6) address).port();
    }

    private static BigInteger number(Sockaddr address) {
        return number(address instanceof Sockaddr.Inet inet ? inet.address() : ((Sockaddr.Inet6) address).address());
    }

    private static BigInteger number(IpAddress address) {
        BigInteger bits = new BigInteger(1, address.toBytes());
        return address.isV4() ? bits.or(MAPPED) : bits;
    }

    private static boolean isV4(BigInteger number) {
        return number.shiftRight(32).equals(BigInteger.valueOf(0xffff));
    }

    private static boolean allows(Access access, BigInteger to, int port, Optional<Protocol> protocol) {
        for (Rule rule : access.deny()) {
            if (matches((Match.Inet) rule.match(), to, port, protocol, true)) {
                return false;
            }
        }
        boolean loopback = isV4(to) ? to.shiftRight(24).and(BigInteger.valueOf(255)).intValue() == 127 : to.equals(BigInteger.ONE);
        boolean allowed = access.mode() == Mode.ALLOW || access.mode() == Mode.LOCAL && loopback;
        for (Rule rule : access.allow()) {
            allowed |= matches((Match.Inet) rule.match(), to, port, protocol, false);
        }
        return allowed;
    }

    private static boolean matches(Match.Inet match, BigInteger to, int port, Optional<Protocol> protocol, boolean unknown) {
        boolean network = match.networks().isEmpty();
        for (Cidr cidr : match.networks()) {
            int free = (cidr.base().isV4() ? 32 : 128) - cidr.prefix();
            network |= cidr.base().isV4() == isV4(to) && number(cidr.base()).shiftRight(free).equals(to.shiftRight(free));
        }
        boolean ports = match.ports().isEmpty();
        for (PortRange range : match.ports()) {
            ports |= port >= range.first() && port <= range.last();
        }
        boolean of = match.protocol().isEmpty() || (protocol.isEmpty() ? unknown : protocol.equals(match.protocol()));
        return network && ports && of;
    }

    private static boolean allowsUnix(Access access, ByteString name, boolean path) {
        return !named(access.deny(), name, path) && (access.mode() == Mode.ALLOW || named(access.allow(), name, path));
    }

    private static boolean named(List<Rule> rules, ByteString name, boolean path) {
        for (Rule rule : rules) {
            if (path && rule.match() instanceof Match.UnixPath match && glob(match.pattern(), name.latin1(), true)
                    || !path && rule.match() instanceof Match.UnixAbstract other && glob(other.pattern(), name.latin1(), false)) {
                return true;
            }
        }
        return false;
    }

    static boolean glob(String pattern, String name, boolean path) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            String rest = pattern.substring(i);
            if (path && rest.startsWith("/**/")) {
                regex.append("/(?:.*/)?");
                i += 3;
            } else if (rest.startsWith("**")) {
                regex.append(".*");
                i++;
            } else if (rest.startsWith("*")) {
                regex.append(path ? "[^/]*" : ".*");
            } else {
                regex.append(java.util.regex.Pattern.quote(rest.substring(0, 1)));
            }
        }
        return java.util.regex.Pattern.compile(regex.toString(), java.util.regex.Pattern.DOTALL).matcher(name).matches();
    }
}
