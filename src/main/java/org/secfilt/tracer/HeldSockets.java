package org.secfilt.tracer;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.secfilt.kernel.SocketCopy;

/**
 * The sockets that calls are about which their threads make themselves, and that tell afterwards whether another one was in their place: nobody else
 * may bring a socket to where such a call would have it, or that would not show. Any thread.
 */
final class HeldSockets {
    private final Set<Long> cookies = ConcurrentHashMap.newKeySet();

    /** {@link Task#socket}, until the task lets go of it. @return false if another one holds it */
    boolean hold(Task task) {
        boolean free = cookies.add(task.socket.orElseThrow().cookie());
        task.holds = free ? this : null;
        return free;
    }

    void letGo(SocketCopy socket) {
        cookies.remove(socket.cookie());
    }

    boolean has(SocketCopy socket) {
        return !cookies.isEmpty() && cookies.contains(socket.cookie());
    }
}
