package org.secfilt.bpf;

/** A place in one line of a listing. What it takes, it takes with the space behind. */
final class ListingCursor {
    private final String text;
    private final int line;
    private int at;

    ListingCursor(String text, int line) {
        this.text = text;
        this.line = line;
    }

    int line() {
        return line;
    }

    /** From 1. */
    int column() {
        return at + 1;
    }

    /** Skips blanks and comments that end in this line. */
    void skipSpace() {
        while (at < text.length()) {
            if (text.charAt(at) == ' ' || text.charAt(at) == '\t') {
                at++;
            } else if (startsWith("/*")) {
                int end = text.indexOf("*/", at + 2);
                if (end < 0) {
                    throw error(column(), "this comment does not end in its line");
                }
                at = end + 2;
            } else {
                return;
            }
        }
    }

    boolean atEnd() {
        return at == text.length() || text.charAt(at) == ';';
    }

    boolean startsWith(String symbol) {
        return text.startsWith(symbol, at);
    }

    /** What stands behind the ';' and the blank after it. */
    String restOfComment() {
        int start = at + 1 < text.length() && text.charAt(at + 1) == ' ' ? at + 2 : at + 1;
        return text.substring(start);
    }

    boolean take(String symbol) {
        if (!startsWith(symbol)) {
            return false;
        }
        at += symbol.length();
        skipSpace();
        return true;
    }

    /** Takes {@code word}, in either case, if it stands here and does not go on. */
    boolean takeWord(String word) {
        int end = wordEnd();
        if (end - at != word.length() || !text.regionMatches(true, at, word, 0, word.length())) {
            return false;
        }
        at = end;
        skipSpace();
        return true;
    }

    /** Takes {@code x} or {@code %x}. */
    boolean takeRegister(String register) {
        int start = at;
        if (startsWith("%")) {
            at++;
        }
        if (takeWord(register)) {
            return true;
        }
        at = start;
        return false;
    }

    String word(String what) {
        int end = wordEnd();
        if (end == at || isDigit(text.charAt(at))) {
            throw expected(what);
        }
        String word = text.substring(at, end);
        at = end;
        skipSpace();
        return word;
    }

    /** A number of 32 bits: decimal, 0x hexadecimal, 0b binary or 0 octal; a decimal one may be negative. */
    int number() {
        int start = at;
        boolean negative = startsWith("-");
        if (negative || startsWith("+")) {
            at++;
        }
        int end = wordEnd();
        String digits = text.substring(at, end);
        int radix = 10;
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            radix = 16;
        } else if (digits.startsWith("0b") || digits.startsWith("0B")) {
            radix = 2;
        } else if (digits.startsWith("0") && digits.length() > 1) {
            radix = 8;
        }
        long value = value(digits.substring(radix == 16 || radix == 2 ? 2 : 0), radix, start);
        if (negative ? radix != 10 || value > 1L << 31 : value > 0xffff_ffffL) {
            throw error(start + 1, "'" + text.substring(start, end) + "' has no place in 32 bits");
        }
        at = end;
        skipSpace();
        return (int) (negative ? -value : value);
    }

    private long value(String digits, int radix, int start) {
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) < 0x80 ? Character.digit(digits.charAt(i), radix) : -1;
            if (digit < 0) {
                at = start;
                throw expected("a number");
            }
            // Stays put once above any limit, so that a long number cannot wrap round.
            value = value > 0xffff_ffffL ? value : value * radix + digit;
        }
        if (digits.isEmpty()) {
            at = start;
            throw expected("a number");
        }
        return value;
    }

    void expect(String symbol) {
        if (!take(symbol)) {
            throw expected("'" + symbol + "'");
        }
    }

    void expectEnd() {
        if (!atEnd()) {
            throw expected("the end of the line");
        }
    }

    private ListingException expected(String what) {
        if (atEnd()) {
            return error(column(), "here the line ends, but " + what + " should follow");
        }
        char c = text.charAt(at);
        String found = c <= ' ' || c >= 0x7f
                ? "character 0x" + Integer.toHexString(c)
                : "'" + text.substring(at, Math.max(wordEnd(), at + 1)) + "'";
        return error(column(), "here should be " + what + ", not " + found);
    }

    ListingException error(int column, String what) {
        return new ListingException(line, column, what);
    }

    private int wordEnd() {
        int end = at;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isWord(char c) {
        return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
