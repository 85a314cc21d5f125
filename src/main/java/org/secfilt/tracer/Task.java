package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.plan.TracedCall;

/** One traced thread and what its next stop will be about. One thread only: the listener's has others. */
final class Task {
    /** Which syscall-exit-stop the task owes. */
    enum Phase {
        /** None: it runs, or a signal of it is on the way. */
        RUNNING,
        /** Of a judged call that runs on the vault. */
        IN_CALL,
        /** Of a listen that went on. */
        LISTENING,
        /** Of a landlock_restrict_self. */
        RESTRICTING,
        /** Of an mmap whose hint was taken away. */
        PLACING,
        /** Of a call about the caller's own process group, that was given its number. */
        NAMING,
        /** Of a signal to one of those that a call is for. */
        SIGNALLING,
        /** Of a signal that another call took the place of: its registers are to be as they were. */
        REPLACED,
        /** The enter-stop of a call that is made again, with signals blocked. */
        REMAKING,
        /** The enter-stop of what is left of a call. {@link Remainder} */
        RESUMING,
        /** Its exit-stop. */
        RESUMED,
        /** Of a call that was to come to a seccomp-stop before. */
        ASKED,
        /** Of a call that may bring descriptors to {@link Task#room}. */
        RECEIVING,
        /** Of the vault call, put in the place of a judged one: its result is a descriptor of the vault. */
        ASKING,
        /** Of the mmap of the vault. */
        MAPPING,
        /** Of the close of the vault's descriptor. */
        CLOSING
    }

    static final int NONE = -1;

    final int tid;
    /** The same as an object, for sets that are asked at each call. */
    final Integer number;
    /** The judged call as the tracee made it; meaningful while an exit-stop is owed. */
    final SyscallStop call = new SyscallStop();

    Phase phase = Phase.RUNNING;
    /** The vault is in the task's address space, seen since it last could have changed. */
    boolean mapped;
    /** The vault's descriptor in the task, between ASKING and CLOSING. */
    int vaultFd = NONE;
    /** Why the vault could not be mapped, for the denial of the call that needed it; empty while all is well. */
    String vaultFailure = "";
    /** A filter of its own has trapped a call that the supervisor put in the place of one: the SIGSYS that comes next is not for the program. */
    boolean trapped;
    /** So often in sequence a signal interrupted the vault call. */
    int interruptions;
    /** Where the call that is under way may put descriptors; meaningful while {@link Phase#RECEIVING}. */
    Optional<ControlRoom> room = Optional.empty();
    /** The socket that a call is about which goes on, if the end of the call is to be seen by it. */
    Optional<SocketCopy> socket = Optional.empty();
    /** Where that is held, or null. */
    HeldSockets holds;
    /** So often in sequence the vault's descriptor was closed before it was mapped. */
    int losses;
    /** The slot of the call that runs. */
    int slot = NONE;
    /** The argument after the pointer was changed too: the length of a rewritten name, or the flags of a sendmsg that was sendmmsg. */
    boolean lengthChanged;
    /** IPPROTO_* of the socket when the call was judged, if a rule looked at it. */
    int protocol = NONE;
    /** So often others were heard first, to learn who made it. */
    int looks;
    /** It has stopped before. */
    boolean known;
    /** It was seen at its end, and will do nothing more. {@link ExecStops} has some ends stop, {@link InitExit} needs all. */
    boolean leaving;
    /** It makes its exit(2), and will do nothing more. */
    boolean exiting;
    /** The supervisor began to connect this socket, and leaves the wait to the call: which may first be wound back, to map the vault. */
    int begun = NONE;
    /** The TCP socket of this connect, or fast open, connects by now, or is connected: the kernel looks at no address any more. */
    boolean connecting;
    /** Only the firewall can judge what the call's socket sends, and it does. */
    boolean forFirewall;
    /** To where the tracee connects {@link #socket}, of TCP or UDP, itself: no other may have taken its place. {@link Aftermath} */
    Optional<Sockaddr> connected = Optional.empty();
    /** That one was never connected before. */
    boolean fresh;
    /** How the call ended that {@link #isSeenToItsEnd}. */
    long result;
    /** No UDP socket may find the address of a call that a TCP socket waits in. {@link FormerPeers} */
    boolean apart;
    /** It was interrupted in its call, which keeps others waiting. */
    boolean turnedOut;
    /** It names AF_UNSPEC, by which an IPv6 UDP socket is sent to its peer. */
    boolean toPeer;
    /** The call that runs names nobody, whichever socket it is about by now. */
    boolean nameless;
    /** A notified call is to be made again for the tracer: it is on its way to a stop. */
    boolean handedOver;
    /** Its signals are blocked, and {@link #mask} is what was blocked before. */
    boolean held;
    long mask;
    /** The call's instruction pointer is the mark, and is to be {@link #instructionPointer} again when it has been answered. */
    boolean marked;
    long instructionPointer;
    /** The call names a path that leads nowhere, and is about no unix socket: it looks at the family alone. */
    boolean foreign;
    /** The call names a unix socket by a path that was followed. */
    boolean followedPath;
    /** Where it led to, while the call is answered. */
    Optional<SocketFile> file = Optional.empty();
    /** That file is kept for the call: the kernel comes to no other. */
    Optional<Keeping.Kept> kept = Optional.empty();
    /** So often in sequence a call was made anew, for the file was removed meanwhile. */
    int outdated;
    /** Where the message of a sendmmsg(2) is that was denied behind others that were sent, and was told; and its destination. */
    long further;
    Optional<Sockaddr> furtherTo = Optional.empty();
    /** An allowed call that may be made anew, and is told of when it has ended. */
    Optional<Untold> untold = Optional.empty();
    /** The length of the address as the tracee gave it; meaningful with {@link #kept}. */
    int givenLength;
    final IgnoredSignal.Again again = new IgnoredSignal.Again();
    /** Meaningful while RESUMING and RESUMED. */
    final Remainder.Part part = new Remainder.Part();

