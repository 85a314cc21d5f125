package org.secfilt.policy;

import org.secfilt.abi.Printable;

/** Which network the command has. */
public enum Net {
    /** The host's own. */
    HOST,
    /** One of its own with a loopback interface alone. */
    NONE,
    /** One of its own, joined to the host's by a pair of virtual interfaces, behind the host's addresses. */
    NAT;

    /** @throws IllegalArgumentException saying what can be written */
    public static Net parse(String word) {
        switch (word) {
            case "host":
                return HOST;
            case "none":
                return NONE;
            case "nat":
                return NAT;
            default:
                throw new IllegalArgumentException("'" + Printable.escape(word) + "' is no network; write host, none or nat");
        }
    }
}
