package org.secfilt.verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Rule;

/** The rules for unix sockets, paths and abstract names apart. Mode local allows none of them: a unix socket may lead anywhere. */
final class UnixRules {
    private static final class NamedRule {
        final Rule rule;
        final Pattern pattern;

        NamedRule(Rule rule, Pattern pattern) {
            this.rule = rule;
            this.pattern = pattern;
        }
    }

    private final Access access;
    private final Errno errno;
    private final List<NamedRule> denyPath = new ArrayList<>();
    private final List<NamedRule> denyName = new ArrayList<>();
    private final List<NamedRule> allowPath = new ArrayList<>();
    private final List<NamedRule> allowName = new ArrayList<>();

    UnixRules(Access access, Errno errno) {
        this.access = access;
        this.errno = errno;
        sort(access.deny(), denyPath, denyName);
        sort(access.allow(), allowPath, allowName);
    }

    private static void sort(List<Rule> rules, List<NamedRule> paths, List<NamedRule> names) {
        for (Rule rule : rules) {
            if (rule.match() instanceof Match.UnixPath path) {
                paths.add(new NamedRule(rule, Pattern.ofPath(path.pattern())));
            } else if (rule.match() instanceof Match.UnixAbstract name) {
                names.add(new NamedRule(rule, Pattern.ofName(name.pattern())));
            }
        }
    }

    boolean open() {
        return access.open();
    }

    Optional<Verdict.Deny> denialOfPath(ByteString canonical) {
        return denial(canonical, denyPath, allowPath);
    }

    Optional<Verdict.Deny> denialOfName(ByteString name) {
        return denial(name, denyName, allowName);
    }

    Optional<Verdict.Deny> denialByRule(ByteString path) {
        return denialByRule(path, denyPath);
    }

    private Optional<Verdict.Deny> denialByRule(ByteString name, List<NamedRule> deny) {
        for (NamedRule rule : deny) {
            if (rule.pattern.matches(name)) {
                return Optional.of(Denials.denied(errno, rule.rule));
            }
        }
        return Optional.empty();
    }

    private Optional<Verdict.Deny> denial(ByteString name, List<NamedRule> deny, List<NamedRule> allow) {
        Optional<Verdict.Deny> denied = denialByRule(name, deny);
        if (denied.isPresent()) {
            return denied;
        }
        if (access.mode() == Mode.ALLOW) {
            return Optional.empty();
        }
        for (NamedRule rule : allow) {
            if (rule.pattern.matches(name)) {
                return Optional.empty();
            }
        }
        return Optional.of(Denials.unnamed(errno, access, Denials.Missing.ADDRESS));
    }
}
