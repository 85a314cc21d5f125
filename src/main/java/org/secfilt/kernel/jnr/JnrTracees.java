package org.secfilt.kernel.jnr;

import org.secfilt.kernel.SocketPaths;
import org.secfilt.kernel.TraceeMemory;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.kernel.TraceeRights;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.Tracees;

/** Sees tracees by process_vm_readv(2), /proc and pidfd_getfd(2). One thread only. */
final class JnrTracees implements Tracees {
    private static final int BUFFER_BYTES = 64 << 10;

    private final TraceeMemory memory;
    private final TraceeStatus status;
    private final TraceeNumbers numbers;
    private final TraceeSockets sockets;
    private final SocketPaths socketPaths;
    private final TraceeRights rights;

    JnrTracees(Proc proc, Patience patience) {
        TraceeDescriptors descriptors = new TraceeDescriptors(proc, patience);
        long buffer = NativeMemory.allocate(BUFFER_BYTES); // for both: no call leaves anything there for the next
        memory = new JnrTraceeMemory(proc, buffer, BUFFER_BYTES);
        status = new JnrTraceeStatus(proc);
        numbers = new ProcessNumbers(proc, descriptors);
        sockets = new JnrTraceeSockets(descriptors, patience, buffer);
        socketPaths = new JnrSocketPaths(proc);
        rights = new JnrTraceeRights(proc);
    }

    @Override
    public TraceeMemory memory() {
        return memory;
    }

    @Override
    public TraceeStatus status() {
        return status;
    }

    @Override
    public TraceeNumbers numbers() {
        return numbers;
    }

    @Override
    public TraceeSockets sockets() {
        return sockets;
    }

    @Override
    public SocketPaths socketPaths() {
        return socketPaths;
    }

    @Override
    public TraceeRights rights() {
        return rights;
    }
}
