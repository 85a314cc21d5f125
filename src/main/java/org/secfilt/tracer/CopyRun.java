package org.secfilt.tracer;

import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/**
 * Makes judged calls in the tracee's place, on a copy of its socket: one stop where the vault takes two ({@link VaultRun}), and neither the
 * address nor the socket can be another by then.
 *
 * <p>Here is done what the kernel does the same whoever asks for it: connect, bind and send of TCP and UDP sockets, as far as it does not
 * wait. All else the tracee does itself: what waits, what takes a capability, what ends in a signal; and everything of one that has
 * restricted itself by Landlock, or was made by such, and of one that a security module labels otherwise than us. AF_UNSPEC, which takes a socket's
 * connection from it and needs no right but to have it, is done here of all.
 */
final class CopyRun {
    /** The tracee is to make the call. */
    static final int NOT_HERE = SocketCopy.WOULD_WAIT;
    /** It is not the socket any more whose protocol was judged. */
    static final int SWAPPED = SocketCopy.CONNECTING + 1;
    /** What the socket is or was connected to would be mixed up with what the call names. {@link FormerPeers} */
    static final int MIXED = SocketCopy.CONNECTING + 2;
    /** What is told nobody: the C library tries a socket with each address of a name, to put them in order, and goes on with others. */
    static final int NO_SECOND_PEER = -Errno.ENETUNREACH.number();

    // linux/socket.h: MSG_DONTROUTE, MSG_DONTWAIT, MSG_CONFIRM, MSG_NOSIGNAL, MSG_MORE, MSG_FASTOPEN, which is nothing to UDP
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_MORE = 0x8000;
    private static final int PLAIN_FLAGS = 0x4 | 0x40 | 0x800 | MSG_NOSIGNAL | MSG_MORE | 0x2000_0000;
    /** TASK_SIZE_MAX: from here on what a pointer to no bytes is worth depends on the processor. The kernel refuses those that are not the user's. */
    private static final long HIGH = (1L << 47) - 4096;
    /** To copy a longer payload costs as much as a second stop. */
    private static final int MOST_BYTES = 16 << 10;
    private static final int MOST_PIECES = 4;
    static final int MOST_MESSAGES = 1024; // linux/uio.h UIO_MAXIOV, above which sendmmsg sends no more
    private static final int IOVEC_BYTES = 16;
    private static final int PRIVILEGED_PORTS = 1024; // include/net/ip.h PROT_SOCK
    private static final int ALL_PORTS = 1 << 16;

    /** Of a call that stopped: nobody has its thread's number while the tracer has not seen it die. */
    private static final Presence STOPPED = new Presence();

    private final Tracees tracees;
    private final AddressCall address;
    private final byte[] iovec = new byte[MOST_PIECES * IOVEC_BYTES];
    private final byte[] payload = new byte[MOST_BYTES];
    private final byte[] piece = new byte[MOST_BYTES];
    private final Set<Integer> restricted;
    private final FormerPeers former;
    private int transport = SocketCopy.NO_TRANSPORT;

    /**
     * @param address holds the call that is judged
     * @param restricted those of whom what we may do says nothing ({@link Restrictions})
     */
    CopyRun(Tracees tracees, AddressCall address, Set<Integer> restricted, FormerPeers former) {
        this.tracees = tracees;
        this.address = address;
        this.restricted = restricted;
        this.former = former;
    }

    /**
     * At the seccomp-stop of an allowed call, saved in {@code task.call}.
     *
     * @param destination what it names
     * @return what it answers, {@link #NOT_HERE}, {@link #SWAPPED} or {@link #MIXED}; of sendmmsg, 1 for its first message
     */
    int run(Task task, TracedCall call, Verdict.Allow allow, Optional<Sockaddr> destination) {
        return run(task, call, allow, destination, 0, STOPPED);
    }

