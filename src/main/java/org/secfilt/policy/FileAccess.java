package org.secfilt.policy;

import java.util.List;
import java.util.Optional;

/**
 * Which files may be changed.
 *
 * @param readOnly where the user asked that no file be changed but those listed; empty if all may be. If secfilter's option
 *     chose it by naming exceptions alone, its name: {@code allow-write}
 * @param writable the exceptions
 */
public record FileAccess(Optional<Origin> readOnly, List<Writable> writable) {
    /** Every file may be changed. */
    public static final FileAccess OPEN = new FileAccess(Optional.empty(), List.of());

    public FileAccess {
        writable = List.copyOf(writable);
    }

    /**
     * A file, or a directory with all that is below it.
     *
     * @param path as the user wrote it; a relative one is relative to the working directory of the command, whichever file it is from
     */
    public record Writable(String path, Optional<String> reason, Origin origin) {}

    /**
     * What one source says.
     *
     * @param readOnly if the source says so; else an {@code allow-write} in it implies it
     * @param implied where an {@code allow-write} was begun, be it empty
     */
    public record Part(Optional<Setting<Boolean>> readOnly, Optional<Origin> implied, List<Writable> writable) {
        public static final Part EMPTY = new Part(Optional.empty(), Optional.empty(), List.of());

        public Part {
            writable = List.copyOf(writable);
        }
    }
}
