package org.secfilt.e2e;

/** Who runs a command. */
public enum User {
    ROOT,
    /** A user without privileges, groups or an account. */
    ORDINARY
}
