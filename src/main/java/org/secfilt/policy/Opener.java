package org.secfilt.policy;

import java.io.IOException;

/** Reads the files that a user names. The names are the user's words; what they are relative to is the opener's matter. */
public interface Opener {
    /**
     * The first {@code limitBytes} bytes of a file, or all of it if it is shorter.
     *
     * @throws IOException with a message that may follow the file's name: "No such file or directory"
     */
    byte[] read(String name, int limitBytes) throws IOException;

    /** A text that is the same for all names of one file. */
    String identity(String name) throws IOException;
}
