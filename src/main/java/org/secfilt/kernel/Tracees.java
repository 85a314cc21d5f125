package org.secfilt.kernel;

/** What one thread of the supervisor sees of tracees, besides registers: each part is of that thread alone. */
public interface Tracees {
    TraceeMemory memory();

    TraceeStatus status();

    TraceeNumbers numbers();

    TraceeSockets sockets();

    SocketPaths socketPaths();

    TraceeRights rights();
}
