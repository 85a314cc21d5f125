package org.secfilt.lint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.secfilt.policy.Rule;

/**
 * Where to look for those patterns of a long list that cover another: by what they begin with, up to their first star, and of paths by
 * the entry without a star that fewest have. What one covers begins so, and has that entry too.
 */
final class UnixPlaces {
    private static final String NONE = "";

    private final Map<String, Map<String, List<Integer>>> places = new HashMap<>();
    private final Set<Integer> lengths = new TreeSet<>();
    /** By the rules' indexes, what stands between two stars of theirs, the longest. What one covers holds it. */
    private final Map<Integer, String> texts = new HashMap<>();
    private final boolean paths;

    UnixPlaces(List<Rule> rules, boolean paths) {
        this.paths = paths;
        Map<String, Integer> uses = new HashMap<>();
        for (Rule rule : rules) {
            for (String entry : entries(Names.pattern(rule.match(), paths))) {
                uses.merge(entry, 1, Integer::sum);
            }
        }
        for (int i = 0; i < rules.size(); i++) {
            String pattern = Names.pattern(rules.get(i).match(), paths);
            if (pattern.isEmpty()) {
                continue;
            }
            String rarest = NONE;
            for (String entry : entries(pattern)) {
                if (rarest.equals(NONE) || uses.get(entry) < uses.get(rarest)) {
                    rarest = entry;
                }
            }
            String begin = pattern.substring(0, Names.literal(pattern));
            lengths.add(begin.length());
            places.computeIfAbsent(begin, text -> new HashMap<>()).computeIfAbsent(rarest, text -> new ArrayList<>()).add(i);
            texts.put(i, longest(pattern));
        }
    }

    /** Lists of indexes, each of which ascends: all rules whose patterns cover this one are in one of them. */
    List<List<Integer>> near(String pattern) {
        List<List<Integer>> near = new ArrayList<>();
        Set<String> entries = entries(pattern);
        entries.add(NONE);
        int literal = Names.literal(pattern);
        for (int length : lengths) {
            Map<String, List<Integer>> there = length > literal ? null : places.get(pattern.substring(0, length));
            for (String entry : there == null ? Set.<String>of() : entries) {
                near.add(there.getOrDefault(entry, List.of()));
            }
        }
        return near;
    }

    /** Whether the rule of this index is not out of the question for a pattern. */
    boolean mayCover(int index, String pattern) {
        return pattern.contains(texts.get(index));
    }

    private Set<String> entries(String pattern) {
        Set<String> entries = new HashSet<>();
        for (String entry : paths ? pattern.split("/") : new String[0]) {
            if (!entry.isEmpty() && Names.isLiteral(entry)) {
                entries.add(entry);
            }
        }
        return entries;
    }

    private static String longest(String pattern) {
        String longest = NONE;
        for (String text : pattern.split("\\*")) {
            longest = text.length() > longest.length() ? text : longest;
        }
        return longest;
    }
}
