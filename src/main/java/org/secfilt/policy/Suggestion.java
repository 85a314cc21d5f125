package org.secfilt.policy;

/** Finds the word that a mistyped one was meant to be. */
public final class Suggestion {
    private static final int MAX_LENGTH = 64;
    private static final int SHORTEST_BEGINNING = 3;

    private Suggestion() {}

    /** "; did you mean 'mode'?", or, if no word is near, "; known here: mode, errno". */
    public static String of(String word, String... known) {
        String nearest = nearest(word, known);
        return nearest.isEmpty() ? "; known here: " + String.join(", ", known) : "; did you mean '" + nearest + "'?";
    }

    /** The one of the known words that it begins, or else that is near, or "". */
    public static String nearest(String word, String... known) {
        String nearest = onlyOneBegunBy(word, known);
        if (!nearest.isEmpty()) {
            return nearest;
        }
        int best = Integer.MAX_VALUE;
        for (String candidate : known) {
            int distance = distance(word.replace('_', '-'), candidate);
            if (distance < best && distance <= Math.max(1, candidate.length() / 3)) {
                best = distance;
                nearest = candidate;
            }
        }
        return nearest;
    }

    private static String onlyOneBegunBy(String word, String... known) {
        String found = "";
        for (String candidate : known) {
            if (word.length() >= SHORTEST_BEGINNING && candidate.startsWith(word)) {
                if (!found.isEmpty()) {
                    return "";
                }
                found = candidate;
            }
        }
        return found;
    }

    /** The least number of letters to put in, take out, replace or swap with their neighbour; case does not count. */
    private static int distance(String a, String b) {
        if (a.length() > MAX_LENGTH) {
            return MAX_LENGTH;
        }
        int[][] rows = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                rows[i][j] = i == 0 || j == 0 ? i + j : cheapest(rows, a, b, i, j);
            }
        }
        return rows[a.length()][b.length()];
    }

    private static int cheapest(int[][] rows, String a, String b, int i, int j) {
        int best = 1 + Math.min(rows[i - 1][j], rows[i][j - 1]);
        best = Math.min(best, rows[i - 1][j - 1] + (same(a, i, b, j) ? 0 : 1));
        boolean swapped = i > 1 && j > 1 && same(a, i - 1, b, j) && same(a, i, b, j - 1);
        return swapped ? Math.min(best, rows[i - 2][j - 2] + 1) : best;
    }

    private static boolean same(String a, int i, String b, int j) {
        return Character.toLowerCase(a.charAt(i - 1)) == b.charAt(j - 1);
    }
}
