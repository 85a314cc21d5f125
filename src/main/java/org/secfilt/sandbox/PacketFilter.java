package org.secfilt.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Family;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.Hierarchies;
import org.secfilt.firewall.IpVersion;
import org.secfilt.firewall.Leftovers;
import org.secfilt.firewall.NetworkRules;
import org.secfilt.firewall.NetworkSession;
import org.secfilt.firewall.Session;
import org.secfilt.firewall.Standing;
import org.secfilt.firewall.Tables;
import org.secfilt.firewall.Weight;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.NetworkLock;
import org.secfilt.kernel.Networks;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.nat.Nat;
import org.secfilt.nat.NatException;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.Refusal;

/** The packet filter of this host, as far as one run needs it: whether it is to be had, and then the run's part of it. */
@SuppressWarnings("try") // a lock is there to be closed
public final class PacketFilter {
    private static final ByteString PATH = ByteString.of("PATH=");
    private static final long CAP_NET_ADMIN = 1L << 12; // linux/capability.h
    private static final long CAP_SYS_ADMIN = 1L << 21;

    private final Kernel kernel;
    private final ProcessStatus processes;
    private final Networks networks;
    private final int pid;
    private final Tables tables;
    private final List<Cgroups.Hierarchy> hierarchies;

    /**
     * @param pid of the process to be judged
     * @param environment its environment: the iptables on its PATH is the one that is used
     */
    public PacketFilter(Kernel kernel, int pid, List<ByteString> environment) {
        this(kernel, pid, environment, List.of(Cgroups.Hierarchy.values()));
    }

    /** @param hierarchies where the run may have its cgroup, the first that is to be had */
    public PacketFilter(Kernel kernel, int pid, List<ByteString> environment, List<Cgroups.Hierarchy> hierarchies) {
        this.kernel = kernel;
        this.processes = kernel.processStatus();
        this.networks = kernel.networks();
        this.pid = pid;
        this.tables = tables(kernel, environment);
        this.hierarchies = List.copyOf(hierarchies);
    }

    /** Both families, or IPv4 alone where the kernel runs without IPv6. */
    static Tables tables(Kernel kernel, List<ByteString> environment) {
        Optional<String> path = Optional.empty();
        for (ByteString variable : environment) {
            if (variable.startsWith(PATH)) {
                path = Optional.of(variable.latin1().substring(PATH.length()));
            }
        }
        List<IpVersion> versions = kernel.networks().hasInternet6() ? List.of(IpVersion.values()) : List.of(IpVersion.V4);
        return new Tables(kernel.programs(), path, versions, new Tables.Translation() { // no lambda: it would cost a start more
            @Override
            public boolean isIn(IpVersion version) {
                return kernel.networks().translates(version == IpVersion.V4 ? Family.INET : Family.INET6);
            }
        });
    }

    /** What can be told without changing anything, cheaply. That the kernel lacks a match shows when the rules are installed. */
    public HostFirewall host() {
        long capabilities = processes.permittedCapabilities(pid);
        Optional<String> missing = missingToChange();
        if (missing.isPresent()) {
            return HostFirewall.without(missing.get());
        }
        try (Cgroups cgroups = cgroups()) {
            String parent = parent(cgroups);
            if (!cgroups.mayMakeIn(parent)) {
                return withoutCgroup("the right to make a cgroup in /" + parent);
            }
            boolean mayMount = (capabilities & CAP_SYS_ADMIN) != 0 && !kernel.cgroupSight().hides(pid);
            return new HostFirewall(Optional.empty(), mayMount, false, cgroups.hierarchy() == Cgroups.Hierarchy.NET_CLS);
        } catch (KernelException e) {
            return withoutCgroup("a cgroup hierarchy: " + e.getMessage());
        }
    }

    /** Where a run would make its own. */
    private String parent(Cgroups cgroups) {
        return cgroups.hierarchy() == Cgroups.Hierarchy.NET_CLS ? "" : cgroups.of(pid);
    }

    /** Whether root of this user namespace is root of its network, too. */
    public boolean mayChangeNetwork() {
        return networks.isOurs();
    }

    /** Whether a run could make a cgroup, whatever else it has not. */
    public boolean mayMakeCgroup() {
        try (Cgroups cgroups = cgroups()) {
            return cgroups.mayMakeIn(parent(cgroups));
        } catch (KernelException e) {
            return false;
        }
    }

    /** Who is alone in a network needs none, as root of a user namespace can be: it may make no cgroups. */
    private HostFirewall withoutCgroup(String missing) {
        if (!networks.seesAllUsers()) {
            return HostFirewall.without(missing);
        }
        List<String> others = networks.users(pid);
        return others.isEmpty() ? HostFirewall.OF_NETWORK
                : HostFirewall.without(missing + ", and " + others.get(0) + " uses this network too (--net=nat gives the command one of its own)");
    }

