package org.secfilt.kernel;

/**
 * Memory that only the supervisor can write and every tracee can map: a memfd of ours, sealed (F_SEAL_FUTURE_WRITE, GROW, SHRINK,
 * SEAL) before any tracee has a handle on it. memfd_create(2), fcntl(2) "File Sealing".
 */
public interface Vault {
    int lengthBytes();

    /** Tracer thread only. */
    void write(int offset, byte[] bytes, int length);

    /** Tracer thread only. Native byte order. */
    void writeLong(int offset, long value);

    /**
     * From now until {@link #forget}, vault calls of this thread are answered with a read-only descriptor of the vault, for one that a
     * signal interrupts is made again; every other thread's is answered EINVAL. seccomp_unotify(2) "SECCOMP_IOCTL_NOTIF_ADDFD".
     */
    void expect(int tid);

    /**
     * Takes {@link #expect} back: the call has ended, or the thread died or became another program.
     *
     * @return the descriptor that the thread was given, in its own process; -1 if none: what the call answered then is not the vault's
     */
    int forget(int tid);

    /** Whether the thread has the vault by this descriptor still, or another thread has closed it, or put its own there; true if that is hidden. */
    boolean isOf(int tid, int fd);
}
