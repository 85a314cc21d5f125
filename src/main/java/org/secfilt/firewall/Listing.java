package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What iptables-save(8) says of a filter table.
 *
 * <pre>
 *   :SECFILT-R-1-2 - [0:0]
 *   -A OUTPUT -m cgroup --path "a/b" -j SECFILT-R-1-2      a hook, from behind "-A OUTPUT "
 *   -A SECFILT-R-1-2 -d 10.0.0.0/8 -j RETURN               a rule, from behind the chain's name
 * </pre>
 */
record Listing(String text) {
    private static final String OUTPUT = "-A OUTPUT ";

    /** The chains whose names begin so, each with its hooks: the specifications of the rules of OUTPUT that jump to it. */
    Map<String, List<String>> chains(String prefix) {
        Map<String, List<String>> chains = new TreeMap<>();
        int from = 0;
        while (from < text.length()) {
            int newline = text.indexOf('\n', from);
            int end = newline < 0 ? text.length() : newline;
            String line = text.substring(from, end);
            from = end + 1;
            if (line.startsWith(":" + prefix)) {
                chains.put(line.substring(1, line.indexOf(' ')), new ArrayList<>());
            } else if (line.startsWith(OUTPUT)) {
                List<String> hooks = chains.get(line.substring(line.lastIndexOf(' ') + 1));
                if (hooks != null) {
                    hooks.add(line.substring(OUTPUT.length()));
                }
            }
        }
        return chains;
    }

    /** The hooks of a chain; empty if it is not there. */
    Optional<List<String>> hooks(String chain) {
        return Optional.ofNullable(chains(chain + " ").get(chain));
    }

    /** Its hooks, each behind its number among the rules of OUTPUT. */
    List<String> places(String chain) {
        List<String> places = new ArrayList<>();
        int position = 0;
        for (String line : text.split("\n")) {
            if (line.startsWith(OUTPUT)) {
                position++;
                if (line.endsWith(" " + chain)) {
                    places.add(position + " " + line.substring(OUTPUT.length()));
                }
            }
        }
        return places;
    }

    List<String> rules(String chain) {
        List<String> rules = new ArrayList<>();
        String begin = "-A " + chain + " ";
        for (String line : text.split("\n")) {
            if (line.startsWith(begin)) {
                rules.add(line.substring(begin.length()));
            }
        }
        return rules;
    }

    /** The path that a hook matches cgroups by; empty without one. */
    static String path(String hook) {
        return value(hook, "--path ");
    }

    /** The class that a hook matches cgroups by, in digits; empty without one. */
    static String classid(String hook) {
        return value(hook, "--cgroup ");
    }

    private static String value(String hook, String option) {
        int at = hook.indexOf(option);
        if (at < 0) {
            return "";
        }
        int begin = at + option.length();
        boolean quoted = hook.startsWith("\"", begin);
        int end = hook.indexOf(quoted ? '"' : ' ', begin + 1);
        return hook.substring(quoted ? begin + 1 : begin, end < 0 ? hook.length() : end);
    }
}
