package org.secfilt.kernel;

import java.util.Optional;

/** Where the paths of unix sockets lead tracees: unix(7), path_resolution(7). Of the one thread that {@link Tracees} was made on. */
public interface SocketPaths {
    /** From now on the mount namespace of this tracee counts as the one whose paths can be told: it was made for the sandbox. */
    void trustMounts(int tid);

    /**
     * Follows the path of a unix socket as the tracee would, to the socket's file. Close it.
     *
     * @param names whether {@link SocketFile#boundNames} are asked for: a server that nobody else tells of is troubled by a connection for them
     * @return empty where the tracee's root directory or mounts differ so that its paths cannot be told from here
     * @throws UnresolvedPath with the error the kernel would answer
     */
    Optional<SocketFile> follow(int tid, byte[] path, boolean names) throws UnresolvedPath;
}
