package org.secfilt.abi;

import java.nio.charset.StandardCharsets;

/**
 * Text of foreign origin made fit for a terminal. What comes out holds no control character, no escape sequence and
 * nothing that reorders or hides text: printable ASCII and left-to-right letters stay, every other byte becomes
 * {@code \xNN}, a backslash {@code \\}. So different bytes always print differently.
 */
public final class Printable {
    private static final String HEX = "0123456789abcdef";

    private Printable() {}

    public static String escape(String text) {
        return escape(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads the bytes as UTF-8; those that are no UTF-8 are escaped one by one. */
    public static String escape(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length + 8);
        int i = 0;
        while (i < bytes.length) {
            byte b = bytes[i];
            if (b >= 0x20 && b < 0x7f) {
                if (b == '\\') {
                    out.append('\\');
                }
                out.append((char) b);
                i++;
                continue;
            }
            int length = sequenceLength(bytes, i);
            if (length > 1) {
                int codePoint = decode(bytes, i, length);
                if (isPlainLetter(codePoint)) {
                    out.appendCodePoint(codePoint);
                    i += length;
                    continue;
                }
            }
            out.append("\\x").append(HEX.charAt(b >> 4 & 0xf)).append(HEX.charAt(b & 0xf));
            i++;
        }
        return out.toString();
    }

    private static boolean isPlainLetter(int codePoint) {
        return Character.isLetter(codePoint)
                && Character.getDirectionality(codePoint) == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
    }

    /** The length of the well-formed UTF-8 sequence of two to four bytes at {@code i}, or 1 when there is none. */
    private static int sequenceLength(byte[] bytes, int i) {
        int lead = bytes[i] & 0xff;
        int length = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
        if (i + length > bytes.length) {
            return 1;
        }
        for (int j = 1; j < length; j++) {
            if ((bytes[i + j] & 0xc0) != 0x80) {
                return 1;
            }
        }
        int codePoint = decode(bytes, i, length);
        boolean overlong = length == 3 && codePoint < 0x800 || length == 4 && codePoint < 0x10000;
        boolean surrogate = codePoint >= 0xd800 && codePoint < 0xe000;
        return overlong || surrogate || codePoint > 0x10ffff ? 1 : length;
    }

    private static int decode(byte[] bytes, int i, int length) {
        int codePoint = bytes[i] & 0xff >> length + 1;
        for (int j = 1; j < length; j++) {
            codePoint = codePoint << 6 | bytes[i + j] & 0x3f;
        }
        return codePoint;
    }
}
