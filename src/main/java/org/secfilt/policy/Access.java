package org.secfilt.policy;

import java.util.List;

/**
 * The rules for one direction (connect, bind) or kind (unix): deny beats allow beats the mode.
 *
 * @param mode what becomes of an address that no rule names
 * @param modeOrigin where the mode was chosen, or the allow list that implies it; if secfilter's options chose it, their names,
 *     which an address that is denied is not in: {@code allowed-netmask}, {@code allowed-port},
 *     {@code allowed-netmask, allowed-port} or {@code allowed-bind}
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

    /** Whether it depends on the port what becomes of an address. */
    public boolean namesPorts() {
        return namePorts(allow) || namePorts(deny);
    }

    private static boolean namePorts(List<Rule> rules) {
        for (Rule rule : rules) {
            if (rule.match() instanceof Match.Inet inet && !inet.ports().isEmpty()) {
                return true;
            }
        }
        return false;
    }
}
