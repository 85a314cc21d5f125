package org.secfilt.kernel.jnr;

import org.secfilt.abi.Errno;
import org.secfilt.kernel.NetworkLock;

/** The lock goes with its holder, however that ends. */
final class JnrNetworkLock implements NetworkLock {
    private static final int O_CLOEXEC = 02000000;
    private static final int LOCK_EX = 2; // sys/file.h

    private final long fd;

    JnrNetworkLock() {
        fd = Libc.must("open(/proc/self/ns/net)", Libc.OPEN.call(NativeMemory.string("/proc/self/ns/net"), O_CLOEXEC, 0));
        long rc;
        do {
            rc = Libc.FLOCK.call(fd, LOCK_EX);
        } while (rc == -Errno.EINTR.number());
        Libc.must("flock(/proc/self/ns/net)", rc);
    }

    @Override
    public void close() {
        Libc.CLOSE.call(fd);
    }
}
