package org.secfilt.policy;

/** What becomes of an address that no rule names. */
public enum Mode {
    ALLOW,
    DENY,
    /** Loopback addresses are allowed, all others denied. Of unix sockets: denied. */
    LOCAL
}
