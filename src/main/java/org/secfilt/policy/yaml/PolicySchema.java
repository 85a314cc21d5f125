package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.Families;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Mode;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Origin;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.ProfileTerms;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Setting;
import org.secfilt.policy.SourceText;
import org.secfilt.policy.Suggestion;

/** Reads the tree of one file; the schema stands in {@link org.secfilt.policy.yaml}. */
final class PolicySchema {
    private static final String VERSION = "1";

    private final Complaints complaints;
    private final RuleSchema rules;

    private PolicySchema(Complaints complaints) {
        this.complaints = complaints;
        this.rules = new RuleSchema(complaints);
    }

    /**
     * What one file holds.
     *
     * @param complaints if there are any, the rest is not to be used
     */
    record Contents(SourceText source, PolicyPart part, List<Node.Scalar> includes, List<Complaint> complaints) {
        Contents {
            includes = List.copyOf(includes);
            complaints = List.copyOf(complaints);
        }
    }

    static Contents read(SourceText source) {
        Complaints complaints = new Complaints(source);
        PolicyPart part = PolicyPart.EMPTY;
        List<Node.Scalar> includes = List.of();
        Optional<Node> root = YamlReader.read(source, complaints);
        if (root.isPresent() && root.get() instanceof Node.Mapping mapping) {
            PolicySchema schema = new PolicySchema(complaints);
            if (schema.isKnownVersion(mapping)) {
                Fields fields = schema.fields(mapping);
                part = schema.part(fields);
                includes = schema.includes(fields);
            }
        } else if (root.isPresent()) {
            boolean ini = root.get() instanceof Node.Scalar scalar && scalar.text().indexOf('=') > 0;
            complaints.addMissing(root.get(), "a policy is a mapping that begins with version: 1, not " + root.get().kind()
                    + (ini ? "; a file of lines key=value is given by --config" : ""));
        }
        return new Contents(source, part, includes, complaints.sorted());
    }

    private List<Node.Scalar> includes(Fields fields) {
        List<Node.Scalar> named = new ArrayList<>();
        for (Node.Scalar include : fields.scalars("include", "a file's name, or a list of names")) {
            if (include.text().isEmpty()) {
                complaints.add(include, "the name is empty; write a file's name");
            } else {
                named.add(include);
            }
        }
        return named;
    }

    /** A file of another version is not looked into: every key may mean something else there. */
    private boolean isKnownVersion(Node.Mapping root) {
        for (Node.Entry entry : root.entries()) {
            if (entry.key().text().equals("version")) {
                return isKnownVersion(entry);
            }
        }
        complaints.addMissing(root, "the version is missing; a policy begins with version: " + VERSION);
        return true;
    }

