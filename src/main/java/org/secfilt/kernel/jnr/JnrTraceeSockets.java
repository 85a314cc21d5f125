package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.TraceeSockets;

/** Sockets by pidfd_getfd(2). */
final class JnrTraceeSockets implements TraceeSockets {
    private static final int F_GETFL = 3;
    private static final int O_PATH = 010000000;

    private final TraceeDescriptors descriptors;
    private final Patience patience;
    private final long buffer;

    /** @param buffer overwritten by each call, for a payload too */
    JnrTraceeSockets(TraceeDescriptors descriptors, Patience patience, long buffer) {
        this.descriptors = descriptors;
        this.patience = patience;
        this.buffer = buffer;
    }

    @Override
    public Optional<SocketCopy> copy(int tid, int fd) {
        int copy = descriptors.copy(tid, fd);
        if (copy < 0) {
            return Optional.empty();
        }
        JnrSocket socket = new JnrSocket(copy, buffer, patience);
        if (!socket.isSocket()) {
            socket.close();
            return Optional.empty();
        }
        return Optional.of(socket);
    }

    @Override
    public List<Integer> descriptors(int tid) {
        return Proc.numbers("/proc/" + tid + "/fd");
    }

    @Override
    public boolean isSocket(int tid, int fd) {
        return descriptors.linksToSocket(tid, fd);
    }

    @Override
    public String link(int tid, int fd) {
        return new String(descriptors.link(tid, fd), StandardCharsets.ISO_8859_1);
    }

    @Override
    public int error(int tid, int fd) {
        int copy = descriptors.copy(tid, fd);
        if (copy < 0) {
            return copy;
        }
        boolean open = (Libc.FCNTL.call(copy, F_GETFL, 0) & O_PATH) == 0;
        descriptors.close(copy);
        return open ? -Errno.ENOTSOCK.number() : -Errno.EBADF.number(); // open(2) "O_PATH"
    }

    @Override
    public Optional<OpenDescriptor> carrier(int tid, int fd) {
        Optional<OpenDescriptor> carrier = descriptors.carrier(tid, fd);
        boolean own = carrier.isPresent() && carrier.get().kind() == OpenDescriptor.Kind.DIRECTORY && descriptors.liesOnItsMounts(tid, fd);
        return own ? Optional.empty() : carrier;
    }
}
