package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/**
 * What an allowed call could do besides that the tracee makes itself, on the vault: the address is the one that was judged, but its descriptor may be
 * another socket when the kernel looks. And the kernel mixes up the addresses of one socket ({@link FormerPeers}).
 *
 * <p>That no other socket did take the place of one that was looked at here is seen afterwards: {@link Aftermath}.
 */
final class Swaps {
    static final String MIXED = "the socket is or was connected to another address, and the kernel would mix the two up: it would send to the"
            + " one's address at the other's port; use a new socket";
    private static final String ONE_PROTOCOL = "the rules allow this address to one protocol alone, and the socket could be swapped under a"
            + " call that the supervisor cannot make itself: that of a process with a Landlock domain or a security label of its own, or to a"
            + " low port of another network namespace; allow it without a protocol";
    private static final String BEGUN = "a datagram that is begun with MSG_MORE and has an address may be mixed up with what its socket was connected"
            + " to, and the supervisor cannot make this call itself: that of a process with a Landlock domain or a security label of its own, or"
            + " with more than 16 KiB or 4 pieces, control data or other flags; send it without MSG_MORE, or connect the socket first";
    private static final int MAX_ERRNO = 4095; // linux/err.h
    private static final int MOST_PIECES = 1024; // linux/uio.h UIO_MAXIOV
    private static final int PIECE_BYTES = 16; // struct iovec

    private final Tracees tracees;
    private final AddressCall address;
    private final AddressJudge judge;
    private final CopyRun copyRun;
    private final FormerPeers former;

    /** @param address holds the call that is judged */
    Swaps(Tracees tracees, AddressCall address, AddressJudge judge, CopyRun copyRun, FormerPeers former) {
        this.tracees = tracees;
        this.address = address;
        this.judge = judge;
        this.copyRun = copyRun;
        this.former = former;
    }

    /** Whether the firewall judges what the call does, by whichever socket of the run. */
    boolean isLeftToFirewall(Task task, TracedCall call) {
        return task.forFirewall || call == TracedCall.CONNECT && isForOneProtocol(task, call) && judge.judgesAllPackets();
    }

    /**
     * At the seccomp-stop of an allowed call, saved in {@code task.call}.
     *
     * @param left {@link #isLeftToFirewall}
     * @return what the call is answered, which must not run; empty if it may
     */
    Optional<Verdict> against(Task task, TracedCall call, Verdict.Allow allow, boolean left) {
        task.apart = former.matter();
        if (!left && isForOneProtocol(task, call)) {
            boolean refused = call == TracedCall.BIND && copyRun.isRefusedForPort(task);
            return Optional.of(refused ? new Verdict.Answer(Errno.EACCES) : judge.deny(ONE_PROTOCOL));
        }
        task.toPeer = false;
        if (address.named && address.isOf(Family.UNSPEC) && AddressCall.action(call) == Action.SEND && !namesSomebody(task, call)) {
            return Optional.of(new Verdict.Answer(Errno.EOPNOTSUPP)); // net/ipv4/tcp.c tcp_sendmsg_fastopen()
        }
        if (!address.named || !task.apart) {
            return Optional.empty();
        }
        if (AddressCall.action(call) == Action.SEND) {
            return againstSend(task, call, allow);
        }
        return call == TracedCall.CONNECT && !task.connecting ? againstConnect(task, call, allow) : Optional.empty();
    }

    /**
     * What AF_UNSPEC means to the socket it is to mean to any other in its place, which may be an IPv6 one with a mapped peer ({@link CopyRun}).
     *
     * @return false if it is no address to a fast open
     */
    private boolean namesSomebody(Task task, TracedCall call) {
        SocketKind kind = tracees.sockets().kind(task.tid, (int) task.call.argument(0));
        boolean six = kind.domain() == Family.INET6.number();
        if (kind.protocol() == Protocol.TCP.number() && AddressCall.isFastOpen(task.call, call)) {
            return false;
        }
        task.toPeer = six && kind.protocol() == Protocol.UDP.number();
        if (!six) {
            address.sayInet();
        }
        return true;
    }

    /** Whether a socket of another protocol that is put in the place of the one that was judged would come to what is denied to it. */
    private boolean isForOneProtocol(Task task, TracedCall call) {
        return (call == TracedCall.BIND || call == TracedCall.CONNECT && !task.connecting) && judge.isForOneProtocol(task, call);
    }

    private Optional<Verdict> againstSend(Task task, TracedCall call, Verdict.Allow allow) {
        if (beginsDatagram(task, call)) {
            return Optional.of(judge.deny(BEGUN));
        }
        if (!AddressCall.isFastOpen(task.call, call) || !address.isInternet() && !address.isOf(Family.UNSPEC)) {
            return Optional.empty();
        }
        if (!hasData(task, call)) {
            int error = tracees.sockets().noSocket(task.tid, (int) task.call.argument(0));
            return Optional.of(new Verdict.Answer(error < 0 ? Errno.of(-error) : Errno.EFAULT)); // who runs and ends so has begun to connect
        }
        Optional<Verdict> against = againstConnect(task, call, allow);
        // As where fast open is switched off: connect(2) will tell.
        return against.isPresent() && against.get() instanceof Verdict.Deny ? Optional.of(new Verdict.Answer(Errno.EOPNOTSUPP)) : against;
    }

