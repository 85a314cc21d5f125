package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.UnresolvedPath;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/** Turns the bytes of a call that stands still into a verdict. Looks up what the policy needs to know besides: protocol, canonical path. */
final class AddressJudge {
    private static final Verdict.Allow ALLOW = new Verdict.Allow(Optional.empty());
    /** A connected SOCK_SEQPACKET socket looks at no address; whatever is put in its place refuses this one. // net/unix/af_unix.c */
    private static final Verdict.Allow SEND_TO_PEER = new Verdict.Allow(Optional.of(new Sockaddr.UnixUnnamed()));

    private static final String OUTSIDER = "only the firewall could judge what such a socket sends, and one that it may not know for the command's"
            + " could take its place: there is one that was open before the run, or that another process has handed over (SCM_RIGHTS)";

    private static final String HIDDEN = "the process made its memory unreadable (PR_SET_DUMPABLE), as ssh-agent and gpg-agent do, and secfilt lacks"
            + " CAP_SYS_PTRACE; start it before the run, or run secfilt as root with --user";
    private static final String OTHERS = "the process has become another user, and secfilt lacks CAP_SYS_PTRACE, without which it cannot read its"
            + " memory; start the run as that user, or give secfilt CAP_SYS_PTRACE";

    private final Tracees tracees;
    private final Judge judge;
    private final Plan plan;
    private final LastAddress last;
    private final FormerPeers former;
    /** Of the last judged call, for its report. */
    private Optional<Sockaddr> destination = Optional.empty();
    /**
     * The run may hold internet sockets that were made outside of it: whoever hands one over may have it from there. The firewall does not know
     * their packets for the command's.
     */
    private boolean outsiders;

    AddressJudge(Tracees tracees, Plan plan, FormerPeers former) {
        this.tracees = tracees;
        this.former = former;
        this.plan = plan;
        this.judge = new Judge(plan);
        this.last = new LastAddress(judge);
    }

    /**
     * An internet socket that may have been made outside of the run is in it. The judge of {@link NotifiedRun} need not hear of it: what is left to
     * the firewall is handed over, and judged again by the tracer's.
     */
    void outsiderCame() {
        outsiders = true;
        former.outsiderCame();
    }

    /** Before the supervisor takes its connection from a socket that came from outside. */
    void disconnects(SocketCopy socket) {
        synchronized (former) {
            former.note(socket, socket.number(), new Sockaddr.Unspec(Optional.empty()));
        }
    }

    Optional<Sockaddr> destination() {
        return destination;
    }

    Verdict judge(Task task, TracedCall call, AddressCall address) {
        task.protocol = Task.NONE;
        task.followedPath = false;
        task.foreign = false;
        task.forFirewall = false;
        task.closeFile();
        // To where connect was judged, or nowhere.
        boolean unnamed = address.isUnreadable() || !address.named && AddressCall.action(call) == Action.SEND;
        Optional<Sockaddr> named = unnamed ? Optional.empty() : last.read(address);
        destination = named;
        Optional<Verdict> byControl = judgeControl(address);
        if (byControl.isPresent()) {
            return byControl.get();
        }
        if (unnamed) {
            return ALLOW;
        }
        if (plan.judgesUnixPaths() && named.get() instanceof Sockaddr.UnixPath path && call != TracedCall.BIND) {
            return judgePath(task, call, path);
        }
        if (plan.needsProtocol(call)) {
            int fd = (int) task.call.argument(0);
            task.protocol = tracees.sockets().protocol(task.tid, fd);
            int error = task.protocol == Task.NONE ? tracees.sockets().noSocket(task.tid, fd) : 0;
            if (error < 0) {
                return new Verdict.Answer(Errno.of(-error));
            }
        }
        Verdict verdict = last.judge(AddressCall.action(call), task.protocol);
        if (verdict instanceof Verdict.Deny && named.get() instanceof Sockaddr.UnixPath path && call != TracedCall.BIND) {
            Optional<Verdict> missing = missing(task, call, path);
            return missing.isPresent() ? missing.get() : verdict;
        }
        if (verdict instanceof Verdict.Deny) {
            if (!isForFirewall(task, call, named.get())) {
                return verdict;
            }
            task.forFirewall = !outsiders;
            return outsiders ? deny(OUTSIDER) : ALLOW;
        }
        if (AddressCall.action(call) == Action.SEND && AddressCall.isFastOpen(task.call, call) && isForOneProtocol(task, call)) {
            return new Verdict.Answer(Errno.EOPNOTSUPP);
        }
        // What the kernel refuses it refuses itself, in its own order and words; it has nothing to look at but what was judged.
        return verdict instanceof Verdict.Answer ? ALLOW : verdict;
    }

