package org.secfilt.kernel;

import org.secfilt.abi.Errno;

/** The path leads to no file, or to a socket that cannot be reached. */
public final class UnresolvedPath extends Exception {
    private static final long serialVersionUID = 1;
    private static final int ANY = 0;
    private final int errno;
    private final int type;

    public UnresolvedPath(int errno) {
        this(errno, ANY);
    }

    /** @param type that of the socket there: the kernel answers sockets of others with EPROTOTYPE */
    public UnresolvedPath(int errno, int type) {
        super(null, null, false, false);
        this.errno = errno;
        this.type = type;
    }

    public int errno() {
        return errno;
    }

    /** What a socket of this type is answered that asks for the path. */
    public Errno errno(int asking) {
        return type == ANY || type == asking ? Errno.of(errno) : Errno.EPROTOTYPE;
    }
}