    /** A signal to many is under way. */
    Optional<Signalling> signalling = Optional.empty();

    final Repeats.Told told = new Repeats.Told();

    Task(int tid) {
        this.tid = tid;
        this.number = tid;
    }

    /** What is told of an allowed call. */
    record Untold(TracedCall call, Optional<Sockaddr> destination, SocketKind socket) {}

    /**
     * Whether what its call did is looked at even if it is killed in it: others may share its descriptors. So its end stops too ({@link ExecStops}),
     * and who is killed in its exit-stop is left as it is, not to be resumed from that by mistake. Who is killed twice (by another thread's
     * execve(2) first) does not wait there, and is not looked at.
     */
    boolean isSeenToItsEnd() {
        return phase == Phase.LISTENING || phase == Phase.RECEIVING || phase == Phase.IN_CALL && connected.isPresent();
    }

    /** Closes {@link #socket}, of which nothing is to be seen any more. */
    void letGo() {
        connected = Optional.empty();
        if (holds != null) {
            holds.letGo(socket.orElseThrow());
            holds = null;
        }
        if (socket.isPresent()) {
            socket.get().close();
            socket = Optional.empty();
        }
    }

    /** Closes {@link #file}. */
    void closeFile() {
        if (file.isPresent()) {
            file.get().close();
            file = Optional.empty();
        }
    }

    /** A new image: execve(2) unmaps the vault and closes its descriptor. The slot must have been given back. */
    void renew() {
        phase = Phase.RUNNING;
        leaving = false;
        exiting = false;
        mapped = false;
        vaultFd = NONE;
        vaultFailure = "";
        trapped = false;
        slot = NONE;
        protocol = NONE;
        begun = NONE;
        handedOver = false;
        held = false;
        marked = false;
        told.interrupted = false;
        further = 0;
        signalling = Optional.empty();
    }
}
