package org.secfilt.policy;

import java.util.Optional;

/** The caller's standard input as it has it: for a file that cannot be opened anew, as a pipe of another user's. */
public interface StandardInput {
    /** What there is up to its end, but no more than this; whoever reads it next finds what follows. Empty if it cannot be read. */
    Optional<byte[]> read(int limitBytes);
}
