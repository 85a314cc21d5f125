package org.secfilt.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.policy.Access;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Net;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Surroundings;

/**
 * A policy that can be held on this host, and what each layer has to do for it. There is no other way to one than {@link #of} and its kin, so
 * whoever has a plan need not ask whether the host is up to it.
 */
public final class Plan {
    /** The families whose traffic is judged call by call, or stays on this host's kernel (netlink). */
    public static final List<Family> JUDGED = List.of(Family.UNIX, Family.INET, Family.INET6, Family.NETLINK);

    private static final Cidr MULTICAST_V4 = Cidr.parse("224.0.0.0/4");
    private static final Cidr MULTICAST_V6 = Cidr.parse("ff00::/8");

    private final Policy policy;
    private final Host host;
    private final VaultRange vault;
    /** Nobody supervises. */
    private final boolean alone;
    /** Somebody wants to know of each denial. */
    private final boolean logged;

    private Plan(Policy policy, Host host, boolean alone, boolean logged) {
        this.policy = policy;
        this.host = host;
        this.alone = alone;
        this.logged = logged;
        this.vault = VaultRange.of(host.arch());
    }

    /** @throws RefusedPolicyException if some rule cannot be held by any layer of this host */
    public static Plan of(Policy policy, Host host) throws RefusedPolicyException {
        return new Plan(policy, host, false, false).orRefused();
    }

    /**
     * Of a run with a log.
     *
     * @throws RefusedPolicyException if some rule cannot be held by any layer of this host
     */
    public static Plan logged(Policy policy, Host host) throws RefusedPolicyException {
        return new Plan(policy, host, false, true).orRefused();
    }

    /**
     * Of a run that nobody supervises: filter and firewall hold all of the policy.
     *
     * @throws RefusedPolicyException if some rule needs the tracer, or cannot be held at all
     */
    public static Plan withoutSupervisor(Policy policy, Host host) throws RefusedPolicyException {
        return new Plan(policy, host, true, false).orRefused();
    }

    private Plan orRefused() throws RefusedPolicyException {
        List<Refusal> refusals = new Refusals(this, policy, host).list(alone);
        if (!refusals.isEmpty()) {
            throw new RefusedPolicyException(refusals);
        }
        return this;
    }

    /** Of another policy on the same host, to ask what would then be. */
    public Plan with(Policy other) throws RefusedPolicyException {
        return new Plan(other, host, alone, logged).orRefused();
    }

    /** What the command has of its own: a network, a /tmp, a user. */
    public Surroundings surroundings() {
        return policy.surroundings();
    }

    /** Whether the command has a /tmp of its own. */
    public boolean ownsMounts() {
        return policy.surroundings().ownsMounts();
    }

    /** Whether the command lives in a mount namespace made for it: its paths are followed there. */
    public boolean entersMounts() {
        return ownsMounts() || sealsCgroup();
    }

    /**
     * Whether the command could enter another network, and must not: the host's again, or one that has no rules. setns(2) there needs root. A
     * user namespace of the command's own has no say over the host's network.
     */
    public boolean confinesToNetwork() {
        return host.root() && (policy.surroundings().ownsNetwork() || judgesWholeNetwork());
    }

    /** Whether something is to be done in a network of the command's own before it starts, so that the stub enters that first, and waits. */
    public boolean preparesNetwork() {
        return policy.surroundings().network() == Net.NAT || policy.surroundings().ownsNetwork() && judgesPackets();
    }

    public Policy policy() {
        return policy;
    }

    public Arch arch() {
        return host.arch();
    }

    public VaultRange vault() {
        return vault;
    }

    /** False if nothing at all is restricted: then the command needs no tracer, and no filter but {@link #guardsOutside}. */
    public boolean supervised() {
        return needsTracer() || policy.families().isPresent() || confinesToNetwork() || sealsProfile();
    }

    /**
     * Whether a command that no rule restricts must at least not have others act outside in its place, its caller's shell for one: it is another
     * user's, or has a network or a /tmp of its own.
     */
    public boolean guardsOutside() {
        return !supervised() && (policy.surroundings().user().isPresent() || policy.surroundings().ownsNetwork() || ownsMounts());
    }

    /** Whether some call is sent to the tracer. Without any, the filter alone holds the policy. */
    public boolean traced() {
        return !alone && needsTracer();
    }

    /** Whether processes may get the vault: some call's address is judged. */
    public boolean bringsVault() {
        return traces(TracedCall.CONNECT) || traces(TracedCall.BIND);
    }

    /** A list of families the filter holds by itself; but what it refuses counts as a violation only where somebody hears of it. */
    private boolean needsTracer() {
        boolean heard = logged || policy.violationExit().isPresent();
        return policy.restrictsAddresses() || policy.restrictsFiles() || heard && policy.families().isPresent();
    }

    /** Whether this call, which changes files past Landlock, stops for the tracer. */
    public boolean traces(FileCall call) {
        return !alone && policy.restrictsFiles() && (call != FileCall.TRUNCATE || truncatesPastLandlock());
    }

