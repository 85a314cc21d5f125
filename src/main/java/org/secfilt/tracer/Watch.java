package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.verdict.Verdict;

/**
 * What the tracer tells of. Called on the tracer thread while the tracee concerned is stopped; of denials, and {@link #connecting}, on the listener's
 * thread too while the tracee waits for it.
 */
public interface Watch {
    /**
     * The first stop of the command's process, under its filter and before its execve: filter and tracer work together here.
     *
     * @param notified answers the calls that the filter's listener is told of
     * @return what the call that stopped answers: 0, or a negative error number, which ends the launch; ECANCELED, which no call of a
     *     launch answers by itself, if the user knows why
     */
    int ready(NotifiedCalls notified);

    /** The command's process has become the command, and none of it has run yet. */
    void executed();

    /**
     * A call was denied and will fail.
     *
     * @param call its name in syscalls(2)
     * @param socket what the call was about
     * @return false if it counts as none: it was not meant, or that will show by {@link #connecting} or {@link #ending}
     */
    boolean denied(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why);

    /**
     * What a call has done already is denied, and undone, or all of the run dies of it. The call itself does not fail by that.
     *
     * @param call and the others: as of {@link #denied}
     */
    void deniedAfterwards(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why);

    /** All of the run is killed, for what was told last. */
    void killing();

    /**
     * A change of a file was denied and will fail.
     *
     * @param path absolute where the file was found
     */
    void deniedFile(int tid, String call, ByteString path, Verdict.Deny why);

    /** A raw socket is about to be made. @return why it must not be, if so */
    Optional<String> rawSocket();

    /** Whether {@link #allowed} is to be called: it costs at every judged call. The answer must not change. */
    boolean hearsOfAllowed();

    /** Whether {@link #ending} is to be called. Any thread. */
    boolean waitsForProcesses();

    /** Whether {@link #connecting} is to be told of the socket. Any thread. */
    boolean looksAtSockets();

    /**
     * The rules let this socket be connected to this address; where nobody looks at sockets it may be so already.
     *
     * @param socket if nobody looks at it, {@link SocketKind#UNKNOWN} where it may be of UDP, and one that is not where it is not
     */
    void connecting(int tid, Sockaddr destination, SocketKind socket);

    /** The process of this number has ended, or makes its last call. @return whether it is known by that, that a call of its was denied */
    boolean ending(int process);

    /** A call that names an address was judged, and will be made. */
    void allowed(int tid, String call, Optional<Sockaddr> destination, SocketKind socket);

    /**
     * The command is process 1 of its process namespace, in which the supervisor is too, and its last thread is about to end: the kernel will kill
     * all others of the namespace then. Kills them all now, but for the command and the supervisor; {@link #commandEnded} follows while
     * this one lives.
     */
    void initEnding();

    /**
     * The command's first process is dead and nobody has learnt of it yet; its parent does when this returns.
     *
     * @param killed by a signal
     * @param status the signal's number, or the exit code
     * @param alone no other process is left
     */
    void commandEnded(boolean killed, int status, boolean alone);
}
