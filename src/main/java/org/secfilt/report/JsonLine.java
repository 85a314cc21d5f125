package org.secfilt.report;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.secfilt.abi.ByteString;

/**
 * One JSON object, written member by member, in a line of ASCII. No library: a run would pay for loading it.
 *
 * <p>Bytes that a tracee chose become a text that tells every byte: as UTF-8 where they are, and a byte that is none as the lone
 * surrogate U+DC80 to U+DCFF, which no text holds otherwise (Python calls that surrogateescape).
 */
final class JsonLine {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out = new StringBuilder("{");

    JsonLine add(String key, String value) {
        key(key);
        quote(value);
        return this;
    }

    JsonLine add(String key, ByteString value) {
        return add(key, text(value.toBytes()));
    }

    JsonLine add(String key, long value) {
        key(key);
        out.append(value);
        return this;
    }

    JsonLine add(String key, boolean value) {
        key(key);
        out.append(value);
        return this;
    }

    JsonLine addNull(String key) {
        key(key);
        out.append("null");
        return this;
    }

    JsonLine add(String key, Iterable<ByteString> values) {
        key(key);
        out.append('[');
        for (ByteString value : values) {
            comma('[');
            quote(text(value.toBytes()));
        }
        out.append(']');
        return this;
    }

    /** What is added until {@link #close} belongs to an object that is this member's value. */
    JsonLine open(String key) {
        key(key);
        out.append('{');
        return this;
    }

    JsonLine close() {
        out.append('}');
        return this;
    }

    /** The line with its newline. */
    byte[] toBytes() {
        return (out + "}\n").getBytes(StandardCharsets.US_ASCII);
    }

    private void key(String key) {
        comma('{');
        quote(key);
        out.append(':');
    }

    private void comma(char opening) {
        if (out.charAt(out.length() - 1) != opening) {
            out.append(',');
        }
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7f) {
                out.append(c);
            } else {
                out.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out.append(HEX.charAt(c >> shift & 0xf));
                }
            }
        }
        out.append('"');
    }

    /** The decoder is Java's: a byte that it would replace is found by encoding what it made of the bytes once more. */
    static String text(byte[] bytes) {
        String whole = new String(bytes, StandardCharsets.UTF_8);
        if (whole.indexOf('\ufffd') < 0) {
            return whole;
        }
        StringBuilder text = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length;) {
            int length = Math.min(sequenceLength(bytes[i]), bytes.length - i);
            String character = new String(bytes, i, length, StandardCharsets.UTF_8);
            byte[] again = character.getBytes(StandardCharsets.UTF_8);
            if (again.length == length && Arrays.equals(again, 0, length, bytes, i, i + length)) {
                text.append(character);
                i += length;
            } else {
                text.append((char) (0xdc00 | bytes[i] & 0xff));
                i++;
            }
        }
        return text.toString();
    }

    private static int sequenceLength(byte lead) {
        int unsigned = lead & 0xff;
        return unsigned < 0xc0 ? 1 : unsigned < 0xe0 ? 2 : unsigned < 0xf0 ? 3 : 4;
    }
}
