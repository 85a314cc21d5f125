package org.secfilt.tracer;

/**
 * When others are to be served. The kernel tells of the newest tracee's stop first; one that stops without end, or has each answer take long,
 * has the next ready by then. So that such ones keep nobody else waiting, now and then all others that have stopped are answered once.
 */
final class Turns {
    /** After so many stops for each tracee, up to the greater number. To ask whether one has stopped costs a fortieth of an answer. */
    private static final int STOPS_EACH = 32;
    private static final int MOST_STOPS = 2048;

    /** Since others were served. */
    private int stops;

    /** A stop was answered. @return whether it is others' turn now */
    boolean isOver(int tracees, boolean tookLong) {
        boolean over = tookLong || ++stops >= Math.max(tracees, Math.min(STOPS_EACH * tracees, MOST_STOPS));
        stops = over ? 0 : stops;
        return over;
    }
}
