package org.secfilt.lint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.secfilt.policy.Match;
import org.secfilt.policy.Rule;

/**
 * Which rules of a list are for nothing that the others are not for. Their order means nothing. Those that are spare can all be left out
 * at once: each is covered by such as are not, or by one that is covered in turn.
 */
final class Covers {
    private final List<Rule> rules;
    /** By the index of the rule that is spare. */
    private final Map<Integer, List<Rule>> spare = new HashMap<>();
    private final List<Rule> kept;

    /** @param speaks of a rule that is there for its words, if it comes before those that cover it */
    Covers(Names names, List<Rule> rules, Predicate<Rule> speaks) {
        this.rules = rules;
        this.kept = new ArrayList<>(rules);
        for (int i = 0; i < rules.size(); i++) {
            note(i, one(names, kept.subList(0, kept.indexOf(rules.get(i))), rules.get(i)));
        }
        for (int i = 0; i < rules.size(); i++) {
            if (!speaks.test(rules.get(i))) {
                note(i, one(names, kept, rules.get(i)));
            }
        }
        for (int i = rules.size() - 1; i >= 0; i--) {
            if (!speaks.test(rules.get(i))) {
                note(i, several(kept, rules.get(i)));
            }
        }
    }

    private void note(int index, List<Rule> covering) {
        if (!covering.isEmpty() && !spare.containsKey(index)) {
            spare.put(index, covering);
            kept.removeIf(rule -> rule == rules.get(index));
        }
    }

    boolean isSpare(int index) {
        return spare.containsKey(index);
    }

    /** Those that cover the rule of this index. */
    List<Rule> of(int index) {
        return spare.get(index);
    }

    /** Whether all that cover it come before it. */
    boolean isLate(int index) {
        for (Rule rule : spare.get(index)) {
            if (rules.indexOf(rule) > index) {
                return false;
            }
        }
        return true;
    }

    /** Those of a list that cover a rule: one, or as few as do so together; none if they do not. */
    static List<Rule> of(Names names, List<Rule> rules, Rule rule) {
        List<Rule> one = one(names, rules, rule);
        return one.isEmpty() ? several(rules, rule) : one;
    }

    private static List<Rule> one(Names names, List<Rule> among, Rule rule) {
        for (Rule other : among) {
            if (other != rule && covers(names, other.match(), rule.match())) {
                return List.of(other);
            }
        }
        return List.of();
    }

    private static boolean covers(Names names, Match broad, Match narrow) {
        return broad instanceof Match.Inet one && narrow instanceof Match.Inet other ? Extent.covers(one, other) : names.covers(broad, narrow);
    }

    private static List<Rule> several(List<Rule> among, Rule rule) {
        if (!(rule.match() instanceof Match.Inet narrow)) {
            return List.of();
        }
        List<Rule> needed = new ArrayList<>();
        for (Rule other : among) {
            if (other != rule && other.match() instanceof Match.Inet match && Extent.meet(match, narrow)) {
                needed.add(other);
            }
        }
        if (!Extent.covers(matches(needed, Optional.empty()), narrow)) {
            return List.of();
        }
        for (Rule other : List.copyOf(needed)) {
            if (Extent.covers(matches(needed, Optional.of(other)), narrow)) {
                needed.remove(other);
            }
        }
        return needed;
    }

    private static List<Match.Inet> matches(List<Rule> rules, Optional<Rule> without) {
        List<Match.Inet> matches = new ArrayList<>();
        for (Rule rule : rules) {
            if (without.isEmpty() || without.get() != rule) {
                matches.add((Match.Inet) rule.match());
            }
        }
        return matches;
    }
}
