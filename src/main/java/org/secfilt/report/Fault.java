package org.secfilt.report;

/** A fault of secfilt itself, for people who will tell us of it. */
public final class Fault {
    private static final int FRAMES = 5;

    private Fault() {}

    /** What happened and where, in one line. */
    public static String words(Throwable fault) {
        StringBuilder words = new StringBuilder("a fault of secfilt itself: ").append(fault);
        StackTraceElement[] frames = fault.getStackTrace();
        for (int i = 0; i < FRAMES && i < frames.length; i++) {
            words.append(i == 0 ? " at " : " < ").append(frames[i]);
        }
        return words.toString();
    }
}
