package org.secfilt.abi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Names for the arguments of system calls, such as {@code AF_INET} and {@code MAP_FIXED}: a choice of those that filters look at and
 * people write. They are of both architectures; a test compares them with the C headers.
 */
public final class Constants {
    private final Map<String, Long> values = new LinkedHashMap<>();

    private Constants() {
        String csv = read();
        int line = csv.indexOf('\n') + 1;
        while (line < csv.length()) {
            int end = csv.indexOf('\n', line);
            int comma = csv.indexOf(',', line);
            values.put(csv.substring(line, comma), Long.parseUnsignedLong(csv, comma + 1 + "0x".length(), end, 16));
            line = end + 1;
        }
    }

    /** Reads the table; nothing on the launch path needs it. */
    public static Constants load() {
        return new Constants();
    }

    /** As a register holds it: sign-extended. Empty for a name that is not in the table. */
    public OptionalLong find(String name) {
        Long value = values.get(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    public String[] names() {
        return values.keySet().toArray(new String[0]);
    }

    private static String read() {
        try (InputStream in = Constants.class.getResourceAsStream("constants.csv")) {
            if (in == null) {
                throw new IllegalStateException("constants.csv is missing from the build");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException("constants.csv", e);
        }
    }
}
