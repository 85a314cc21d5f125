package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Printable;
import org.secfilt.policy.Suggestion;

/** The complaint about a word that looks like an option and is none. */
final class Unknown {
    private Unknown() {}

    static String option(String word, boolean compile) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        List<String> known = new ArrayList<>();
        for (Option option : Option.values()) {
            for (String candidate : option.names()) {
                if (candidate.equals(name)) {
                    return name + " belongs to 'secfilt compile', where compile is the first word";
                }
                if (candidate.startsWith("--") && (compile || !option.ofCompile())) {
                    known.add(candidate);
                }
            }
        }
        String near = Suggestion.nearest(name, known.toArray(new String[0]));
        return "unknown option '" + Printable.escape(name) + "'; "
                + (near.isEmpty() ? "a command that begins with '-' stands behind --" : "did you mean '" + near + "'?");
    }
}