    private Optional<Verdict> judgeControl(AddressCall address) {
        return switch (ControlMessages.kind(address.control, address.controlLength)) {
            case SOURCE_ROUTE -> Optional.of(deny("control data that can route the packet elsewhere (IP_RETOPTS, IPV6_RTHDR and its like, SO_MARK)"));
            case INTERFACE -> plan.leavesInterfaces()
                    ? Optional.empty()
                    : Optional.of(deny("control data that chooses the interface (IP_PKTINFO, IPV6_PKTINFO)"));
            case MALFORMED -> Optional.of(new Verdict.Answer(Errno.EINVAL));
            case HARMLESS -> Optional.empty();
        };
    }

    /**
     * Whether the address that was judged last is allowed to this protocol, TCP or UDP, and denied to the other: a socket of that could be put in the
     * place of the one that was judged.
     *
     * <p>So fast open there is as where it is switched off, tcp(7): it needs the address when it runs, and either protocol would take it.
     */
    boolean isForOneProtocol(Task task, TracedCall call) {
        Optional<Protocol> protocol = Protocol.ofPackets(task.protocol);
        return protocol.isPresent() && last.judge(AddressCall.action(call), protocol.get().other().number()) instanceof Verdict.Deny;
    }

    /** Whether the firewall judges the packets of any socket that could be there: all are of the run. */
    boolean judgesAllPackets() {
        return plan.judgesPackets() && !outsiders;
    }

    /**
     * Whether the address is allowed at some port, and the socket is of a protocol without ports, or with ports that no rule names: the
     * firewall sees more of its packets than the call's address shows. A process that swaps the socket meanwhile wins nothing, if all that
     * it has were made in the run: the other's packets are judged there too. None comes meanwhile that was not: {@link Crossing}.
     */
    private boolean isForFirewall(Task task, TracedCall call, Sockaddr named) {
        if (!plan.leavesKinds() || call == TracedCall.BIND || !judge.namesDestination(named)) {
            return false;
        }
        task.protocol = tracees.sockets().protocol(task.tid, (int) task.call.argument(0));
        return task.protocol > 0 && Protocol.ofPackets(task.protocol).isEmpty();
    }

    /**
     * The path is followed here, and where it leads to is judged, and what the call is given: {@link Keeping}.
     */
    private Verdict judgePath(Task task, TracedCall call, Sockaddr.UnixPath named) {
        destination = Optional.of(named);
        Optional<SocketFile> file;
        try {
            file = tracees.socketPaths().follow(task.tid, named.path().toBytes(), !plan.policy().unix().deny().isEmpty());
        } catch (UnresolvedPath e) {
            return unresolved(task, call, e);
        }
        if (file.isEmpty()) {
            return deny("where the path leads cannot be told: another root directory or mount namespace, or a file without a path");
        }
        task.file = file;
        task.followedPath = true;
        Sockaddr.UnixPath followed = new Sockaddr.UnixPath(ByteString.of(file.get().path()));
        destination = Optional.of(followed);
        if (!file.get().looked()) {
            return deny("the names of the sockets that are bound there cannot be told");
        }
        for (byte[] name : file.get().boundNames()) {
            Optional<Verdict.Deny> denial = judge.denialByRule(ByteString.of(name));
            if (denial.isPresent()) {
                return denial.get(); // a link, a mount or a rename gave it another path
            }
        }
        Verdict verdict = judge.judge(AddressCall.action(call), followed, Optional.empty());
        return verdict instanceof Verdict.Allow ? new Verdict.Allow(Optional.of(followed)) : verdict;
    }

