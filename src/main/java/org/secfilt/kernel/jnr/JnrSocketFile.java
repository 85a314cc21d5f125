package org.secfilt.kernel.jnr;

import java.util.List;
import org.secfilt.kernel.Tracees;

/**
 * The file by a descriptor of ours, of O_PATH.
 *
 * @param caller who asked for it
 */
record JnrSocketFile(int fd, byte[] path, List<byte[]> boundNames, boolean looked, boolean asCaller, JnrCredentials.Caller caller)
        implements Tracees.SocketFile {
    @Override
    public void close() {
        Libc.CLOSE.call(fd);
    }
}
