package org.secfilt.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Printable;

/**
 * secfilter's configuration files: {@code key=value} on each line, {@code #} begins a comment, the keys are the options'
 * names without dashes, a list's key repeats, a switch is written {@code key=}. Which options are keys says {@link OptionReader}: none
 * that reads another file of rules (policy, config), none for tests, not no-supervisor.
 */
public final class IniConfig {
    private static final String BLANKS = " \t";

    private IniConfig() {}

    /** Reads the files in order, as if they were one. All that is wrong with any of them is in the exception. */
    public static Options read(List<String> names, Opener opener) throws InvalidPolicyException {
        OptionReader options = new OptionReader();
        List<Complaint> complaints = new ArrayList<>();
        Map<String, SourceText> sources = new HashMap<>();
        for (String name : names) {
            try {
                SourceText source = SourceText.read(name, opener);
                sources.put(name, source);
                int policy = versionLine(source);
                if (policy > 0) {
                    complaints.add(source.complaint(policy, 1, "this is a policy in YAML; give it by --policy"));
                }
                for (int number = 1; number <= source.lineCount() && policy == 0; number++) {
                    readLine(source, number, options, complaints);
                }
            } catch (InvalidPolicyException e) {
                complaints.addAll(e.complaints());
            }
        }
        Optional<Setting<String>> contradiction = options.contradiction();
        if (contradiction.isPresent()) {
            Origin place = contradiction.get().origin();
            complaints.add(sources.get(place.source()).complaint(place.line(), place.column(), contradiction.get().value()));
        }
        if (!complaints.isEmpty()) {
            throw new InvalidPolicyException(complaints);
        }
        return options.options();
    }

    /** The line by which every policy in YAML can be told, 0 if there is none. */
    private static int versionLine(SourceText source) {
        for (int number = 1; number <= source.lineCount(); number++) {
            if (source.line(number).startsWith("version:")) {
                return number;
            }
        }
        return 0;
    }

    private static void readLine(SourceText source, int number, OptionReader options, List<Complaint> complaints) {
        String line = source.line(number);
        int comment = line.indexOf('#');
        int end = skipBlanksBack(line, comment < 0 ? line.length() : comment, 0);
        int start = skipBlanks(line, 0, end);
        if (start == end) {
            return;
        }
        int equals = line.indexOf('=', start);
        if (equals < 0 || equals >= end) {
            String word = line.substring(start, end);
            String message = word.startsWith("[") ? "a configuration has no sections; every line is key=value"
                    : word.startsWith(";") ? "a comment begins with '#'"
                    : "a '=' is missing; write " + corrected(word);
            complaints.add(complaint(source, number, start, message));
            return;
        }
        String key = line.substring(start, skipBlanksBack(line, equals, start));
        int valueStart = skipBlanks(line, equals + 1, end);
        String value = line.substring(valueStart, end);
        Origin origin = source.origin(number, line.codePointCount(0, start) + 1);
        if (OptionReader.takes(key) && value.length() > 1 && "\"'".indexOf(value.charAt(0)) >= 0 && value.endsWith(value.substring(0, 1))) {
            String bare = value.substring(1, value.length() - 1);
            complaints.add(complaint(source, number, valueStart, "a value stands without quotes; " + without(key, bare, origin)));
            return;
        }
        try {
            options.add(key, value, origin);
        } catch (IllegalArgumentException e) {
            // What is wrong with a known key is its value, unless the key as such is refused.
            boolean known = OptionReader.takes(key);
            String message = known && value.isEmpty() ? "'" + key + "' needs a value: " + e.getMessage() : e.getMessage();
            complaints.add(complaint(source, number, known ? valueStart : start, message));
        }
    }

    private static String without(String key, String bare, Origin origin) {
        try {
            new OptionReader().add(key, bare, origin);
            return "write " + key + "=" + Printable.escape(bare);
        } catch (IllegalArgumentException e) {
            return "and without them " + e.getMessage();
        }
    }

    /** What a line without a '=' most likely means. */
    private static String corrected(String line) {
        int end = 0;
        while (end < line.length() && BLANKS.indexOf(line.charAt(end)) < 0 && line.charAt(end) != ':') {
            end++;
        }
        String word = line.substring(0, end);
        int rest = end < line.length() ? skipBlanks(line, end + 1, line.length()) : end;
        String key = OptionReader.takes(word) ? word : OptionReader.nearest(word);
        if (key.isEmpty()) {
            return "key=value, or key= for a switch";
        }
        boolean alone = rest == line.length();
        return key + "=" + (alone && OptionReader.needsValue(key) ? "value" : Printable.escape(line.substring(rest)));
    }

    private static Complaint complaint(SourceText source, int number, int index, String message) {
        String line = source.line(number);
        return source.complaint(number, line.codePointCount(0, index) + 1, message);
    }

    private static int skipBlanks(String line, int from, int end) {
        int at = from;
        while (at < end && BLANKS.indexOf(line.charAt(at)) >= 0) {
            at++;
        }
        return at;
    }

    private static int skipBlanksBack(String line, int end, int from) {
        int at = end;
        while (at > from && BLANKS.indexOf(line.charAt(at - 1)) >= 0) {
            at--;
        }
        return at;
    }
}
