package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.kernel.SocketFile;

/**
 * The file by a descriptor of ours, of O_PATH.
 *
 * @param caller who asked for it
 */
record JnrSocketFile(int fd, byte[] path, FileStatus status, List<byte[]> boundNames, boolean looked, boolean asCaller, JnrCredentials.Caller caller)
        implements SocketFile {
    @Override
    public String identity() {
        return status.device() + " " + status.inode() + " " + new String(path, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        Libc.CLOSE.call(fd);
    }
}
