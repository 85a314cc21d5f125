package org.secfilt.cli;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Words of a command line as text. A byte that is no UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, so that it cannot be taken for
 * another; no file has such a name, so such words are refused where they are ours.
 */
final class Utf8 {
    private static final char BYTES = 0xdc00;

    private Utf8() {}

    static String decode(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        return text.indexOf('\ufffd') < 0 ? text : decodeByParts(bytes);
    }

    private static String decodeByParts(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        for (CoderResult result = decoder.decode(in, out, true); result.isMalformed(); result = decoder.decode(in, out, true)) {
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (BYTES | in.get() & 0xff));
            }
        }
        return out.flip().toString();
    }

    /** Whether all of a word that was decoded here was UTF-8. */
    static boolean isWhole(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (isByte(word, i)) {
                return false;
            }
        }
        return true;
    }

    /** What was decoded. */
    static byte[] encode(String word) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < word.length(); i++) {
            if (isByte(word, i)) {
                bytes.write(word.charAt(i) & 0xff);
                continue;
            }
            int end = i + Character.charCount(word.codePointAt(i));
            bytes.writeBytes(word.substring(i, end).getBytes(StandardCharsets.UTF_8));
            i = end - 1;
        }
        return bytes.toByteArray();
    }

    private static boolean isByte(String word, int at) {
        return word.charAt(at) >> 8 == BYTES >> 8 && (at == 0 || !Character.isHighSurrogate(word.charAt(at - 1)));
    }
}
