package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.secfilt.abi.Printable;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.Origin;
import org.secfilt.policy.SourceText;

/** What is wrong with one file, collected while reading goes on. */
final class Complaints {
    private static final int QUOTED_LENGTH = 60;

    private final SourceText source;
    private final List<Complaint> complaints = new ArrayList<>();
    private final Set<String> said = new HashSet<>();
    private final Set<String> silenced = new HashSet<>();
    private boolean truncated;

    Complaints(SourceText source) {
        this.source = source;
    }

    void add(Node place, String message) {
        add(place.line(), place.column(), message);
    }

    void add(int line, int column, String message) {
        String place = line + ":" + column;
        if (!silenced.contains(place) && said.add(place + ":" + message)) {
            complaints.add(source.complaint(line, column, message));
        }
    }

    /** Says this, and nothing else any more, of a value that is wrong before its meaning is looked at. */
    void addLast(int line, int column, String message) {
        add(line, column, message);
        silenced.add(line + ":" + column);
    }

    /** The file could not be read to its end: from now on nothing is said to be missing. */
    void truncate() {
        truncated = true;
    }

    void addMissing(Node place, String message) {
        if (!truncated) {
            add(place, message);
        }
    }

    /** In the order of the lines. */
    List<Complaint> sorted() {
        List<Complaint> sorted = new ArrayList<>(complaints);
        Collections.sort(sorted);
        return List.copyOf(sorted);
    }

    Origin origin(Node node) {
        return source.origin(node.line(), node.column());
    }

    /** The user's own word in quotes, fit for a terminal. */
    static String quote(String word) {
        String shown = word.length() <= QUOTED_LENGTH ? word : word.substring(0, QUOTED_LENGTH) + "...";
        return "'" + Printable.escape(shown) + "'";
    }
}
