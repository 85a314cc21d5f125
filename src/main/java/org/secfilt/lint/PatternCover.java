package org.secfilt.lint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.ByteString;

/**
 * Whether one pattern for unix sockets matches whatever another one matches. Where it says so it is so; of patterns that it does not see
 * through it says no.
 */
final class PatternCover {
    private static final byte STAR = '*';
    private static final byte SLASH = '/';
    /** Any bytes of one directory entry. */
    private static final int ENTRY = -1;
    /** Any bytes. */
    private static final int ANY = -2;
    /** Any bytes that end in a slash, or nothing. */
    private static final int DIRECTORIES = -3;

    private final int[] broad;
    private final int[] narrow;
    /** By the places in both: what is left there is known not to fit. */
    private final boolean[][] futile;

    private PatternCover(int[] broad, int[] narrow) {
        this.broad = broad;
        this.narrow = narrow;
        this.futile = new boolean[broad.length + 1][narrow.length + 1];
    }

    static boolean ofPaths(String broad, String narrow) {
        return new PatternCover(parts(broad, true), parts(narrow, true)).fits(0, 0);
    }

    static boolean ofNames(String broad, String narrow) {
        return new PatternCover(parts(broad, false), parts(narrow, false)).fits(0, 0);
    }

    /** A byte each, or what a run of stars stands for; see {@code verdict.Pattern}. */
    private static int[] parts(String pattern, boolean path) {
        byte[] bytes = ByteString.of(pattern).toBytes();
        List<Integer> parts = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != STAR) {
                parts.add(bytes[i] & 0xff);
                continue;
            }
            int first = i;
            while (i + 1 < bytes.length && bytes[i + 1] == STAR) {
                i++;
            }
            boolean directories = path && i > first && first > 0 && bytes[first - 1] == SLASH && i + 1 < bytes.length && bytes[i + 1] == SLASH;
            if (directories) {
                i++;
            }
            parts.add(directories ? DIRECTORIES : path && i == first ? ENTRY : ANY);
        }
        int[] all = new int[parts.size()];
        Arrays.setAll(all, parts::get);
        return all;
    }

    /** What is left of the one from {@code b} on, and of the other from {@code n} on. A part of stars takes those that it can hold. */
    private boolean fits(int b, int n) {
        if (b == broad.length) {
            return n == narrow.length;
        }
        if (futile[b][n]) {
            return false;
        }
        boolean more = n < narrow.length;
        boolean fits = switch (broad[b]) {
            case ANY -> fits(b + 1, n) || more && fits(b, n + 1);
            case ENTRY -> fits(b + 1, n) || more && narrow[n] != SLASH && narrow[n] != ANY && narrow[n] != DIRECTORIES && fits(b, n + 1);
            case DIRECTORIES -> fits(b + 1, n) || more && fitsDirectories(b, n);
            default -> more && narrow[n] == broad[b] && fits(b + 1, n + 1);
        };
        futile[b][n] = !fits;
        return fits;
    }

    /** Up to some slash, and perhaps on to a later one. */
    private boolean fitsDirectories(int b, int n) {
        for (int end = n; end < narrow.length; end++) {
            if ((narrow[end] == SLASH || narrow[end] == DIRECTORIES) && fits(b + 1, end + 1)) {
                return true;
            }
        }
        return false;
    }
}
