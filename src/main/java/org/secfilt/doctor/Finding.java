package org.secfilt.doctor;

/**
 * What a probe found.
 *
 * @param what the thing that was looked for
 * @param found what there is of it
 * @param enforced what is held by it here; empty if nothing is
 * @param missing what is not held for want of it; empty if nothing is wanting
 * @param remedy how to get it: a package, a sysctl, an option; empty if nothing is wanting, or nothing helps
 * @param needed whether network policies cannot be held at all without it
 */
public record Finding(String what, State state, String found, String enforced, String missing, String remedy, boolean needed) {
    /** How much of it there is. */
    public enum State {
        YES,
        PARTLY,
        NO
    }

    static Finding yes(String what, String found, String enforced) {
        return new Finding(what, State.YES, found, enforced, "", "", false);
    }

    static Finding partly(String what, String found, String enforced, String missing, String remedy) {
        return new Finding(what, State.PARTLY, found, enforced, missing, remedy, false);
    }

    static Finding no(String what, String found, String missing, String remedy) {
        return new Finding(what, State.NO, found, "", missing, remedy, false);
    }

    /** The same of a thing without which no network policy is held. */
    Finding asNeeded() {
        return new Finding(what, state, found, enforced, missing, remedy, true);
    }

    boolean forbids() {
        return needed && state == State.NO;
    }
}
