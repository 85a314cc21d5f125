package org.secfilt.policy;

import org.secfilt.abi.Printable;

/** What becomes of descriptors open at launch that carry traffic where the policy would not let it go. */
public enum Inherit {
    /** They stay, with a warning. */
    KEEP,
    /** They are closed, with a warning. */
    CLOSE,
    /** Nothing is run. */
    REFUSE;

    /** @throws IllegalArgumentException saying what can be written */
    public static Inherit parse(String word) {
        switch (word) {
            case "keep":
                return KEEP;
            case "close":
                return CLOSE;
            case "refuse":
                return REFUSE;
            default:
                throw new IllegalArgumentException(
                        "'" + Printable.escape(word) + "' is nothing to do with inherited sockets; write keep, close or refuse");
        }
    }
}