    /**
     * The same of a call that does not stop, and whose thread may die: its number could be another's by now.
     *
     * @param there asked when all is read and nothing done yet; nothing is done if the thread is not there any more
     */
    int run(Task task, TracedCall call, Verdict.Allow allow, Optional<Sockaddr> destination, Presence there) {
        return run(task, call, allow, destination, 0, there);
    }

    /** What the socket of the last call is of, if that was looked at: IPPROTO_*, or {@link SocketCopy#NO_TRANSPORT}. */
    int transport() {
        return transport;
    }

    /** As sendmmsg does with its message of this number. @return 1 if it was sent */
    int run(Task task, int message, Verdict.Allow allow) {
        return run(task, TracedCall.SENDMMSG, allow, Optional.empty(), message, STOPPED);
    }

    private int run(Task task, TracedCall call, Verdict.Allow allow, Optional<Sockaddr> destination, int message, Presence there) {
        transport = SocketCopy.NO_TRANSPORT;
        task.connecting = false;
        boolean dissolves = call == TracedCall.CONNECT && address.isOf(Family.UNSPEC); // nobody's rights matter, and no protocol
        boolean ours = !task.followedPath && (dissolves || makesCallsOf(task));
        if (!ours && (call != TracedCall.CONNECT || task.protocol != Protocol.TCP.number())) {
            return call != TracedCall.CONNECT || !address.leadsOverInet() || !there.isThere() || dropsBegun(task) ? NOT_HERE : -Errno.EAGAIN.number();
        }
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            int error = dissolves ? tracees.sockets().noSocket(task.tid, (int) task.call.argument(0)) : 0;
            return error < 0 ? error : dissolves ? SWAPPED : NOT_HERE;
        }
        try (SocketCopy copy = socket.get()) {
            // An internet address other families refuse to connect to, whoever asks.
            int protocol = call == TracedCall.CONNECT && address.isInternet() ? copy.number() : copy.transport();
            transport = protocol;
            if (task.protocol != Task.NONE && task.protocol != copy.protocol()) {
                return SWAPPED;
            }
            if (!ours) {
                task.connecting = copy.connecting();
                return NOT_HERE;
            }
            if (task.forFirewall) {
                return NOT_HERE; // number() is no protocol there, but what a raw socket sends
            }
            boolean bindsLikeTcp = call == TracedCall.BIND && copy.number() == Protocol.MPTCP;
            if (protocol != Protocol.TCP.number() && protocol != Protocol.UDP.number() && !bindsLikeTcp && !dissolves) {
                return NOT_HERE;
            }
            if (address.named && allow.rewritten().isPresent()) {
                address.rewrite(allow.rewritten().get());
            }
            if (AddressCall.action(call) == Action.SEND && address.named && former.matter() && mayBegin(task, call, copy)) {
                return MIXED;
            }
            return switch (call) {
                case CONNECT -> there.isThere()
                        ? connect(task, copy, allow.rewritten().isPresent() ? allow.rewritten() : destination)
                        : NOT_HERE;
                case BIND -> takesRight(task, copy) || !there.isThere()
                        ? NOT_HERE
                        : copy.bind(address.name, address.nameLength);
                case SENDTO -> {
                    if (!address.named) {
                        yield NOT_HERE; // an address of no length is not the same as none
                    }
                    int length = readPayload(task.tid, task.call.argument(1), task.call.argument(2), 0);
                    yield there.isThere() ? send(copy, protocol, length, (int) task.call.argument(3)) : NOT_HERE;
                }
                case SENDMSG -> send(copy, protocol, readPieces(task.tid), (int) task.call.argument(2));
                case SENDMMSG -> sendMessage(task, message, copy, protocol);
                default -> NOT_HERE;
            };
        }
    }

    /** Whether it may begin a datagram for another than the socket was connected to, and the two make a third that is denied. */
    private boolean mayBegin(Task task, TracedCall call, SocketCopy copy) {
        if (copy.number() != Protocol.UDP.number() || !begins(task, call) && !copy.corks()) {
            return false;
        }
        Sockaddr to = Sockaddr.decode(address.name, address.nameLength);
        if (to instanceof Sockaddr.Inet6 && copy.domain() == Family.INET.number()) {
            return false; // the kernel refuses it
        }
        synchronized (former) {
            return former.mixesBegun(copy, to instanceof Sockaddr.Unspec unspec && unspec.asInet().isPresent() ? unspec.asInet().get() : to);
        }
    }

    /** Whether the rest of the datagram is to follow. */
    static boolean begins(Task task, TracedCall call) {
        return (task.call.argument(call == TracedCall.SENDMSG ? 2 : 3) & MSG_MORE) != 0;
    }

    /** As {@link SocketCopy#dropBegun}. */
    private boolean dropsBegun(Task task) {
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return true;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.dropBegun();
        }
    }

    /** Whether we may what it may, as far as Landlock and security modules have a say. */
    boolean makesCallsOf(Task task) {
        return !restricted.contains(task.number) && tracees.rights().hasOurLabel(task.tid);
    }

    private int connect(Task task, SocketCopy copy, Optional<Sockaddr> destination) {
        int fd = (int) task.call.argument(0);
        if (task.begun == fd && copy.connecting() && !address.isOf(Family.UNSPEC)) {
            task.connecting = true;
            return NOT_HERE; // it was tried, and waits
        }
        if (address.leadsOverInet() && !copy.dropBegun()) {
            return -Errno.EAGAIN.number();
        }
        task.begun = Task.NONE; // or another socket has its number by now
        int result = former.matter() && destination.isPresent()
                ? connectApart(copy, destination.get())
                : copy.connect(address.name, address.nameLength, isNear(destination));
        if (result == MIXED) {
            return MIXED;
        }
        if (result == SocketCopy.BEGUN) {
            task.begun = fd;
        }
        task.connecting = result == SocketCopy.BEGUN || result == SocketCopy.CONNECTING;
        return task.connecting ? NOT_HERE : result;
    }

    /** Unless what it was connected to before would have a part in it. */
    private int connectApart(SocketCopy copy, Sockaddr destination) {
        synchronized (former) {
            boolean first = former.hadNone(copy);
            int mixed = mixed(former, copy, destination);
            if (mixed != 0) {
                return mixed;
            }
            int result = copy.connect(address.name, address.nameLength, isNear(Optional.of(destination)));
            if (first && result < 0) {
                former.forget(copy);
            }
            return result;
        }
    }

    /** @return what is answered if what it was connected to before would have a part in it; 0 if not, and then this one is noted */
    static int mixed(FormerPeers former, SocketCopy copy, Sockaddr destination) {
        synchronized (former) {
            boolean six = destination instanceof Sockaddr.Inet6 && copy.number() == Protocol.UDP.number();
            if (six && copy.domain() == Family.INET.number()) {
                return 0; // the kernel refuses it
            }
            if (former.held().has(copy)) {
                return -Errno.EALREADY.number();
            }
            if (former.mixes(copy, copy.number(), destination)) {
                return copy.number() == Protocol.TCP.number() ? MIXED : NO_SECOND_PEER;
            }
            former.note(copy, copy.number(), destination);
            return 0;
        }
    }

    private static boolean isNear(Optional<Sockaddr> destination) {
        return destination.isPresent()
                && (destination.get() instanceof Sockaddr.Inet inet && inet.address().isLoopback()
                        || destination.get() instanceof Sockaddr.Inet6 inet6 && inet6.address().isLoopback());
    }

    /** Whether to bind the port may take a capability that we have and the tracee has not. Port 0 is any that is free. */
    private boolean takesRight(Task task, SocketCopy copy) {
        if (address.nameLength < AddressCall.PORT_END) {
            return true;
        }
        int port = address.port();
        return port != 0 && port < firstPlainPort(task, copy) && !tracees.rights().mayBindPrivilegedPorts(task.tid);
    }

    /**
     * From here on the socket's network asks for no right. Of another than ours that cannot be known: its binds are left to their callers, but for
     * those that may not be left, where a rule is for one protocol ({@link AddressStop}). For these it is taken that nobody has changed it.
     */
    private int firstPlainPort(Task task, SocketCopy copy) {
        return copy.isOfOurNetwork() ? tracees.rights().firstUnprivilegedPort() : task.protocol == Task.NONE ? ALL_PORTS : PRIVILEGED_PORTS;
    }

    /** Whether the kernel refuses the bind, for want of a right. */
    boolean isRefusedForPort(Task task) {
        int port = address.nameLength < AddressCall.PORT_END ? 0 : address.port();
        if (port == 0 || port >= tracees.rights().firstUnprivilegedPort() || tracees.rights().mayBindPrivilegedPorts(task.tid)) {
            return false;
        }
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return false;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.isOfOurNetwork();
        }
    }

    private int sendMessage(Task task, int message, SocketCopy copy, int protocol) {
        int sent = send(copy, protocol, readPieces(task.tid), (int) task.call.argument(3));
        if (sent < 0) {
            return sent;
        }
        long told = AddressCall.message(task.call.argument(1), message) + Msghdr.LEN;
        return tracees.memory().writeInt(task.tid, told, sent) == Integer.BYTES ? 1 : -Errno.EFAULT.number();
    }

    private int send(SocketCopy copy, int protocol, int length, int flags) {
        if (length < 0 || protocol != Protocol.UDP.number() || (flags & ~PLAIN_FLAGS) != 0) {
            return NOT_HERE;
        }
        int nameLength = address.named && !meansPeer(copy) ? address.nameLength : 0;
        int result = copy.send(payload, length, flags, address.name, nameLength); // EPIPE comes without a signal
        boolean mustNotWait = result == SocketCopy.WOULD_WAIT && address.named && (flags & MSG_MORE) != 0 && former.matter();
        return mustNotWait ? -Errno.ENOBUFS.number() : result; // the tracee, which could wait, may not begin it
    }

    /**
     * An IPv6 socket takes AF_UNSPEC for no address; but if its peer is IPv4-mapped, and it is not sent without any, the kernel sends that an IPv6
     * packet, to wherever the default route leads. // net/ipv6/udp.c udpv6_sendmsg()
     */
    private boolean meansPeer(SocketCopy copy) {
        return address.isOf(Family.UNSPEC) && copy.domain() == Family.INET6.number();
    }

    /** What the header in {@code address} points at. @return its length, or {@link #NOT_HERE} */
    private int readPieces(int tid) {
        long count = address.pieces();
        if (!address.isPlain() || count < 0 || count > MOST_PIECES) {
            return NOT_HERE;
        }
        int bytes = (int) count * IOVEC_BYTES;
        if (bytes > 0 && tracees.memory().read(tid, address.pieceList(), iovec, bytes) != bytes) {
            return NOT_HERE;
        }
        int length = 0;
        for (int i = 0; i < count && length >= 0; i++) {
            long base = ControlMessages.longAt(iovec, i * IOVEC_BYTES);
            length = readPayload(tid, base, ControlMessages.longAt(iovec, i * IOVEC_BYTES + Long.BYTES), length);
        }
        return length;
    }

    /** Behind what was read so far. @return the length of it all, or {@link #NOT_HERE}: what cannot be read the kernel will refuse itself */
    private int readPayload(int tid, long base, long length, int before) {
        if (length < 0 || length > MOST_BYTES - before || length == 0 && Long.compareUnsigned(base, HIGH) >= 0) {
            return NOT_HERE;
        }
        if (length > 0 && tracees.memory().read(tid, base, before == 0 ? payload : piece, (int) length) != length) {
            return NOT_HERE;
        }
        if (before > 0) {
            System.arraycopy(piece, 0, payload, before, (int) length);
        }
        return before + (int) length;
    }

    /** Whether a thread is there whose call is to be made. */
    static class Presence {
        boolean isThere() {
            return true;
        }
    }
}
