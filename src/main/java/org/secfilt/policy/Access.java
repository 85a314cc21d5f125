package org.secfilt.policy;

import java.util.List;

/**
 * The rules for one direction (connect, bind) or kind (unix): deny beats allow beats the mode.
 *
 * @param mode what becomes of an address that no rule names
 * @param modeOrigin where the mode was chosen; for flags, what a denial is said to miss ({@code --allowed-netmask})
 */
public record Access(Mode mode, Origin modeOrigin, List<Rule> allow, List<Rule> deny) {
    /** Everything is allowed. */
    public static final Access OPEN = new Access(Mode.ALLOW, Origin.DEFAULT, List.of(), List.of());

    public Access {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
    }

    /** True if no call can be denied by these rules. */
    public boolean open() {
        return mode == Mode.ALLOW && deny.isEmpty();
    }
}
