package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.AddressWords;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/** Reads the entries of allow and deny lists. */
final class RuleSchema {
    private static final int MAX_REASON = 200;
    /** PATH_MAX, linux/limits.h. */
    private static final int MAX_PATH = 4096;

    private final Complaints complaints;

    RuleSchema(Complaints complaints) {
        this.complaints = complaints;
    }

    /** One rule, or none when it is complained of. */
    List<Rule> inet(Node entry) {
        if (entry instanceof Node.Mapping mapping) {
            return inetMapping(mapping);
        }
        if (entry instanceof Node.Scalar scalar && !scalar.missing()) {
            try {
                return List.of(new Rule(AddressWords.parseWithPorts(scalar.text()), Optional.empty(), complaints.origin(entry)));
            } catch (IllegalArgumentException e) {
                complaints.add(entry, e.getMessage());
                return List.of();
            }
        }
        complaints.addMissing(entry, "a rule is an address, or a mapping with address, port, protocol, reason; not " + entry.kind());
        return List.of();
    }

    private List<Rule> inetMapping(Node.Mapping mapping) {
        if (isUnquotedAddress(mapping)) {
            String key = mapping.entries().get(0).key().text();
            complaints.add(mapping, "an address that ends in ':' stands in quotes: \"" + key + ":\"");
            return List.of();
        }
        Fields fields = new Fields(mapping, complaints, "address", "port", "ports", "protocol", "reason");
        List<Cidr> networks = new ArrayList<>();
        for (Node.Scalar address : fields.someScalars("address", "an address, a CIDR block or loopback, or a list of such")) {
            try {
                networks.addAll(AddressWords.parse(address.text()));
            } catch (IllegalArgumentException e) {
                complaints.add(address, AddressWords.hasPorts(address.text())
                        ? Complaints.quote(address.text()) + " has ports in it; they stand under 'port'" : e.getMessage());
            }
        }
        List<PortRange> ports = ports(fields);
        Optional<Protocol> protocol = protocol(fields);
        Optional<String> reason = reason(fields);
        if (fields.key("address").isEmpty() && fields.key("port").isEmpty() && fields.key("ports").isEmpty()
                && fields.key("protocol").isEmpty()) {
            complaints.addMissing(mapping, "a rule names an address, a port or a protocol");
        }
        return List.of(new Rule(new Match.Inet(networks, ports, protocol), reason, complaints.origin(mapping)));
    }

    /** {@code - fd00::} is a mapping with the key {@code fd00:} to a YAML reader. */
    private static boolean isUnquotedAddress(Node.Mapping mapping) {
        if (mapping.entries().size() != 1) {
            return false;
        }
        Node.Entry entry = mapping.entries().get(0);
        return entry.key().text().endsWith(":") && entry.value() instanceof Node.Scalar value && value.missing();
    }

    private List<PortRange> ports(Fields fields) {
        Optional<Node> both = fields.key("port").isPresent() ? fields.key("ports") : Optional.empty();
        if (both.isPresent()) {
            complaints.add(both.get(), "'port' and 'ports' mean the same; write one of them");
        }
        List<PortRange> ports = new ArrayList<>();
        for (String key : List.of("port", "ports")) {
            for (Node.Scalar port : fields.someScalars(key, "a port or a range of ports, or a list of such")) {
                try {
                    ports.add(PortRange.parse(port.text()));
                } catch (IllegalArgumentException e) {
                    complaints.add(port, e.getMessage());
                }
            }
        }
        return ports;
    }

    private Optional<Protocol> protocol(Fields fields) {
        Optional<Node.Scalar> word = fields.scalar("protocol", "tcp or udp");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Protocol.parse(word.get().text()));
        } catch (IllegalArgumentException e) {
            complaints.add(word.get(), e.getMessage());
            return Optional.empty();
        }
    }

    Optional<String> reason(Fields fields) {
        Optional<Node.Scalar> scalar = fields.scalar("reason", "a text");
        if (scalar.isEmpty()) {
            return Optional.empty();
        }
        String text = scalar.get().text().strip().replace('\n', ' ');
        if (text.length() > MAX_REASON) {
            complaints.add(scalar.get(), "a reason has " + MAX_REASON + " characters at most, it stands in one line of a report");
        }
        if (holdsControlCharacter(text)) {
            complaints.add(scalar.get(), "a reason holds no control characters");
        }
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** One rule for each path and name of the entry. */
    List<Rule> unix(Node entry) {
        List<Rule> rules = new ArrayList<>();
        if (entry instanceof Node.Mapping mapping) {
            Fields fields = new Fields(mapping, complaints, "path", "abstract", "unless", "reason");
            Optional<String> reason = reason(fields);
            boolean unlessResolv = unlessResolv(fields);
            for (Node.Scalar path : fields.someScalars("path", "a path, or a list of paths")) {
                rules.add(new Rule(path(path, path.text()), reason, complaints.origin(path), unlessResolv));
            }
            for (Node.Scalar name : fields.someScalars("abstract", "a name, or a list of names")) {
                rules.add(new Rule(abstractName(name, name.text()), reason, complaints.origin(name), unlessResolv));
            }
            if (fields.key("path").isEmpty() && fields.key("abstract").isEmpty()) {
                complaints.addMissing(mapping, "a rule names a path or an abstract name");
            }
        } else if (entry instanceof Node.Scalar scalar && !scalar.missing()) {
            String text = scalar.text();
            Match match = text.startsWith("@") ? abstractName(scalar, text.substring(1)) : path(scalar, text);
            rules.add(new Rule(match, Optional.empty(), complaints.origin(entry)));
        } else {
            complaints.addMissing(entry, "a rule is a path, or a mapping with path, abstract, unless, reason; not " + entry.kind());
        }
        return rules;
    }

    private boolean unlessResolv(Fields fields) {
        Optional<Node.Scalar> scalar = fields.scalar("unless", "resolv");
        if (scalar.isPresent() && !scalar.get().text().equals("resolv")) {
            complaints.add(scalar.get(), "'unless' is followed by resolv: the rule is void where 'resolv: true' holds");
        }
        return scalar.isPresent();
    }

    private Match path(Node place, String pattern) {
        if (!pattern.startsWith("/")) {
            complaints.add(place, "the path of a socket begins with '/'; " + (pattern.startsWith("~") || pattern.startsWith("$")
                    ? "write it out, nothing is put in for '" + pattern.charAt(0) + "'"
                    : "an abstract socket is written abstract: or with '@'"));
        } else if (pattern.length() > MAX_PATH || holdsControlCharacter(pattern)) {
            complaints.add(place, "this is no path: it is too long or holds control characters");
        } else if ((pattern + "/").contains("//") || (pattern + "/").contains("/./") || (pattern + "/").contains("/../")) {
            complaints.add(place, "the path can match no socket: it ends in '/', or holds '//', '/./' or '/../'");
        }
        return new Match.UnixPath(pattern);
    }

    private Match abstractName(Node place, String pattern) {
        if (pattern.isEmpty()) {
            complaints.add(place, "an abstract name is missing");
        } else if (pattern.startsWith("@")) {
            complaints.add(place, "an abstract name is written without its '@'");
        }
        return new Match.UnixAbstract(pattern);
    }

    private static boolean holdsControlCharacter(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                return true;
            }
        }
        return false;
    }
}
