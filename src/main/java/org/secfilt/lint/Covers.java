package org.secfilt.lint;

import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.secfilt.policy.Rule;

/**
 * Which rules of a list are for nothing that the others are not for. Their order means nothing. Those that are spare can all be left out
 * at once: each is covered by such as are not, or by one that is covered in turn.
 */
final class Covers {
    private final Map<Rule, Integer> places = new IdentityHashMap<>();
    /** By the index of the rule that is spare. */
    private final Map<Integer, List<Rule>> spare = new HashMap<>();
    private final BitSet gone = new BitSet();

    /** @param speaks of a rule that is there for its words, if it comes before those that cover it */
    Covers(List<Rule> rules, Neighbours neighbours, Predicate<Rule> speaks) {
        for (int i = 0; i < rules.size(); i++) {
            places.put(rules.get(i), i);
        }
        for (int i = 0; i < rules.size(); i++) {
            note(i, neighbours.one(rules.get(i), i, gone));
        }
        for (int i = 0; i < rules.size(); i++) {
            if (!speaks.test(rules.get(i)) && !isSpare(i)) {
                note(i, neighbours.one(rules.get(i), rules.size(), gone));
            }
        }
        for (int i = rules.size() - 1; i >= 0; i--) {
            if (!speaks.test(rules.get(i)) && !isSpare(i)) {
                note(i, neighbours.several(rules.get(i), rules.size(), gone));
            }
        }
    }

    private void note(int index, List<Rule> covering) {
        if (!covering.isEmpty()) {
            spare.put(index, covering);
            gone.set(index);
        }
    }

    boolean isSpare(int index) {
        return gone.get(index);
    }

    /** Those that cover the rule of this index. */
    List<Rule> of(int index) {
        return spare.get(index);
    }

    /** Whether all that cover it come before it. */
    boolean isLate(int index) {
        for (Rule rule : spare.get(index)) {
            if (places.get(rule) > index) {
                return false;
            }
        }
        return true;
    }
}
