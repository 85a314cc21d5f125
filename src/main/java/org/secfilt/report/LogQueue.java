package org.secfilt.report;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.secfilt.kernel.LogFile;

/**
 * Lines on their way to a log or to standard error, written in their order by a thread of its own: whoever adds one never waits for the
 * file. What the file does not take, or what comes while the queue is full, is lost and counted. Safe to use from several threads.
 */
final class LogQueue implements Runnable {
    /** Some thousand events; the supervisor's heap is small. */
    static final int MAX_BYTES = 1 << 20;
    /** How long one write may wait. The thread then looks at the file again: no line is given up for being slow. */
    private static final int PATIENCE_MILLIS = 200;

    private final LogFile file;
    private final boolean atOnce;
    private final ArrayDeque<byte[]> lines = new ArrayDeque<>();
    /** Of the lines that wait, and of the one that is being written. */
    private int bytes;
    private long pending;
    private long lost;
    private int error;
    /** How often the thread had the file take something. */
    private long taken;
    private boolean stands;
    private boolean started;
    /** The file is not open: {@link #letGo}. */
    private boolean gone;

    private LogQueue(LogFile file, boolean atOnce) {
        this.file = file;
        this.atOnce = atOnce;
    }

    /** Every line is the thread's to write, so that adding one costs little. */
    static LogQueue whichWritesLater(LogFile file) {
        return new LogQueue(file, false);
    }

    /** A line that the file takes without a wait is written when it is added. The thread is made for the first one that is not taken. */
    static LogQueue whichWritesAtOnce(LogFile file) {
        return new LogQueue(file, true);
    }

    /** The thread does not keep the virtual machine alive. */
    private boolean start() {
        try {
            Thread writer = new Thread(this, "log");
            writer.setDaemon(true);
            writer.start();
            return true;
        } catch (OutOfMemoryError e) {
            return false; // the user's limit of processes; the line waits for another one's luck
        }
    }

    synchronized void add(byte[] whole) {
        if (gone) {
            gone = false;
            file.takeAgain();
        }
        byte[] line = atOnce && pending == 0 ? write(whole) : whole;
        if (line.length == 0) {
            return;
        }
        if (bytes + line.length > MAX_BYTES) {
            lost++;
            return;
        }
        lines.add(line);
        bytes += line.length;
        pending++;
        started = started || start();
        notifyAll();
    }

    /** While the thread has nothing to write. @return what is left for it */
    private byte[] write(byte[] line) {
        int rc = file.write(line, 0, 0);
        if (rc < 0) {
            lost++;
            error = -rc;
            return new byte[0];
        }
        return Arrays.copyOfRange(line, rc, line.length);
    }

    /** Waits until all is written or lost, but no longer than this. */
    synchronized void flush(int millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000L;
        long before = taken;
        for (long left = end - System.nanoTime(); pending > 0 && left > 0; left = end - System.nanoTime()) {
            wait(left / 1_000_000 + 1);
        }
        stands = pending > 0 && taken == before;
    }

    /** Until a line is added the file is not open, and what waits is lost. */
    synchronized void letGo() {
        gone = true;
        file.letGo();
        for (byte[] line : lines) {
            bytes -= line.length;
            pending--;
            lost++;
        }
        lines.clear();
    }

    /** Whether the file took nothing at all while {@link #flush} last waited for it. */
    synchronized boolean stands() {
        return stands;
    }

    private synchronized void took() {
        taken++;
    }

    /** The lines that the file will not have. */
    synchronized long lost() {
        return lost;
    }

    /** The lines that are not in the file: lost, or waiting still. */
    synchronized long missing() {
        return lost + pending;
    }

    boolean isRemoved() {
        return file.isRemoved();
    }

    boolean isOutOfReach() {
        return file.isOutOfReach();
    }

    /** The error number that the file answered last, or 0. */
    synchronized int error() {
        return error;
    }

    @Override
    public void run() {
        boolean torn = file.endsInMidLine();
        try {
            while (true) {
                byte[] line = next();
                byte[] whole = torn ? join(line) : line;
                int at = 0;
                int rc = 0;
                while (at < whole.length && rc >= 0) {
                    rc = file.write(whole, at, PATIENCE_MILLIS);
                    at += Math.max(0, rc);
                    if (rc > 0) {
                        took();
                    }
                }
                torn = rc < 0 && (torn || at > 0);
                done(line, rc);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized byte[] next() throws InterruptedException {
        while (lines.isEmpty()) {
            wait();
        }
        return lines.remove();
    }

    private synchronized void done(byte[] line, int rc) {
        bytes -= line.length;
        pending--;
        if (rc < 0) {
            lost++;
            error = -rc;
        }
        notifyAll();
    }

    /** Behind half a line a whole one begins in a line of its own. */
    private static byte[] join(byte[] line) {
        byte[] joined = new byte[line.length + 1];
        joined[0] = '\n';
        System.arraycopy(line, 0, joined, 1, line.length);
        return joined;
    }
}