    /** What is answered where nobody could be reached anyway: programs look for services that most hosts do not have. */
    private Optional<Verdict> missing(Task task, TracedCall call, Sockaddr.UnixPath named) {
        if (!tracees.rights().hasOurUser(task.tid)) {
            return Optional.empty(); // it may not be allowed to learn what we see
        }
        try {
            Optional<SocketFile> file = tracees.socketPaths().follow(task.tid, named.path().toBytes(), false);
            if (file.isPresent()) {
                file.get().close();
            }
            return Optional.empty();
        } catch (UnresolvedPath e) {
            boolean tells = e.errno() == Errno.ENOENT.number() || e.errno() == Errno.ENOTDIR.number() || e.errno() == Errno.EACCES.number();
            return tells ? Optional.of(unresolved(task, call, e)) : Optional.empty();
        }
    }

    /**
     * The call does not run on its path, which may lead somewhere by then. The kernel asks for the socket first, and a send by a stream or
     * SOCK_SEQPACKET one never comes to look for the path. // net/unix/af_unix.c
     */
    private Verdict unresolved(Task task, TracedCall call, UnresolvedPath path) {
        int fd = (int) task.call.argument(0);
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, fd);
        if (socket.isEmpty()) {
            int error = tracees.sockets().noSocket(task.tid, fd);
            return new Verdict.Answer(Errno.of(error < 0 ? -error : path.errno()));
        }
        try (SocketCopy copy = socket.get()) {
            OpenDescriptor sender = copy.describe(0);
            if (sender.domain() != Family.UNIX.number()) {
                task.foreign = true;
                return ALLOW;
            }
            if (AddressCall.action(call) != Action.SEND) {
                return new Verdict.Answer(path.errno(sender.type()));
            }
            if (sender.type() == SocketType.STREAM) {
                return new Verdict.Answer(sender.peer().isPresent() ? Errno.EISCONN : Errno.EOPNOTSUPP);
            }
            if (sender.type() == SocketType.SEQPACKET) {
                return sender.peer().isPresent() ? SEND_TO_PEER : new Verdict.Answer(Errno.ENOTCONN);
            }
            return new Verdict.Answer(path.errno(sender.type()));
        }
    }

    /**
     * Whether a connected unix socket ended where a deny rule names it: where its file could not be kept for the call somebody may have renamed
     * a directory of the path between the verdict and the kernel's own walk. The other side's name is as it bound itself; a relative one tells
     * nothing, nor does one that no rule allows, for servers rename what they have bound. One that is connected to nothing is not the one that
     * the call connected: as bad.
     */
    boolean reachedElsewhere(SocketCopy socket) {
        Optional<Sockaddr> peer = socket.peer();
        return peer.isEmpty() || isDenied(peer.get());
    }

    /** Whether a connected unix socket has another side that a deny rule names, by the absolute name that it bound itself to. */
    boolean reachedDenied(SocketCopy socket) {
        Optional<Sockaddr> peer = socket.peer();
        return peer.isPresent() && isDenied(peer.get());
    }

    private boolean isDenied(Sockaddr peer) {
        return peer instanceof Sockaddr.UnixPath path && path.path().at(0) == '/' && judge.denialByRule(path.path()).isPresent();
    }

    Verdict judgeBind(Sockaddr local, int protocol) {
        return judge.judge(Action.BIND, local, Protocol.ofPackets(protocol));
    }

    Verdict.Deny denyUnreadable(int tid) {
        return deny(unreadable(tracees, tid));
    }

    /** Why its memory cannot be read, and what to do instead. The kernel does not tell the one from the other. // kernel/ptrace.c */
    static String unreadable(Tracees tracees, int tid) {
        return tracees.rights().hasOurUser(tid) ? HIDDEN : OTHERS;
    }

    Verdict.Deny deny(String why) {
        return new Verdict.Deny(plan.policy().denial(), why, Origin.DEFAULT);
    }
}