    /** Whether files are read-only and this host's Landlock does not see a file being truncated by its name. */
    public boolean truncatesPastLandlock() {
        return policy.restrictsFiles() && host.landlockAbi() < LandlockDomain.ABI_WITH_TRUNCATE;
    }

    public boolean traces(TracedCall call) {
        if (alone) {
            return false;
        }
        return switch (call) {
            case CONNECT, SENDTO, SENDMSG, SENDMMSG ->
                    policy.noOutbound().isPresent() || !policy.connect().open() || !policy.unix().open();
            case BIND -> !policy.bind().open() || judgesScopes();
            case LISTEN -> !policy.bind().open();
            case RECVMSG, RECVMMSG -> traced();
            case EXIT, EXIT_GROUP -> traced() && policy.violationExit().isPresent();
            case SOCKET -> traced() && allowedFamilies().isPresent();
            case SETSOCKOPT -> traced() && limitsInet();
            case LANDLOCK_RESTRICT_SELF -> traces(TracedCall.CONNECT) || traces(TracedCall.BIND);
            case WAIT4, WAITID, PTRACE, MMAP, MUNMAP, MREMAP, MPROTECT, PKEY_MPROTECT, MADVISE, SHMAT, REMAP_FILE_PAGES,
                    PRLIMIT64, SCHED_SETAFFINITY, SCHED_SETSCHEDULER, SCHED_SETPARAM, SCHED_SETATTR, SETPRIORITY, IOPRIO_SET,
                    PERF_EVENT_OPEN -> traced();
            case KILL, TKILL, TGKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO, PIDFD_SEND_SIGNAL, FCNTL, IOCTL -> traced() && !scopesSignals();
        };
    }

    /** The families socket(2) may make; empty if it may make any. */
    public Optional<List<Family>> allowedFamilies() {
        if (policy.families().isPresent()) {
            return Optional.of(policy.families().get().allowed());
        }
        return limitsInet() ? Optional.of(JUDGED) : Optional.empty();
    }

    /** Why {@link #allowedFamilies} is as it is. */
    public Origin familiesOrigin() {
        return policy.families().isPresent() ? policy.families().get().origin() : inetOrigin();
    }

    /**
     * Whether internet sockets must be plain TCP or UDP: as soon as internet addresses are restricted, for raw sockets, ICMP, SCTP, MPTCP
     * and the like send to addresses that no inspected call shows.
     */
    public boolean limitsInet() {
        return policy.noOutbound().isPresent() || !policy.connect().open() || !policy.bind().open() || sealsProfile();
    }

    /** The place in the policy that restricts internet addresses. */
    public Origin inetOrigin() {
        if (policy.noOutbound().isPresent()) {
            return policy.noOutbound().get();
        }
        return policy.connect().open() ? origin(policy.bind()) : origin(policy.connect());
    }

    static Origin origin(Access access) {
        return access.mode() == Mode.ALLOW && !access.deny().isEmpty() ? access.deny().get(0).origin() : access.modeOrigin();
    }

    /** Whether a socket may choose the interface it sends by. Where only some addresses are allowed, 127.0.0.1 must not leave by eth0. */
    public boolean leavesInterfaces() {
        return !limitsInet() || policy.noOutbound().isEmpty() && policy.connect().mode() == Mode.ALLOW;
    }

    /**
     * Whether bind(2) must be judged for the sake of the interface: a link-local address with a scope binds the socket to the scope's
     * interface, as SO_BINDTODEVICE does.
     */
    public boolean judgesScopes() {
        return policy.noOutbound().isEmpty() && !leavesInterfaces();
    }

    /**
     * Whether a socket may join multicast groups, which sends the group's address out, to routers: so some group must be allowed, and where the
     * mode allows them all, none be denied, be it at one port. Which family's the rule is about does not matter.
     */
    public boolean leavesMulticast() {
        if (!limitsInet()) {
            return true;
        }
        if (policy.noOutbound().isPresent()) {
            return false;
        }
        boolean open = policy.connect().mode() == Mode.ALLOW;
        for (Rule rule : open ? policy.connect().deny() : policy.connect().allow()) {
            // What denies a port of all addresses is not about groups: joining is done without ports.
            if (rule.match() instanceof Match.Inet inet && reachesMulticast(inet.networks())
                    && !(open && inet.networks().isEmpty() && !(inet.ports().isEmpty() && inet.protocol().isEmpty()))) {
                return !open;
            }
        }
        return open;
    }

    private static boolean reachesMulticast(List<Cidr> networks) {
        for (Cidr network : networks) {
            IpAddress last = network.last();
            if (MULTICAST_V4.contains(network.first()) || MULTICAST_V6.contains(network.first())
                    || network.contains(MULTICAST_V4.first()) || network.contains(MULTICAST_V6.first())
                    || MULTICAST_V4.contains(last) || MULTICAST_V6.contains(last)) {
                return true;
            }
        }
        return networks.isEmpty();
    }

    /** Whether some rule for such a call names a protocol, so that a verdict needs the socket's. */
    public boolean needsProtocol(TracedCall call) {
        Access access = call == TracedCall.BIND ? policy.bind() : policy.connect();
        return namesProtocol(access.allow()) || namesProtocol(access.deny());
    }

