package org.secfilt.policy;

/**
 * The place where the user wrote a rule: {@code ci-job.yaml:12:7}, or a flag, or a built-in default.
 *
 * @param source the file's name as the user gave it, or the flag's words ({@code --allowed-port=22})
 * @param line from 1; 0 when the source is no file
 * @param column from 1, in characters; 0 when the source is no file
 */
public record Origin(String source, int line, int column) {
    /** Of a rule that no user wrote. */
    public static final Origin DEFAULT = new Origin("default", 0, 0);

    public static Origin flag(String words) {
        return new Origin(words, 0, 0);
    }

    public static Origin file(String name, int line, int column) {
        return new Origin(name, line, column);
    }

    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line + ":" + column;
    }
}
