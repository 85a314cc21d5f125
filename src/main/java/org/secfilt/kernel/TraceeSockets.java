package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SocketKind;

/** What the descriptors of tracees stand for: pidfd_getfd(2), proc_pid_fd(5). Of the one thread that {@link Tracees} was made on. */
public interface TraceeSockets {
    /** The descriptors that the tracee's process has open, of whatever kind; none if it died. */
    List<Integer> descriptors(int tid);

    /** Whether this descriptor is a socket, by its link in /proc: of a file nobody is asked anything. */
    boolean isSocket(int tid, int fd);

    /** What this descriptor's link in /proc says, proc_pid_fd(5); empty if there is none. The tracee may have named it: to be compared alone. */
    String link(int tid, int fd);

    /** A copy of the tracee's socket; empty if it is no socket or the tracee died. Close it. */
    Optional<SocketCopy> copy(int tid, int fd);

    /** Why there is none: EBADF, ENOTSOCK, EPERM for a process that made itself unreadable, ESRCH, as negative numbers. */
    int error(int tid, int fd);

    /**
     * A descriptor of the tracee's that carries traffic and is no socket, or none that {@link #copy} can copy: an io_uring, a tunnel.
     * Empty for any other.
     */
    Optional<OpenDescriptor> carrier(int tid, int fd);

    /** {@link SocketCopy#protocol} of the tracee's socket; -1 if it is no socket or the tracee died. */
    default int protocol(int tid, int fd) {
        Optional<SocketCopy> socket = copy(tid, fd);
        if (socket.isEmpty()) {
            return -1;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.protocol();
        }
    }

    /** What the tracee's socket is; {@link SocketKind#UNKNOWN} if it is no socket or the tracee died. */
    default SocketKind kind(int tid, int fd) {
        Optional<SocketCopy> socket = copy(tid, fd);
        if (socket.isEmpty()) {
            return SocketKind.UNKNOWN;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.describe(fd).socket();
        }
    }

    /**
     * What any call about a socket is answered by this descriptor: EBADF or ENOTSOCK, as negative numbers; 0 if it is one, or cannot be
     * looked at.
     */
    default int noSocket(int tid, int fd) {
        Optional<SocketCopy> socket = copy(tid, fd);
        if (socket.isPresent()) {
            socket.get().close();
            return 0;
        }
        int error = error(tid, fd);
        return error == -Errno.EBADF.number() || error == -Errno.ENOTSOCK.number() ? error : 0;
    }
}
