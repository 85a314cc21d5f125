package org.secfilt.kernel;

/**
 * What of a process's traffic keeps its class where the process is moved by net_cls: the kernel changes that of sockets that are open, and of
 * nothing behind them.
 *
 * @param fd the descriptor that it is behind
 * @param port of {@link Kind#WAITING}
 */
public record Staying(int pid, Kind kind, int fd, int port) {
    /** Why no descriptor leads to it. */
    public enum Kind {
        /** Connections that nobody has accepted yet: they were made with the class that the listening socket had. */
        WAITING,
        /** Sockets of TCP below one of MPTCP or SMC, which are the kernel's own; where that one listens those of later connections too. */
        BELOW,
        /** Sockets that are registered with an io_uring, and closed. */
        REGISTERED,
        /** What has no class, and passes every packet filter by: a packet or XDP socket, a tunnel. */
        UNSEEN
    }
}
