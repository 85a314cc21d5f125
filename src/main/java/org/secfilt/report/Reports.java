package org.secfilt.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.secfilt.abi.Printable;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.LogFile;
import org.secfilt.plan.Plan;

/**
 * Tells the user of denials as they happen, each distinct one once, and of all of them at the end.
 *
 * <p>Two denials are the same if call, destination, program name and reason are. Whatever a sandboxed process does, no more than
 * {@link #MAX_LINES} lines are printed and {@link #MAX_DISTINCT} denials remembered; the rest is counted. Safe to use from several
 * threads.
 */
public final class Reports {
    /** A process can make up endless destinations; beyond this many lines nobody reads them, and a log would fill. */
    static final int MAX_LINES = 100;
    /** Some 100 KiB, a megabyte at worst. */
    static final int MAX_DISTINCT = 1000;
    /** In characters: a line stays below PIPE_BUF, 4096 bytes, which a pipe takes whole. pipe(7) */
    static final int MAX_LINE = 1000;
    private static final int FLUSH_MILLIS = 1000;
    /** The rows of the summary: with a heading and the advice it stays on a screen. */
    static final int MAX_ROWS = 5;
    /** As many as are advised on, rows or not: what options for fifteen IPv6 addresses take is within {@link #MAX_LINE}. */
    static final int MAX_ADVISED = 15;

    private final LogQueue sink;
    private final Volume volume;
    private final Paint paint;

    private final Map<String, Seen> seen = new HashMap<>();
    /** In the order of their first time. */
    private final List<Seen> distinct = new ArrayList<>();
    private long calls;
    /** Of the calls, those that a summary has told of. */
    private long summed;
    private boolean overflowed;

    /**
     * @param sink may take none, as a pipe that nobody reads: lines then wait for it, and only {@link #flush} waits with them
     * @param colour whether the sink is a terminal that wants colours
     */
    public Reports(LogFile sink, Volume volume, boolean colour) {
        this.sink = LogQueue.whichWritesAtOnce(sink);
        this.volume = volume;
        this.paint = new Paint(colour);
    }

    /** @return false if it was only counted: there were too many others */
    public synchronized boolean denied(JudgedCall denial) {
        calls++;
        String key = DenialText.withoutPid(denial);
        Seen known = seen.get(key);
        if (known != null) {
            known.times++;
            return true;
        }
        if (distinct.size() == MAX_DISTINCT) {
            overflowed = true;
            return false;
        }
        known = new Seen(denial);
        seen.put(key, known);
        distinct.add(known);
        if (volume == Volume.QUIET) {
            return true;
        }
        boolean shows = distinct.size() <= MAX_LINES;
        if (shows) {
            show(denial);
        } else if (distinct.size() == MAX_LINES + 1) {
            print(MAX_LINES + " different denials shown; further ones are only counted");
        }
        return shows;
    }

    /** Whatever was told before: it costs all processes their lives. */
    public synchronized void show(JudgedCall denial) {
        if (volume != Volume.QUIET) {
            print(paint.red("denied") + " " + DenialText.line(denial));
        }
    }

    /** How many calls were denied so far, repeats included. */
    public synchronized long deniedCalls() {
        return calls;
    }

    /** Whether {@link #note} prints, for notes that cost something to make. */
    public boolean isVerbose() {
        return volume == Volume.VERBOSE;
    }

    /** What the sandbox does, for those who asked for it. Foreign text in it must have been made {@link Printable}. */
    public synchronized void note(String text) {
        if (volume == Volume.VERBOSE) {
            print(text);
        }
    }

    /** Something the user should know though nothing failed. */
    public synchronized void warn(String text) {
        if (volume != Volume.QUIET) {
            print(text);
        }
    }

    /** Why nothing is run. Nobody is told who was killed meanwhile, as by Ctrl-C: with it went what there was to read of it. */
    public void refusal(FrontEnd asker, String text) {
        if (!asker.isGone()) {
            error(text);
        }
    }

    /** A failure of secfilt itself; never silenced. */
    public synchronized void error(String text) {
        print(text);
        flush();
    }

    /**
     * Tells how many calls were denied, which most often, and what would allow them; nothing if nothing was denied. Another time, how many
     * more there are.
     *
     * @param plan that denied them
     */
    public synchronized void summary(Plan plan) {
        if (calls == summed || volume == Volume.QUIET) {
            return;
        }
        List<Seen> rows = rows();
        print(paint.bold(heading(rows.size())));
        List<JudgedCall> advised = new ArrayList<>();
        boolean isNew = false;
        for (int i = 0; i < rows.size(); i++) {
            Seen row = rows.get(i);
            if (i < MAX_ADVISED) {
                advised.add(row.first);
                isNew |= row.summed == 0;
            }
            if (i < MAX_ROWS) {
                print("  " + DenialText.row(row.first, row.times - row.summed));
            }
            row.summed = row.times;
        }
        summed = calls;
        if (rows.size() > MAX_ROWS) {
            print("  and " + (rows.size() - MAX_ROWS) + " more" + (overflowed ? ", at least" : ""));
        }
        if (isNew) {
            for (String line : Advice.lines(plan, advised, rows.size() > MAX_ADVISED)) {
                print(line);
            }
        }
        long lost = sink.lost();
        if (lost > 0) {
            print(lost + (lost == 1 ? " line was" : " lines were") + " lost, as standard error took none");
        }
        flush();
    }

    /** Waits until all is written, but no longer than a second. */
    public void flush() {
        try {
            sink.flush(FLUSH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Those that came since the last summary. */
    private List<Seen> rows() {
        List<Seen> rows = new ArrayList<>();
        for (Seen row : distinct) {
            if (row.times > row.summed) {
                rows.add(row);
            }
        }
        rows.sort(Seen.MOST_FIRST);
        return rows;
    }

    private String heading(int different) {
        long denied = calls - summed;
        String heading = denied + (summed > 0 ? " more" : "") + (denied == 1 ? " call" : " calls") + " denied";
        if (denied == 1) {
            return heading + ":";
        }
        return heading + (overflowed ? " (more than " : " (") + different + " distinct):";
    }

    private void print(String text) {
        String line = text.length() <= MAX_LINE ? text : text.substring(0, MAX_LINE) + "...";
        sink.add((paint.bold("secfilt:") + " " + line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** A distinct denial and how often it came. */
    private static final class Seen {
        static final Comparator<Seen> MOST_FIRST = new MostFirst();

        final JudgedCall first;
        long times = 1;
        /** Of these, how many a summary has told of. */
        long summed;

        Seen(JudgedCall first) {
            this.first = first;
        }
    }

    /** A class of its own: a lambda would cost milliseconds at its first use. */
    private static final class MostFirst implements Comparator<Seen> {
        @Override
        public int compare(Seen a, Seen b) {
            return Long.compare(b.times - b.summed, a.times - a.summed);
        }
    }
}
