package org.secfilt.bpf;

import java.util.Collections;
import java.util.List;

/**
 * A program and what its parts are for.
 *
 * @param comments one for each instruction, printed before it; "" for none, lines parted by {@code \n}
 */
public record Assembled(Program program, List<String> comments) {
    public Assembled {
        comments = List.copyOf(comments);
        if (comments.size() != program.size()) {
            throw new IllegalArgumentException(comments.size() + " comments for " + program.size() + " instructions");
        }
    }

    /** A program without comments. */
    public static Assembled of(Program program) {
        return new Assembled(program, Collections.nCopies(program.size(), ""));
    }
}
