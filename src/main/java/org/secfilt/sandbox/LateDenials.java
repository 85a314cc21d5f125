package org.secfilt.sandbox;

/** Has {@link Supervision} tell of what was held back and nothing followed, for as long as there is such: its process may go on for days. */
final class LateDenials extends Thread {
    /** The C library goes on within microseconds, but its machine may be busy. */
    private static final int MILLIS = 1000;

    private final Supervision supervision;

    private LateDenials(Supervision supervision) {
        super("late denials");
        this.supervision = supervision;
        setDaemon(true);
    }

    /** @return whether there is such a thread now: the user's limit of processes may be reached */
    static boolean begin(Supervision supervision) {
        try {
            new LateDenials(supervision).start();
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    @Override
    public void run() {
        try {
            do {
                sleep(MILLIS);
            } while (supervision.tellLate());
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts it", e);
        }
    }
}
