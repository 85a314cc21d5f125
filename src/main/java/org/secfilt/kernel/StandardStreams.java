package org.secfilt.kernel;

import java.util.Optional;

/** Standard input, output and error, which the supervisor has from its caller. stdin(3). Main thread. */
public interface StandardStreams {
    /** isatty(3) of the descriptor. */
    boolean isTerminal(int fd);

    /**
     * Writes all of it, but never waits longer than a second for a reader.
     *
     * @return false if some of it was not taken
     */
    boolean write(int fd, byte[] text);

    /**
     * Writes all of it, however long a reader takes.
     *
     * @return 0, or the error
     */
    int writeAll(int fd, byte[] text);

    /**
     * What another process's standard input has, which we may trace, up to its end or this many bytes. Who has it finds what follows.
     *
     * @return empty if it cannot be read
     */
    Optional<byte[]> inputOf(int pid, int limitBytes);

    /** Standard error, for who must not wait for its reader. */
    LogFile error();

    /**
     * Standard input and output become /dev/null, or where there is none something that cannot be read or written: a supervisor must not
     * hold a pipe open.
     */
    void closeInputAndOutput();

    /** Standard error becomes /dev/null if it is a pipe or socket: the command has ended and its reader waits for the end of file. */
    void releaseError();
}
