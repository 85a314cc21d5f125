package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Printable;
import org.secfilt.policy.OptionWords;

/** The complaint about a word that looks like an option and is none. */
final class Unknown {
    private Unknown() {}

    static String option(String word, Verb verb) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        List<String> known = new ArrayList<>();
        for (Option option : Option.values()) {
            for (String candidate : option.names()) {
                if (candidate.equals(name)) {
                    return name + " " + belonging(option, verb);
                }
                if (candidate.startsWith("--") && verb.has(option)) {
                    known.add(candidate);
                }
            }
        }
        String meant = OptionWords.meant(name, known);
        return "unknown option '" + Printable.escape(name) + "'" + (meant.isEmpty() ? otherwise(verb) : meant);
    }

    private static String belonging(Option option, Verb verb) {
        for (Verb other : Verb.values()) {
            if (verb == Verb.RUN && other.has(option)) {
                return "belongs to '" + other.program() + "', where " + other.word() + " is the first word";
            }
        }
        return "is no option of '" + verb.program() + "'";
    }

    private static String otherwise(Verb verb) {
        return switch (verb.operands()) {
            case COMMAND -> "; a command that begins with '-' stands behind --";
            case WORDS -> "; a word that begins with '-' stands behind --";
            case NONE -> "";
        };
    }
}