    private boolean isKnownVersion(Node.Entry version) {
        if (!(version.value() instanceof Node.Scalar scalar) || scalar.quoted() || !isNumber(scalar.text())) {
            complaints.addMissing(version.value(), "'version' is a whole number, without quotes; write version: " + VERSION);
            return true;
        }
        if (!scalar.text().equals(VERSION)) {
            complaints.add(scalar, "version " + Complaints.quote(scalar.text()) + " is not known here; this secfilt reads version "
                    + VERSION);
            return false;
        }
        return true;
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private Fields fields(Node.Mapping root) {
        for (Node.Entry entry : root.entries()) {
            String key = entry.key().text();
            String below = switch (key) {
                case "read-only", "allow-write" -> "filesystem:";
                case "allow", "deny" -> "connect:, bind: or unix:";
                case "group", "inverted" -> "profile:";
                default -> "";
            };
            if (!below.isEmpty()) {
                complaints.addLast(entry.key().line(), entry.key().column(), "'" + key + "' belongs below " + below + ", indented");
            }
        }
        return new Fields(root, complaints, "version", "include", "mode", "errno", "resolv", "no-outbound-network", "families",
                "inherit", "firewall", "violation-exit", "connect", "bind", "unix", "filesystem", "net", "publish", "private-tmp", "user",
                "profile");
    }

    private PolicyPart part(Fields fields) {
        Optional<Setting<Mode>> mode = mode(fields);
        return new PolicyPart(
                trueOrFalse(fields, "no-outbound-network"),
                trueOrFalse(fields, "resolv"),
                errno(fields),
                inherit(fields),
                firewall(fields),
                violationExit(fields),
                families(fields),
                lists(fields, "connect", mode),
                lists(fields, "bind", mode),
                lists(fields, "unix", Optional.empty()),
                new SurroundingsSchema(complaints).read(fields),
                new FileSchema(complaints, rules).part(fields),
                profile(fields),
                Optional.empty());
    }

    private ProfileTerms profile(Fields root) {
        Optional<Node.Mapping> mapping = root.mapping("profile", "a mapping with group, inverted");
        if (mapping.isEmpty()) {
            return ProfileTerms.EMPTY;
        }
        Fields fields = new Fields(mapping.get(), complaints, "group", "inverted");
        Optional<Node.Scalar> group = fields.scalar("group", "the name or the number of a group");
        return new ProfileTerms(
                group.isPresent() ? Optional.of(new Setting<>(group.get().text(), complaints.origin(group.get()))) : Optional.empty(),
                trueOrFalse(fields, "inverted"));
    }

    private Optional<Setting<Boolean>> trueOrFalse(Fields fields, String key) {
        Optional<Boolean> value = fields.trueOrFalse(key);
        return value.isPresent()
                ? Optional.of(new Setting<>(value.get(), origin(fields, key)))
                : Optional.empty();
    }

    private Origin origin(Fields fields, String key) {
        return complaints.origin(fields.key(key).orElseThrow());
    }

    private Optional<Setting<Errno>> errno(Fields fields) {
        Optional<Node.Scalar> word = fields.scalar("errno", "EPERM, ECONNREFUSED or EACCES");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        try {
            Errno errno = OptionReader.parseErrno(word.get().text());
            return Optional.of(new Setting<>(errno, complaints.origin(word.get())));
        } catch (IllegalArgumentException e) {
            complaints.add(word.get(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Setting<Inherit>> inherit(Fields fields) {
        Optional<Node.Scalar> word = fields.scalar("inherit", "keep, close or refuse");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Setting<>(Inherit.parse(word.get().text()), complaints.origin(word.get())));
        } catch (IllegalArgumentException e) {
            complaints.add(word.get(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Setting<Firewall>> firewall(Fields fields) {
        Optional<Node.Scalar> word = fields.scalar("firewall", "auto, require or off");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Setting<>(Firewall.parse(word.get().text()), complaints.origin(word.get())));
        } catch (IllegalArgumentException e) {
            complaints.add(word.get(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Setting<Integer>> violationExit(Fields fields) {
        Optional<Node.Scalar> number = fields.scalar("violation-exit", "an exit code");
        if (number.isEmpty()) {
            return Optional.empty();
        }
        try {
            int code = OptionReader.parseExitCode(number.get().text());
            return Optional.of(new Setting<>(code, complaints.origin(number.get())));
        } catch (IllegalArgumentException e) {
            complaints.add(number.get(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Families> families(Fields fields) {
        List<Family> families = new ArrayList<>();
        for (Node.Scalar word : fields.scalars("families", "an address family, or a list of such")) {
            try {
                families.add(Family.parse(word.text()));
            } catch (IllegalArgumentException e) {
                complaints.add(word, e.getMessage());
            }
        }
        return fields.key("families").isPresent()
                ? Optional.of(new Families(families, origin(fields, "families")))
                : Optional.empty();
    }

    private Optional<Setting<Mode>> mode(Fields fields) {
        Optional<Node.Scalar> word = fields.scalar("mode", "allow, deny or local");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        Node.Scalar scalar = word.get();
        switch (scalar.text()) {
            case "allow":
                return Optional.of(new Setting<>(Mode.ALLOW, complaints.origin(scalar)));
            case "deny":
                return Optional.of(new Setting<>(Mode.DENY, complaints.origin(scalar)));
            case "local":
                return Optional.of(new Setting<>(Mode.LOCAL, complaints.origin(scalar)));
            default:
                complaints.add(scalar, "unknown mode " + Complaints.quote(scalar.text())
                        + Suggestion.of(scalar.text(), "allow", "deny", "local"));
                return Optional.empty();
        }
    }

    private PolicyPart.Lists lists(Fields parent, String key, Optional<Setting<Mode>> parentMode) {
        Optional<Node.Mapping> mapping = parent.mapping(key, "a mapping with mode, allow, deny");
        if (mapping.isEmpty()) {
            return new PolicyPart.Lists(parentMode, Optional.empty(), Optional.empty(), List.of(), List.of());
        }
        boolean isUnix = key.equals("unix");
        Fields fields = new Fields(mapping.get(), complaints, "mode", "allow", "deny");
        Optional<Setting<Mode>> mode = mode(fields);
        if (isUnix && mode.isPresent() && mode.get().value() == Mode.LOCAL) {
            complaints.add(fields.value("mode").orElseThrow(), "a unix socket is always local; its mode is allow or deny");
        }
        return new PolicyPart.Lists(
                mode.isPresent() ? mode : parentMode,
                fields.key("allow").isPresent() ? Optional.of(origin(fields, "allow")) : Optional.empty(),
                Optional.empty(),
                list(fields, "allow", isUnix),
                list(fields, "deny", isUnix));
    }

    private List<Rule> list(Fields fields, String key, boolean isUnix) {
        List<Rule> list = new ArrayList<>();
        Optional<Node> value = fields.value(key);
        if (value.isPresent()) {
            List<Node> entries = value.get() instanceof Node.Sequence sequence ? sequence.items() : List.of(value.get());
            for (Node entry : entries) {
                list.addAll(isUnix ? rules.unix(entry) : rules.inet(entry));
            }
        }
        return list;
    }
}
