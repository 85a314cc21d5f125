package org.secfilt.report;

/**
 * One change of what the user wrote.
 *
 * @param where the place or the list to change; empty for what is on the command line
 * @param what to write there
 */
record Edit(Kind kind, String where, String what) {
    /** In the order in which they are told. */
    enum Kind {
        ADD_OPTIONS("add ", " "),
        LEAVE_OUT("leave out ", " "),
        CHANGE("change ", ", "),
        SET("set ", ", "),
        ADD_FAMILY("add ", ", "),
        ADD_LINE("add ", ", "),
        ADD_ENTRY("add to ", ", ");

        final String verb;
        final String between;

        Kind(String verb, String between) {
            this.verb = verb;
            this.between = between;
        }
    }

    /** What stands before all that is to be done there. */
    String intro() {
        return switch (kind) {
            case ADD_OPTIONS, LEAVE_OUT, CHANGE, SET, ADD_FAMILY -> kind.verb;
            case ADD_LINE -> kind.verb + "below " + where + " the line ";
            case ADD_ENTRY -> kind.verb + where + ": ";
        };
    }

    /** What stands behind it. */
    String outro() {
        return kind == Kind.ADD_FAMILY ? " to the families in " + where : kind == Kind.SET ? " in " + where : "";
    }

    boolean isBeside(Edit other) {
        return kind == other.kind && where.equals(other.where);
    }
}
