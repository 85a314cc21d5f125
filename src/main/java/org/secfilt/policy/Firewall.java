package org.secfilt.policy;

import org.secfilt.abi.Printable;

/** Whether packets are judged too, by the host's packet filter. */
public enum Firewall {
    /** Where the host lets us. */
    AUTO,
    /** Without it nothing is run. */
    REQUIRE,
    OFF;

    /** @throws IllegalArgumentException saying what can be written */
    public static Firewall parse(String word) {
        switch (word) {
            case "auto":
                return AUTO;
            case "require":
                return REQUIRE;
            case "off":
                return OFF;
            default:
                throw new IllegalArgumentException(
                        "'" + Printable.escape(word) + "' is no use of the firewall; write auto, require or off");
        }
    }
}
