package org.secfilt.kernel.jnr;

import java.util.Arrays;
import java.util.Optional;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.SocketPaths;
import org.secfilt.kernel.UnresolvedPath;

/** Paths of sockets as {@link SocketFiles} follows them, in the mount namespace that counts. */
final class JnrSocketPaths implements SocketPaths {
    private final Proc proc;
    /** Made when it is first asked for: few policies ask. */
    private SocketFiles files;
    /** The mount namespace whose paths are told, as its link names it. */
    private byte[] mounts;
    /** It is not the supervisor's. */
    private boolean foreignMounts;

    JnrSocketPaths(Proc proc) {
        this.proc = proc;
        this.mounts = proc.link("self/ns/mnt");
    }

    @Override
    public void trustMounts(int tid) {
        byte[] theirs = proc.link(tid, "/ns/mnt");
        foreignMounts = !Arrays.equals(theirs, mounts);
        mounts = theirs;
    }

    @Override
    public Optional<SocketFile> follow(int tid, byte[] path, boolean names) throws UnresolvedPath {
        if (files == null) {
            files = new SocketFiles(proc);
        }
        return files.follow(tid, path, names, mounts, foreignMounts);
    }
}
