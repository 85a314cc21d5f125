package org.secfilt.kernel;

import java.util.List;

/** The file a path leads to, held open: it stays the same file. */
public interface SocketFile extends AutoCloseable {
    /** Canonical and absolute. */
    byte[] path();

    /** The same for the same file by the same path, as long as one of them is open. */
    String identity();

    /**
     * The absolute names the sockets bound to the file chose when they were bound; another link or a mount gives a socket another path, not
     * another name. Empty where nobody is bound to it.
     */
    List<byte[]> boundNames();

    /** Whether all of them were looked through: there may be more than can be, or no descriptor free. */
    boolean looked();

    /** Whether the path was followed with the tracee's rights: else it may not be able to follow it itself. */
    boolean asCaller();

    @Override
    void close();
}
