package org.secfilt.e2e;

import java.util.List;

/** Who runs a command. */
public enum User {
    ROOT,
    /** A user without privileges, groups or an account. */
    ORDINARY;

    /** The words that a command of root's begins with to go on as an ordinary user. */
    static final List<String> TO_ORDINARY = List.of("setpriv", "--reuid=" + Command.ORDINARY_UID, "--regid=" + Command.ORDINARY_UID, "--clear-groups");
}
