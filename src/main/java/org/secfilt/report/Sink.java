package org.secfilt.report;

/** Where lines go: the caller's stderr. */
public interface Sink {
    /**
     * Writes a whole line at once, so that it does not mix with the command's own. It must return soon: stderr may be a pipe that
     * nobody reads, and while it waits every stopped tracee waits too.
     *
     * @param line UTF-8 with its newline, no more than PIPE_BUF (4096) bytes
     * @return false if the line was dropped
     */
    boolean write(byte[] line);
}