    /** Whether the first byte that it sends is there, if any, and what says where that is. */
    private boolean hasData(Task task, TracedCall call) {
        if (call == TracedCall.SENDTO) {
            return task.call.argument(2) == 0 || isThere(task, task.call.argument(1));
        }
        if (address.pieces() <= 0 || address.pieces() > MOST_PIECES) {
            return true; // the kernel looks at none
        }
        byte[] pieces = new byte[(int) address.pieces() * PIECE_BYTES];
        if (tracees.memory().read(task.tid, address.pieceList(), pieces, pieces.length) != pieces.length) {
            return false;
        }
        for (int at = 0; at < pieces.length; at += PIECE_BYTES) {
            if (ControlMessages.longAt(pieces, at + Long.BYTES) != 0) {
                return isThere(task, ControlMessages.longAt(pieces, at));
            }
        }
        return true;
    }

    private boolean isThere(Task task, long byteAt) {
        return tracees.memory().read(task.tid, byteAt, new byte[1], 1) == 1;
    }

    /** Whether what the socket was connected to before goes not with this, which the tracee connects it to itself. */
    private Optional<Verdict> againstConnect(Task task, TracedCall call, Verdict.Allow allow) {
        Optional<Sockaddr> destination = allow.rewritten().isPresent() ? allow.rewritten() : judge.destination();
        if (destination.isEmpty() || !FormerPeers.concerns(destination.get())) {
            return Optional.empty();
        }
        int fd = (int) task.call.argument(0);
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, fd);
        if (socket.isEmpty()) {
            return Optional.of(asTheKernel(tracees.sockets().noSocket(task.tid, fd))); // if there is one by now, it is another
        }
        SocketCopy copy = socket.get();
        Optional<Verdict> against = Optional.empty();
        task.socket = socket;
        try {
            synchronized (former) {
                against = againstConnect(task, call, copy, destination.get());
                if (against.isEmpty() && task.connected.isPresent()) {
                    former.held().hold(task);
                }
            }
        } finally {
            if (against.isPresent() || task.connected.isEmpty()) {
                task.letGo();
            }
        }
        return against;
    }

    private Optional<Verdict> againstConnect(Task task, TracedCall call, SocketCopy copy, Sockaddr destination) {
        boolean tcp = copy.transport() == Protocol.TCP.number();
        if (call != TracedCall.CONNECT && !tcp) {
            return Optional.of(judge.deny(MIXED)); // others know of no fast open, but one of TCP could take its place
        }
        if (copy.domain() != Family.INET.number() && copy.domain() != Family.INET6.number()) {
            return Optional.of(asTheKernel(copy.connect(address.name, address.nameLength, false))); // no such socket can, but one in its place
        }
        if (tcp && copy.connecting()) {
            task.connecting = true; // it would not show that another took its place: so the call names nobody
            return Optional.empty();
        }
        if (!(destination instanceof Sockaddr.Unspec) && copy.transport() != SocketCopy.NO_TRANSPORT) {
            if (!tcp && FormerPeers.port(destination) == 0) {
                return Optional.of(asTheKernel(CopyRun.NO_SECOND_PEER)); // to no port: it has no peer then that could be looked at
            }
            task.connected = Optional.of(destination);
            task.fresh = tcp && !copy.wasConnected();
        }
        int mixed = CopyRun.mixed(former, copy, destination);
        return mixed == 0 ? Optional.empty() : Optional.of(asTheKernel(mixed));
    }

    /** @param result an error number, negative, or what the kernel does not answer */
    private Verdict asTheKernel(int result) {
        return result < 0 && result >= -MAX_ERRNO ? new Verdict.Answer(Errno.of(-result)) : judge.deny(MIXED);
    }

    /**
     * Whether the tracee would begin a datagram by this send, be it by a socket that has taken the judged one's place by then. One of TCP does not
     * look at the address, and is given none.
     */
    private boolean beginsDatagram(Task task, TracedCall call) {
        boolean begins = CopyRun.begins(task, call);
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return begins;
        }
        try (SocketCopy copy = socket.get()) {
            boolean tcp = copy.transport() == Protocol.TCP.number();
            task.protocol = tcp && begins ? copy.protocol() : task.protocol;
            boolean looks = !tcp || AddressCall.isFastOpen(task.call, call);
            return looks && (address.isInternet() || address.isOf(Family.UNSPEC)) && (begins || copy.corks());
        }
    }
}
