package org.secfilt.policy;

import java.util.List;

/** What the user wrote is no policy. It carries everything that is wrong with it, not just the first thing. */
public final class InvalidPolicyException extends Exception {
    private static final long serialVersionUID = 1;

    /** More than this many complaints help nobody. */
    private static final int SHOWN = 50;

    private final transient List<Complaint> complaints;

    public InvalidPolicyException(List<Complaint> complaints) {
        super(message(complaints, ""));
        this.complaints = List.copyOf(complaints);
    }

    public List<Complaint> complaints() {
        return complaints;
    }

    /** The message, in which each line that begins with no place says who tells it. */
    public String report() {
        return message(complaints, "secfilt: ");
    }

    private static String message(List<Complaint> complaints, String who) {
        StringBuilder text = new StringBuilder();
        int shown = Math.min(complaints.size(), SHOWN);
        for (int i = 0; i < shown; i++) {
            text.append(i == 0 ? "" : "\n").append(complaints.get(i).line() == 0 ? who : "").append(complaints.get(i));
        }
        if (shown < complaints.size()) {
            text.append("\nand ").append(complaints.size() - shown).append(" more");
        }
        return text.toString();
    }
}
