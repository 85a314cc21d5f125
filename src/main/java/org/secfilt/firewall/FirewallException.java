package org.secfilt.firewall;

/** A step of raising the firewall failed, and what the steps before had made is gone again. */
public final class FirewallException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param message the step, and what went wrong */
    public FirewallException(String message) {
        super(message);
    }
}
