package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.kernel.TraceeStatus;

/**
 * Whether a TCP connection came in, at a socket by which the run itself listens: then any of its processes may have accepted it, and another one may
 * go on with it (servers that accept in one process and hand over to others). It is known by its name, for accept(2) is not looked at: nobody else
 * connects from an address and port at which others listen, but one who was connected before, or listened there, by SO_REUSEADDR.
 */
final class Listeners {
    private static final IpAddress ANY_4 = IpAddress.v4(0);
    private static final IpAddress ANY_6 = IpAddress.v6(0, 0);

    private final Tasks tasks;
    private final TraceeSockets sockets;
    private final TraceeStatus status;
    /** Where a listening socket was seen last. */
    private int tid = Task.NONE;
    private int fd;

    Listeners(Tasks tasks, TraceeSockets sockets, TraceeStatus status) {
        this.tasks = tasks;
        this.sockets = sockets;
        this.status = status;
    }

    boolean letIn(SocketCopy connection) {
        Optional<Sockaddr> name = connection.localAddress();
        if (connection.number() != Protocol.TCP.number() || name.isEmpty()) {
            return false;
        }
        if (tasks.find(tid) != null && isAt(tid, fd, connection, name.get())) {
            return true;
        }
        int listed = Task.NONE;
        for (Task task : tasks.all()) {
            int process = status.tgid(task.tid);
            if (process != task.tid && (process == listed || !sockets.descriptors(process).isEmpty())) {
                listed = process; // its first thread is asked, if that has not ended before the others
            } else if (find(task.tid, connection, name.get())) {
                return true;
            }
        }
        return false;
    }

    private boolean find(int process, SocketCopy connection, Sockaddr name) {
        for (int number : sockets.descriptors(process)) {
            if (sockets.isSocket(process, number) && isAt(process, number, connection, name)) {
                tid = process;
                fd = number;
                return true;
            }
        }
        return false;
    }

    private boolean isAt(int process, int number, SocketCopy connection, Sockaddr name) {
        Optional<SocketCopy> socket = sockets.copy(process, number);
        if (socket.isEmpty()) {
            return false;
        }
        try (SocketCopy listener = socket.get()) {
            return listener.listening()
                    && listener.number() == connection.number()
                    && listener.domain() == connection.domain()
                    && listener.network() != 0
                    && listener.network() == connection.network()
                    && covers(listener.localAddress(), name);
        }
    }

    private static boolean covers(Optional<Sockaddr> listener, Sockaddr name) {
        if (listener.isPresent() && listener.get() instanceof Sockaddr.Inet at && name instanceof Sockaddr.Inet inet) {
            return at.port() == inet.port() && (at.address().equals(ANY_4) || at.address().equals(inet.address()));
        }
        if (listener.isPresent() && listener.get() instanceof Sockaddr.Inet6 at && name instanceof Sockaddr.Inet6 inet6) {
            return at.port() == inet6.port() && (at.address().equals(ANY_6) || at.address().equals(inet6.address()));
        }
        return false;
    }
}
