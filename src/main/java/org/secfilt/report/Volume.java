package org.secfilt.report;

/** How much the user wants to hear. */
public enum Volume {
    /** {@code -q}: secfilt's own errors only. */
    QUIET,
    NORMAL,
    /** {@code -v}: also what the sandbox does, though nothing is denied. */
    VERBOSE
}
