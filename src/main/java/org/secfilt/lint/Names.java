package org.secfilt.lint;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/** The unix sockets of a rule. */
final class Names {
    private static final char STAR = '*';

    private final Plan here;
    /** By the rules that they judge by. */
    private final Map<Match, Judge> judges = new IdentityHashMap<>();

    /** @param here any that this host can hold */
    Names(Plan here) {
        this.here = here;
    }

    /** Whether the first is surely for every name of the second: they are the same, or the second is one name, or a pattern, that it matches. */
    boolean covers(Match broad, Match narrow) {
        if (broad.equals(narrow)) {
            return true;
        }
        if (narrow instanceof Match.UnixPath path && broad instanceof Match.UnixPath other) {
            return beginAlike(other.pattern(), path.pattern()) && (isLiteral(path.pattern())
                    ? judge(broad).judgePath(Action.CONNECT, ByteString.of(path.pattern())) instanceof Verdict.Allow
                    : PatternCover.ofPaths(other.pattern(), path.pattern()));
        }
        if (narrow instanceof Match.UnixAbstract name && broad instanceof Match.UnixAbstract other && beginAlike(other.pattern(), name.pattern())) {
            if (!isLiteral(name.pattern())) {
                return PatternCover.ofNames(other.pattern(), name.pattern());
            }
            return length(name.pattern()) < Sockaddr.UNIX_PATH_LENGTH
                    && judge(broad).judge(Action.CONNECT, new Sockaddr.UnixAbstract(ByteString.of(name.pattern())), Optional.empty())
                            instanceof Verdict.Allow;
        }
        return false;
    }

    /** Up to the first star of either: all that has to be known of most pairs in a long list. */
    private static boolean beginAlike(String one, String other) {
        return one.regionMatches(0, other, 0, Math.min(literal(one), literal(other)));
    }

    /** How much of it comes before its first star. */
    static int literal(String pattern) {
        int star = pattern.indexOf(STAR);
        return star < 0 ? pattern.length() : star;
    }

    private Judge judge(Match match) {
        return judges.computeIfAbsent(match, this::judgeAlone);
    }

    /** One that allows what this matches and nothing else. */
    private Judge judgeAlone(Match match) {
        Rule rule = new Rule(match, Optional.empty(), Origin.DEFAULT);
        Access alone = new Access(Mode.DENY, Origin.DEFAULT, List.of(rule), List.of());
        try {
            return new Judge(here.with(Policy.ofRules(Access.OPEN, Access.OPEN, alone)));
        } catch (RefusedPolicyException e) {
            throw new IllegalStateException("a rule for unix sockets cannot be held", e);
        }
    }

    /** The pattern of paths, or of abstract names; empty if it is of other sockets. */
    static String pattern(Match match, boolean ofPath) {
        if (ofPath) {
            return match instanceof Match.UnixPath path ? path.pattern() : "";
        }
        return match instanceof Match.UnixAbstract name ? name.pattern() : "";
    }

    static boolean isLiteral(String pattern) {
        return pattern.indexOf(STAR) < 0;
    }

    /** In bytes. */
    static int length(String pattern) {
        return ByteString.of(pattern).length();
    }

    /** The pattern with the links of its directories followed, as far as they are named without a star. */
    static String followed(String pattern, Lint.Links links) {
        int star = pattern.indexOf(STAR);
        int slash = pattern.lastIndexOf('/', star < 0 ? pattern.length() : star);
        if (slash <= 0) {
            return pattern;
        }
        String directory = links.canonical(pattern.substring(0, slash));
        return (directory.equals("/") ? "" : directory) + pattern.substring(slash);
    }
}
