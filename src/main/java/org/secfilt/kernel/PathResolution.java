package org.secfilt.kernel;

/**
 * What a path leads a process to: relative ones begin in its working directory. Paths are its bytes, without a zero at the end.
 * path_resolution(7). One thread only, each has its own.
 */
public interface PathResolution {
    /** Whether the process could execute this file as things stand: 0, or ENOENT, EACCES (also for a directory) or what else access(2) says. */
    int executable(int pid, byte[] path);

    /** Whether a file can be seen there, executable or not; false in a directory that may not be searched. */
    boolean exists(int pid, byte[] path);

    /** The same as this user would find it, who has no process yet: for {@link #executable} and {@link #exists}. Root's to ask. */
    PathResolution as(Account user);

    /** What a regular file begins with, up to so many bytes; nothing of one that cannot be read. Paths are followed as by {@link #follow}. */
    byte[] beginning(int pid, byte[] path, int length);

    /**
     * Follows a path as the process would, symbolic links included; but not such as lead to descriptors (/proc/self/fd/3): ELOOP.
     *
     * @throws UnresolvedPath with the error the kernel would answer
     */
    NamedFile follow(int pid, byte[] path) throws UnresolvedPath;
}
