package org.secfilt.policy;

import org.secfilt.abi.Printable;

/**
 * One thing that is wrong with a file, at its place. It prints as
 * <pre>
 * policies/web.yaml:12:13: port 70000 is above 65535
 *       port: 70000
 *             ^
 * </pre>
 *
 * @param file its name as the user gave it
 * @param line from 1; 0 when the file as a whole is meant (it cannot be read), then nothing is quoted
 * @param column from 1, in characters
 * @param source the line's text, quoted below the message unless there is nothing to see in it
 */
public record Complaint(String file, int line, int column, String message, String source)
        implements Comparable<Complaint> {
    /** Of a long line only the part around the place is shown. */
    private static final int SHOWN_COLUMNS = 100;

    private static final int TAB_COLUMNS = 8;

    public static Complaint ofFile(String file, String message) {
        return new Complaint(file, 0, 0, message, "");
    }

    @Override
    public int compareTo(Complaint other) {
        return line != other.line ? Integer.compare(line, other.line) : Integer.compare(column, other.column);
    }

    /** Three lines without a last line end; one when no place is known, or its line shows nothing. Nothing in it can steer a terminal. */
    @Override
    public String toString() {
        String name = Printable.escape(file);
        if (line == 0) {
            return name + ": " + message;
        }
        String said = name + ":" + line + ":" + column + ": " + message;
        return source.isBlank() ? said : said + "\n" + excerpt();
    }

    private String excerpt() {
        int characters = source.codePointCount(0, source.length());
        boolean single = characters == source.length();
        // More is never shown, and a line may be as long as the file.
        int from = Math.max(0, Math.min(column - 1, characters) - 2 * SHOWN_COLUMNS);
        int to = Math.min(characters, from + 4 * SHOWN_COLUMNS);
        String near = single ? source.substring(from, to)
                : source.substring(source.offsetByCodePoints(0, from), source.offsetByCodePoints(0, to));
        StringBuilder shown = new StringBuilder();
        int width = 0;
        int caret = 0;
        int character = from + 1;
        for (int i = 0; i < near.length(); character++) {
            int codePoint = near.codePointAt(i);
            if (character == column) {
                caret = width;
            }
            String text = shown(codePoint, width);
            width += text.length();
            shown.append(text);
            i += Character.charCount(codePoint);
        }
        if (character <= column) {
            caret = width;
        }
        return width <= SHOWN_COLUMNS ? withCaret(shown.toString(), caret) : cut(shown.toString(), caret);
    }

    private static String cut(String shown, int caret) {
        int from = Math.max(0, Math.min(caret - SHOWN_COLUMNS / 2, shown.length() - SHOWN_COLUMNS));
        int to = Math.min(shown.length(), from + SHOWN_COLUMNS);
        String before = from > 0 ? "..." : "";
        String after = to < shown.length() ? "..." : "";
        return withCaret(before + shown.substring(from, to) + after, caret - from + before.length());
    }

    private static String withCaret(String shown, int caret) {
        return shown + "\n" + " ".repeat(caret) + "^";
    }

    private static String shown(int codePoint, int width) {
        if (codePoint == '\t') {
            return " ".repeat(TAB_COLUMNS - width % TAB_COLUMNS);
        }
        return codePoint == '\\' ? "\\" : Printable.escape(new String(Character.toChars(codePoint)));
    }
}
