package org.secfilt.report;

import org.secfilt.kernel.KernelException;

/** Why secfilt itself fails, for the user, and for people who will tell us of a fault. */
public final class Fault {
    private static final int FRAMES = 5;

    private Fault() {}

    /** What happened and where, in one line; of what the kernel refused, its own words. */
    public static String words(Throwable fault) {
        if (fault instanceof KernelException) {
            return fault.getMessage();
        }
        StringBuilder words = new StringBuilder("a fault of secfilt itself: ").append(fault);
        StackTraceElement[] frames = fault.getStackTrace();
        for (int i = 0; i < FRAMES && i < frames.length; i++) {
            words.append(i == 0 ? " at " : " < ").append(frames[i]);
        }
        return words.toString();
    }
}