    private static boolean namesProtocol(List<Rule> rules) {
        for (Rule rule : rules) {
            if (rule.match() instanceof Match.Inet inet && inet.protocol().isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a verdict on a unix socket depends on its path, so that the tracer must find out the canonical one. */
    public boolean judgesUnixPaths() {
        return policy.noOutbound().isEmpty() && !policy.unix().open();
    }

    /**
     * Whether the host's packet filter judges what leaves, by every rule that it can hold. It holds connect's; what it refuses that no call
     * shows, nobody is told of.
     */
    public boolean judgesPackets() {
        return policy.firewall().value() != Firewall.OFF
                && host.firewall().missing().isEmpty()
                && policy.restrictsDestinations();
    }

    /** Whether, where no packet is judged, what is denied could be reached by what the kernel mixes of two peers that are allowed. */
    public boolean mixesPeers() {
        return !judgesPackets() && ThirdDestinations.canBeMade(policy);
    }

    /** Whether it judges all packets of the command's network namespace, in place of a cgroup's. */
    public boolean judgesWholeNetwork() {
        return judgesPackets() && host.firewall().wholeNetwork();
    }

    /**
     * Whether the firewall begins without the rules that only packets made by hand need, which are dear, and gets them when the first
     * raw socket is made.
     */
    public boolean judgesRawPacketsLate() {
        return judgesPackets() && leavesKinds() && traced() && !judgesWholeNetwork() && !policy.surroundings().ownsNetwork();
    }

    /**
     * Whether internet sockets of every kind may be made, raw, ICMP and SCTP among them: their packets are judged, and the command cannot
     * leave the cgroup by which they are known. For an ordinary user file rights see to that.
     */
    public boolean leavesKinds() {
        boolean judged = judgesPackets() || sealsProfile() && !policy.restrictsAddresses();
        return judged && (!host.root() || canSealCgroup());
    }

    /**
     * Whether packets of an MPTCP socket are all known for the run's. The kernel's threads begin further connections of it, to addresses that the
     * peer names: their sockets have its cgroup of version 2, and no class.
     */
    public boolean seesMptcp() {
        return !host.firewall().byClass() && (!host.profiled() || host.profiledByMaking());
    }

    /** Whether root's command must be kept in a profile; file rights keep other users there. */
    public boolean sealsProfile() {
        return host.profiled() && host.root();
    }

    /** Whether the rules of a profile hold besides. */
    public boolean profiled() {
        return host.profiled();
    }

    /** Whether sockets that were made before the run are past the rules of its profile, and so must not come along. */
    public boolean profilesByMaking() {
        return host.profiledByMaking();
    }

    /** Where all of a network is judged there is no cgroup to leave, see {@link #confinesToNetwork}. */
    boolean canSealCgroup() {
        return host.firewall().wholeNetwork() ? landlock().isPresent() : canSeal();
    }

    /** Outside processes must be out of reach, for the sake of their mounts. */
    boolean canSeal() {
        return landlock().isPresent() && host.firewall().mayMount();
    }

    /**
     * Whether root's command must be kept in its cgroup: by the filter, and by mounts of its own, in which cgroups are read-only, and where
     * none turns up that is mounted later.
     */
    public boolean sealsCgroup() {
        return host.root() && leavesKinds() && !host.firewall().wholeNetwork() || sealsProfile();
    }

    /**
     * What root's command must lose from all its capability sets, the bounding set too; empty for other users, who have none. In a network of its
     * own packets made by hand go where others go, so that CAP_NET_RAW stays where no rule speaks against it.
     */
    public List<Capability> droppedCapabilities() {
        boolean addresses = policy.restrictsAddresses() || sealsProfile();
        List<Capability> dropped = new ArrayList<>();
        for (Capability capability : Capability.values()) {
            if (host.root() && capability.undoes(addresses || confinesToNetwork(), policy.restrictsFiles(), sealsCgroup())
                    && (capability != Capability.NET_RAW || addresses && !leavesKinds())) {
                dropped.add(capability);
            }
        }
        return dropped;
    }

    /** The error of a denied change of a file: ECONNREFUSED would be none. */
    public Errno fileDenial() {
        return policy.denial() == Errno.ECONNREFUSED ? Errno.EPERM : policy.denial();
    }

    /** The domain the command enters; empty where none is needed, or none is to be had: then the filter alone stands there. */
    public Optional<LandlockDomain> landlock() {
        if (policy.restrictsFiles()) {
            return LandlockDomain.readOnly(host.landlockAbi());
        }
        return supervised() ? LandlockDomain.of(host.landlockAbi()) : Optional.empty();
    }

    /** Whether Landlock keeps signals of the command's inside. */
    public boolean scopesSignals() {
        return landlock().isPresent() && landlock().get().scoped() != 0;
    }

    /** Which layer holds what, for people: the user's rules first, then what is built in. */
    public List<Holding> layers() {
        return Holdings.of(this);
    }
}
