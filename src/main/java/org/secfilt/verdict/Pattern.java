package org.secfilt.verdict;

import java.util.Arrays;
import org.secfilt.abi.ByteString;

/**
 * A pattern over bytes, as users write it for unix sockets.
 *
 * <p>Of a path, {@code *} stands for any bytes of one directory entry, {@code **} for any bytes at all, and {@code **}{@code /} also for
 * nothing: {@code /run/**}{@code /bus} is {@code /run/bus} too. Of an abstract name, {@code *} stands for any bytes. All else stands for
 * itself, and all of the name must be matched: {@code /tmp/a} is not {@code /tmp/ab}, nor {@code /tmp/a/b}.
 */
final class Pattern {
    private static final byte STAR = '*';
    private static final byte SLASH = '/';

    private final byte[] pattern;
    private final boolean path;

    private Pattern(String pattern, boolean path) {
        this.pattern = ByteString.of(pattern).toBytes();
        this.path = path;
    }

    static Pattern ofPath(String pattern) {
        return new Pattern(pattern, true);
    }

    static Pattern ofName(String pattern) {
        return new Pattern(pattern, false);
    }

    /**
     * Goes through the name once, with all the places in the pattern that it could be at: time is their product, whatever the stars, as
     * the name comes from a tracee.
     */
    boolean matches(ByteString name) {
        boolean[] at = new boolean[pattern.length + 1];
        boolean[] next = new boolean[pattern.length + 1];
        reach(at, 0);
        for (int i = 0; i < name.length(); i++) {
            byte b = name.at(i);
            for (int p = 0; p < pattern.length; p++) {
                if (!at[p]) {
                    continue;
                }
                if (pattern[p] != STAR) {
                    if (pattern[p] == b) {
                        reach(next, p + 1);
                    }
                } else if (!path || crosses(p) || b != SLASH) {
                    next[p] = true;
                    next[afterStars(p)] = true;
                }
            }
            boolean[] spent = at;
            at = next;
            next = spent;
            Arrays.fill(next, false);
        }
        return at[pattern.length];
    }

    /** Marks place {@code p}, and those behind it that need no byte. */
    private void reach(boolean[] at, int p) {
        at[p] = true;
        if (p == pattern.length || pattern[p] != STAR) {
            return;
        }
        int behind = afterStars(p);
        at[behind] = true;
        boolean directories = crosses(p) && behind < pattern.length && pattern[behind] == SLASH && p > 0 && pattern[p - 1] == SLASH;
        if (path && directories) {
            reach(at, behind + 1);
        }
    }

    /** Whether the star at {@code p} is the first of two or more. */
    private boolean crosses(int p) {
        return p + 1 < pattern.length && pattern[p + 1] == STAR;
    }

    private int afterStars(int p) {
        int place = p;
        while (place < pattern.length && pattern[place] == STAR) {
            place++;
        }
        return place;
    }
}
