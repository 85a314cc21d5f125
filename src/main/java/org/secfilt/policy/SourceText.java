package org.secfilt.policy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A file of the user's, read as text, that can quote its own lines in complaints. */
public final class SourceText {
    /** Far above any policy written by hand or generated from a list of hosts, and read in a moment. */
    static final int MAX_BYTES = 256 * 1024;

    private final String name;
    private final String text;
    private final List<String> lines;
    /** The place that was asked for last, and its index in its line: readers ask for one after the other, and a line may be as long as the file. */
    private int lastLine;
    private int lastColumn;
    private int lastIndex;

    private SourceText(String name, String text) {
        this.name = name;
        this.text = text;
        this.lines = split(text);
    }

    /**
     * Reads a file that must be UTF-8 of moderate size, without control characters (tab, line feed and CR LF excepted):
     * so every reader and every editor agrees on its lines.
     */
    public static SourceText read(String name, Opener opener) throws InvalidPolicyException {
        byte[] bytes;
        try {
            bytes = opener.read(name, MAX_BYTES + 1);
        } catch (IOException e) {
            throw new InvalidPolicyException(List.of(Complaint.ofFile(name, e.getMessage())));
        }
        return decode(name, bytes);
    }

    static SourceText decode(String name, byte[] bytes) throws InvalidPolicyException {
        if (bytes.length > MAX_BYTES) {
            throw new InvalidPolicyException(
                    List.of(Complaint.ofFile(name,
                            "the file is longer than " + MAX_BYTES / 1024 + " KiB; write it as several, each given by itself")));
        }
        CharBuffer chars = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), chars, true);
        String decoded = chars.flip().toString();
        // A byte order mark belongs to no line.
        SourceText source = new SourceText(name, decoded.startsWith("\ufeff") ? decoded.substring(1) : decoded);
        if (result.isError()) {
            int last = source.lines.size();
            String line = source.line(last);
            throw new InvalidPolicyException(List.of(
                    source.complaint(last, line.codePointCount(0, line.length()) + 1, "the file is not UTF-8 from here on; save it as UTF-8")));
        }
        source.refuseControlCharacters();
        return source;
    }

    public String text() {
        return text;
    }

    public int lineCount() {
        return lines.size();
    }

    /** Without its line end. {@code number} counts from 1; a line past the last is empty. */
    public String line(int number) {
        return number <= lines.size() ? lines.get(number - 1) : "";
    }

    /** The character at a place, both counted from 1; 0 past the end of the line. */
    public int characterAt(int line, int column) {
        String text = line(line);
        boolean onward = line == lastLine && column >= lastColumn;
        int index = onward ? lastIndex : 0;
        for (int i = onward ? lastColumn : 1; i < column && index < text.length(); i++) {
            index += Character.charCount(text.codePointAt(index));
        }
        lastLine = line;
        lastColumn = column;
        lastIndex = index;
        return index < text.length() ? text.codePointAt(index) : 0;
    }

    public Complaint complaint(int line, int column, String message) {
        return new Complaint(name, line, column, message, line(line));
    }

    public Origin origin(int line, int column) {
        return Origin.file(name, line, column);
    }

    private void refuseControlCharacters() throws InvalidPolicyException {
        List<Complaint> complaints = new ArrayList<>();
        for (int number = 1; number <= lines.size(); number++) {
            String line = line(number);
            for (int i = 0; i < line.length(); i++) {
                if (isControl(line.charAt(i))) {
                    int column = line.codePointCount(0, i) + 1;
                    complaints.add(complaint(number, column, "a control character, "
                            + codePoint(line.charAt(i)) + ", stands here"));
                    break;
                }
            }
        }
        if (!complaints.isEmpty()) {
            throw new InvalidPolicyException(complaints);
        }
    }

    /** U+0085, U+2028 and U+2029 end a line for YAML 1.1 and for no editor. */
    private static boolean isControl(char c) {
        return c < 0x20 && c != '\t' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' || c >= '\ufffe';
    }

    private static String codePoint(char c) {
        String hex = Integer.toHexString(c).toUpperCase(Locale.ROOT);
        return "U+" + "0".repeat(4 - hex.length()) + hex;
    }

    private static List<String> split(String text) {
        List<String> lines = new ArrayList<>();
        int at = 0;
        while (at <= text.length()) {
            int newline = text.indexOf('\n', at);
            int end = newline < 0 ? text.length() : newline;
            boolean crlf = newline > at && text.charAt(newline - 1) == '\r';
            lines.add(text.substring(at, crlf ? end - 1 : end));
            at = end + 1;
        }
        return lines;
    }
}
