package org.secfilt.policy;

import org.secfilt.abi.Printable;

/** Whether the command has a /tmp of its own. */
public enum PrivateTmp {
    /** It has the host's. */
    NO,
    /** A fresh one, from which nothing can be executed. */
    NOEXEC,
    /** A fresh one. */
    EXEC;

    /** @param word empty for the bare option, which means yes. @throws IllegalArgumentException saying what can be written */
    public static PrivateTmp parse(String word) {
        switch (word) {
            case "", "1", "yes", "true", "on":
                return NOEXEC;
            case "0", "no", "false", "off":
                return NO;
            case "exec":
                return EXEC;
            default:
                throw new IllegalArgumentException(
                        "'" + Printable.escape(word) + "' is neither yes nor no; write 1, 0, yes, no, true, false, on, off or exec");
        }
    }
}
