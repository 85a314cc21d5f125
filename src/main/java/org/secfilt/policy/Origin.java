package org.secfilt.policy;

import java.util.List;

/**
 * The place where the user wrote a rule: {@code ci-job.yaml:12:7}, or a flag, or a built-in default.
 *
 * @param source the file's name as the user gave it, or the flag's words ({@code --allowed-port=22})
 * @param line from 1; 0 when the source is no file
 * @param column from 1, in characters; 0 when the source is no file
 * @param places of options that make a list together, and of which the source is the names: where each was given first
 */
public record Origin(String source, int line, int column, List<Origin> places) {
    /** Of a rule that no user wrote. */
    public static final Origin DEFAULT = flag("default");

    public Origin {
        places = List.copyOf(places);
    }

    public static Origin flag(String words) {
        return new Origin(words, 0, 0, List.of());
    }

    public static Origin options(String names, List<Origin> places) {
        return new Origin(names, 0, 0, places);
    }

    public static Origin file(String name, int line, int column) {
        return new Origin(name, line, column, List.of());
    }

    /** Where a file, as one of secfilter's, gave the option of this number among {@link #places}; if none did, this. */
    public Origin place(int option) {
        return option < places.size() && places.get(option).line() > 0 ? places.get(option) : this;
    }

    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }
}
