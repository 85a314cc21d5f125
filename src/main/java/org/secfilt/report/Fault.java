package org.secfilt.report;

import org.secfilt.kernel.KernelException;

/** Why secfilt itself fails, for the user, the limit that it met, and for people who will tell us of a fault. */
public final class Fault {
    private static final int FRAMES = 5;
    /** The virtual machine's words for EAGAIN of pthread_create(3). */
    private static final String NO_THREAD = "unable to create native thread";

    private Fault() {}

    /** What happened and where, in one line; of what the kernel refused, its own words. */
    public static String words(Throwable fault) {
        if (fault instanceof KernelException) {
            return fault.getMessage();
        }
        if (fault instanceof OutOfMemoryError && String.valueOf(fault.getMessage()).startsWith(NO_THREAD)) {
            return "no further thread can be started: is there a limit on them (ulimit -u)?";
        }
        StringBuilder words = new StringBuilder("a fault of secfilt itself: ").append(fault);
        StackTraceElement[] frames = fault.getStackTrace();
        for (int i = 0; i < FRAMES && i < frames.length; i++) {
            words.append(i == 0 ? " at " : " < ").append(frames[i]);
        }
        return words.toString();
    }
}