    /** As {@link #host}, of a network namespace that is made for the run: all that leaves it is judged. */
    public HostFirewall ofOwnNetwork() {
        long capabilities = processes.permittedCapabilities(pid);
        if ((capabilities & CAP_NET_ADMIN) == 0) {
            return HostFirewall.without("CAP_NET_ADMIN");
        }
        if ((capabilities & CAP_SYS_ADMIN) == 0) {
            return HostFirewall.without("CAP_SYS_ADMIN, to enter the command's network");
        }
        Optional<String> program = tables.missingToEnter();
        return program.isPresent() ? HostFirewall.without("the program " + program.get()) : HostFirewall.OF_NETWORK;
    }

    /** Raises it in the network namespace of the process, which has that to itself. */
    void raiseInOwnNetwork(Plan plan) throws FirewallException {
        try {
            NetworkRules.install(tables.of(pid), plan.policy(), users());
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    /** All users of this user namespace. user_namespaces(7) "uid_map" */
    private static List<String> users() throws FirewallException {
        List<String> ranges = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/uid_map"))) {
                String[] fields = line.trim().split("\\s+");
                long first = Long.parseLong(fields[0]);
                ranges.add(first + "-" + (first + Long.parseLong(fields[2]) - 1));
            }
        } catch (IOException e) {
            throw new FirewallException("read(/proc/self/uid_map): " + e.getMessage());
        }
        return ranges;
    }

    /**
     * Removes what runs have left that were killed.
     *
     * @return what was removed, in words
     * @throws FirewallException if something of it could not be
     */
    public List<String> removeLeftovers() throws FirewallException {
        Optional<String> missing = missingToChange();
        if (missing.isPresent()) {
            throw new FirewallException("nothing can be removed here, for want of " + missing.get());
        }
        try {
            Leftovers leftovers = new Leftovers(tables, this::open);
            long ours = networks.namespace(pid);
            Set<Long> others = networks.namespaces();
            List<String> removed = new ArrayList<>(leftovers.remove(inode -> inode != ours && others.contains(inode)));
            removed.addAll(NetworkSession.removeDead(tables, supervisors()));
            removed.addAll(new Nat(kernel, tables).collect());
            if (!leftovers.complaints().isEmpty()) {
                throw new FirewallException(String.join("\n", leftovers.complaints()));
            }
            return removed;
        } catch (KernelException | NatException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    /** The profiles of this network, for the same process. */
    public LastingProfiles profiles() {
        return new LastingProfiles(this, kernel, pid, tables, hierarchies);
    }

    /** Why rules of this network can be neither changed nor seen; empty if they can. */
    Optional<String> missingToChange() {
        if ((processes.permittedCapabilities(pid) & CAP_NET_ADMIN) == 0) {
            return Optional.of("CAP_NET_ADMIN");
        }
        if (!networks.isOurs()) {
            return Optional.of("rights over this network, which belongs to another user namespace");
        }
        Optional<String> program = tables.missing();
        return program.isPresent() ? Optional.of("the program " + program.get()) : program; // no lambda: it would cost milliseconds
    }

    /** What there is to say against having the plan's firewall, before anything is raised. */
    public List<Refusal> refusals(Plan plan) {
        if (!plan.judgesPackets()) {
            return List.of();
        }
        Optional<Refusal> refusal = Weight.refusal(plan.policy(), tables, plan.surroundings().ownsNetwork(),
                "--firewall=off: calls are judged without it");
        return refusal.isPresent() ? List.of(refusal.get()) : List.of();
    }

    /** Raises it: the process is in its cgroup then, or on its way. */
    public Standing raise(Plan plan) throws FirewallException {
        if (plan.judgesWholeNetwork()) {
            try (NetworkLock lock = kernel.lockNetwork()) {
                return NetworkSession.raise(tables, plan.policy(), users(), supervisors());
            } catch (KernelException e) {
                throw new FirewallException(e.getMessage());
            }
        }
        Cgroups cgroups;
        try {
            cgroups = cgroups();
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
        Hierarchies others = new Hierarchies() {
            @Override
            public Optional<Cgroups> open(Cgroups.Hierarchy hierarchy) {
                return PacketFilter.this.open(hierarchy);
            }
        };
        return Session.raise(tables, others, cgroups, plan.policy(), plan.judgesRawPacketsLate(), networks.namespace(pid), pid);
    }

    private NetworkSession.Supervisors supervisors() {
        long network = networks.namespace(pid);
        return new NetworkSession.Supervisors() {
            @Override
            public long namespace() {
                return networks.processNamespace();
            }

            @Override
            public boolean isAlive(int supervisor) {
                return networks.namespace(supervisor) == network;
            }
        };
    }

    /** @throws KernelException if none can be had, of the first */
    private Cgroups cgroups() {
        try {
            return kernel.cgroups(hierarchies.get(0));
        } catch (KernelException e) {
            for (Cgroups.Hierarchy hierarchy : hierarchies.subList(1, hierarchies.size())) {
                Optional<Cgroups> other = open(hierarchy);
                if (other.isPresent()) {
                    return other.get();
                }
            }
            throw e;
        }
    }

    /** The hierarchy, where it is to be had. */
    Optional<Cgroups> open(Cgroups.Hierarchy hierarchy) {
        try {
            return Optional.of(kernel.cgroups(hierarchy));
        } catch (KernelException e) {
            return Optional.empty();
        }
    }
}
