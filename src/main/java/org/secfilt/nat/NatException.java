package org.secfilt.nat;

/** A step of joining the networks failed, and what the steps before had made is gone again. */
public final class NatException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param message the step, and what went wrong */
    public NatException(String message) {
        super(message);
    }
}
