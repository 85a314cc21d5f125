package org.secfilt.doctor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.KernelRelease;

/** The probes; a new one is a method and a row in {@link #ALL}. */
final class Probes {
    static final List<Probe> ALL = List.of(
            Probes::processor, Probes::kernel, Probes::java, Probes::seccomp, Probes::userNotification, Probes::ptrace, Probes::traced,
            Probes::ownCalls, Probes::landlock, Probes::readOnlyFiles, Probes::ioUring, Probes::cgroup, Probes::iptables, Probes::firewall,
            Probes::profiles, Probes::userNamespaces, Probes::nat, Probes::resolver, Probes::trial);

    /** USER_NOTIF with its flags and Landlock's domain as secfilt uses them. */
    private static final int[] OLDEST_KERNEL = {5, 14};
    /** SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP. */
    private static final int[] NOTIFYING_KERNEL = {6, 6};
    private static final int LANDLOCK_REFER = 2;
    private static final int LANDLOCK_TRUNCATE = 3;
    private static final int LANDLOCK_SCOPES = 6;

    /** linux/capability.h */
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_SYS_PTRACE = 19;
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_SETFCAP = 31;

    private static final String NOT_OURS = "this network belongs to another user namespace";
    private static final String HOSTS_ROOT = "run secfilt as the host's root";

    private Probes() {}

    static Finding processor(Look host) {
        String processor = host.processor();
        return (processor.equals("x86_64")
                ? Finding.yes("processor", processor, "its calls; those of i386 and x32 programs are refused")
                : Finding.no("processor", processor, "the supervisor knows x86_64 alone; 'secfilt compile' works", "")).asNeeded();
    }

    static Finding kernel(Look host) {
        String release = host.read("/proc/sys/kernel/osrelease").orElse("unknown");
        return (!KernelRelease.parse(release).isAtLeast(OLDEST_KERNEL[0], OLDEST_KERNEL[1])
                ? Finding.no("kernel", release, "secfilt needs Linux 5.14 or later", "install a later kernel")
                : Finding.yes("kernel", "Linux " + release, "all that is said below")).asNeeded();
    }

    static Finding java(Look host) {
        return host.java() >= 17
                ? Finding.yes("Java", "release " + host.java(), "")
                : Finding.no("Java", "release " + host.java(), "secfilt needs 17 or later", "apt-get install openjdk-17-jre-headless").asNeeded();
    }

    static Finding seccomp(Look host) {
        Optional<String> actions = host.read("/proc/sys/kernel/seccomp/actions_avail");
        String how = "a kernel with CONFIG_SECCOMP_FILTER; in a container, a profile that lets seccomp(2) be called";
        if (actions.isEmpty()) {
            return Finding.no("seccomp filter", "no /proc/sys/kernel/seccomp/actions_avail", "any policy", how).asNeeded();
        }
        List<String> missing = new ArrayList<>(List.of("allow", "errno", "trace"));
        missing.removeAll(words(actions.get()));
        return (missing.isEmpty()
                ? Finding.yes("seccomp filter", actions.get(), "families and types of sockets, io_uring, foreign architectures, ways round")
                : Finding.no("seccomp filter", "the actions " + String.join(", ", missing) + " are missing", "any policy", how)).asNeeded();
    }

    static Finding userNotification(Look host) {
        boolean there = words(host.read("/proc/sys/kernel/seccomp/actions_avail").orElse("")).contains("user_notif");
        return (there
                ? Finding.yes("user notification", "user_notif", "judged addresses cannot change during the call: the vault; "
                        + (KernelRelease.parse(host.read("/proc/sys/kernel/osrelease").orElse("")).isAtLeast(NOTIFYING_KERNEL[0], NOTIFYING_KERNEL[1])
                                ? "most judged calls are answered without a stop"
                                : "each judged call stops, which Linux 6.6 does without"))
                : Finding.no("user notification", "no action user_notif", "addresses, unix sockets", "Linux 5.0 or later")).asNeeded();
    }

    static Finding ptrace(Look host) {
        Optional<String> scope = host.read("/proc/sys/kernel/yama/ptrace_scope");
        String held = "connect, bind, sendto, sendmsg by address, port and protocol; unix sockets";
        String sysctl = "sysctl kernel.yama.ptrace_scope=1";
        if (host.root() && lacks(host, CAP_SYS_PTRACE)) {
            return Finding.partly("ptrace", "without CAP_SYS_PTRACE", held + ", of processes of this user's", "the same of other users' processes:"
                    + " --user with a policy is refused, the calls of whoever becomes one (su, gosu, apt) are denied; so are those of a process"
                    + " that hides its memory (ssh-agent)", "in a container, --cap-add=SYS_PTRACE").asNeeded();
        }
        if (scope.isEmpty() || scope.get().equals("0") || scope.get().equals("1")) {
            return Finding.yes("ptrace", scope.isEmpty() ? "no Yama" : "yama.ptrace_scope is " + scope.get(), held).asNeeded();
        }
        if (scope.get().equals("2") && host.root()) {
            return Finding.partly("ptrace", "yama.ptrace_scope is 2", held + ", for root", "the same for ordinary users", sysctl).asNeeded();
        }
        return Finding.no("ptrace", "yama.ptrace_scope is " + scope.get(), held,
                scope.get().equals("3") ? "it stays so until the next boot; then " + sysctl : sysctl).asNeeded();
    }

    /** A process has one tracer, and a filter that is there already may refuse what secfilt's does not. */
    static Finding traced(Look host) {
        String tracer = field(host.status(), "TracerPid");
        boolean filtered = field(host.status(), "Seccomp").equals("2");
        if (!tracer.equals("0") && !tracer.isEmpty()) {
            return Finding.no("tracers", "process " + tracer + " traces this one", "any policy: a process has one tracer",
                    "run secfilt outside of strace, gdb or another secfilt").asNeeded();
        }
        return Finding.yes("tracers", filtered ? "none; a seccomp filter is on this process already, as in containers" : "none", "")
                .asNeeded();
    }

    /** Beside ptrace(2). */
    static Finding ownCalls(Look host) {
        Optional<String> refused = host.refusedCall();
        return (refused.isEmpty()
                ? Finding.yes("supervisor's calls", "none is refused", "")
                : Finding.no("supervisor's calls", refused.get() + " is the answer here", "addresses, unix sockets",
                        "outside of another secfilt; in a container, a seccomp profile that permits it (Docker: --cap-add=SYS_PTRACE)")).asNeeded();
    }

    static Finding landlock(Look host) {
        int abi = host.landlockAbi();
        String memory = "memory of processes outside (/proc/PID/mem)";
        if (abi >= LANDLOCK_SCOPES) {
            return Finding.yes("Landlock", "ABI " + abi, memory + "; signals to processes outside");
        }
        String later = "Linux 6.12 or later";
        if (abi >= LANDLOCK_REFER) {
            return Finding.partly("Landlock", "ABI " + abi, memory,
                    "signals to processes outside by terminals (SIGIO), or without a supervisor; and mount(2) is refused to root", later);
        }
        return Finding.no("Landlock", abi == 0 ? "none" : "ABI 1, which would break renames",
                memory + " of the same user; the calls ptrace and process_vm_writev are refused all the same",
                abi == 0 ? "CONFIG_SECURITY_LANDLOCK, and landlock in the boot option lsm=" : later);
    }

    /** landlock(7): what each ABI knows of files. */
    static Finding readOnlyFiles(Look host) {
        int abi = host.landlockAbi();
        String held = "--read-only, --allow-write: writing, making, moving, removing";
        if (abi == 0) {
            return Finding.no("read-only files", "no Landlock", held + "; a run with them is refused",
                    "Linux 5.13 or later, and landlock in the boot option lsm=");
        }
        String truncation = abi >= LANDLOCK_TRUNCATE ? ", truncating" : "; truncating by filter and tracer";
        return abi >= LANDLOCK_REFER
                ? Finding.yes("read-only files", "Landlock ABI " + abi, held + truncation)
                : Finding.partly("read-only files", "Landlock ABI 1", held + truncation,
                        "moves and links from directory to directory, which are refused even where both may be written", "Linux 5.19 or later");
    }

    static Finding ioUring(Look host) {
        String disabled = host.read("/proc/sys/kernel/io_uring_disabled").orElse("");
        return Finding.yes("io_uring", disabled.equals("2") ? "switched off on this host" : "refused to commands under a policy",
                "no connect or send without a call that is seen");
    }

    static Finding cgroup(Look host) {
        boolean two = false;
        boolean netCls = false;
        for (String mount : host.read("/proc/self/mountinfo").orElse("").split("\n")) {
            int dash = mount.indexOf(" - ");
            String kind = dash < 0 ? "" : mount.substring(dash + 3);
            two |= kind.startsWith("cgroup2 ");
            netCls |= kind.startsWith("cgroup ") && words(kind.replace(',', ' ')).contains("net_cls");
        }
        String held = "a group of its own for each run, by which the firewall knows its packets";
        String root = host.root() ? "" : "making groups is root's";
        boolean known = two || netCls || words(host.read("/proc/filesystems").orElse("")).contains("cgroup2");
        if (host.root() && known && !host.makesCgroups()) {
            return Finding.partly("cgroups", "none can be made by this process", "", held,
                    "run secfilt as the host's root, or in a cgroup delegated to you");
        }
        if (!two && host.root() && words(host.read("/proc/filesystems").orElse("")).contains("cgroup2")) {
            // Out of sight, as under ip netns exec, or nowhere.
            return Finding.yes("cgroups", "version 2, which secfilt mounts where nobody sees it" + (netCls ? "; and net_cls" : ""), held);
        }
        if (!known) {
            return Finding.no("cgroups", "this kernel has no version 2, and net_cls is not mounted", "the firewall's groups",
                    "CONFIG_CGROUPS, or mount -t cgroup -o net_cls none /sys/fs/cgroup/net_cls");
        }
        String found = two && netCls ? "version 2 and net_cls" : two ? "version 2" : netCls ? "net_cls of version 1" : "version 2, not mounted";
        return root.isEmpty() ? Finding.yes("cgroups", found, held)
                : Finding.partly("cgroups", found, "", held + ": " + root, "run secfilt as root, for this layer alone");
    }

    static Finding iptables(Look host) {
        Optional<String> four = host.program("iptables-restore");
        Optional<String> six = host.program("ip6tables-restore");
        String held = "--firewall: rules for packets of every kind, ICMP, raw, SCTP; --no-supervisor";
        String without = held + "; without it sockets of other kinds than TCP and UDP cannot be made under an address policy";
        String install = "apt-get install iptables";
        if (four.isEmpty() && six.isEmpty()) {
            return Finding.no("iptables", "not installed", without, install);
        }
        if (four.isEmpty() || six.isEmpty()) {
            return Finding.no("iptables", (four.isEmpty() ? "iptables" : "ip6tables") + " is missing, the other is there", without, install);
        }
        String found = (four.get().contains("nft") ? "nft" : "legacy") + (four.get().contains("nft") == six.get().contains("nft")
                ? ", for both families" : " for IPv4, the other for IPv6");
        if (host.root() && lacks(host, CAP_NET_ADMIN)) {
            return Finding.partly("iptables", found, "", held + ": changing rules takes CAP_NET_ADMIN", "in a container, --cap-add=NET_ADMIN");
        }
        if (host.root() && !host.changesNetwork()) {
            return Finding.partly("iptables", found, "", held + ": " + NOT_OURS, HOSTS_ROOT);
        }
        return host.root() ? Finding.yes("iptables", found, held)
                : Finding.partly("iptables", found, "", held + ": changing rules is root's", "run secfilt as root, for this layer alone");
    }

    /** As a run would find it, on the host's network. */
    static Finding firewall(Look host) {
        Optional<String> missing = host.firewall().missing();
        String held = "packets of every kind, by a chain for each run";
        if (missing.isEmpty()) {
            return Finding.yes("firewall",
                    host.firewall().wholeNetwork() ? "no other process uses this network, so it is judged as a whole" : "to be had", held);
        }
        return host.root()
                ? Finding.no("firewall", "for want of " + missing.get(), held,
                        !wanting(host).isEmpty() ? added(host) : host.changesNetwork() ? "what is wanting; or --net=nat" : HOSTS_ROOT)
                : Finding.partly("firewall", "for want of " + missing.get(), "", held, "run secfilt as root, for this layer alone");
    }

    static Finding profiles(Look host) {
        String held = "lasting packet rules, which commands enter: secfilt profile";
        boolean known = false;
        for (String line : host.read("/proc/cgroups").orElse("").split("\n")) {
            known |= line.startsWith("net_cls\t") && line.endsWith("\t1");
        }
        boolean inSight = false;
        boolean two = false;
        for (String line : host.read("/proc/self/mounts").orElse("").split("\n")) {
            String[] fields = line.split(" ");
            inSight |= fields.length > 3 && fields[2].equals("cgroup") && ("," + fields[3] + ",").contains(",net_cls,");
            two |= fields.length > 3 && fields[2].equals("cgroup2");
        }
        if (host.root() && !wanting(host).isEmpty()) {
            return Finding.no("profiles", "without " + wanting(host), held, added(host));
        }
        if (host.root() && !(host.makesProfiles() && host.changesNetwork())) {
            return Finding.no("profiles", host.makesProfiles() ? NOT_OURS : "no cgroup for them can be made by this process", held, HOSTS_ROOT);
        }
        if (!known) {
            String netCls = "a kernel with CONFIG_CGROUP_NET_CLASSID";
            String moved = "sockets that a process has open when it is moved: each stays where it was made";
            return !host.root() && !two ? Finding.no("profiles", "this kernel has no net_cls, and version 2 is not mounted", held, netCls)
                    : Finding.partly("profiles", "version 2, for this kernel has no net_cls", host.root() ? held : "",
                            host.root() ? moved : held + ": root enters, others in cgroups that are theirs", netCls);
        }
        if (host.root() || inSight) {
            return Finding.yes("profiles", "net_cls" + (inSight ? ", mounted" : ""), held);
        }
        return Finding.partly("profiles", "net_cls, not mounted", "", held + ": only root can here",
                "as root: secfilt profile install NAME --group=GROUP");
    }

    static Finding userNamespaces(Look host) {
        String most = host.read("/proc/sys/user/max_user_namespaces").orElse("0");
        boolean clone = !host.read("/proc/sys/kernel/unprivileged_userns_clone").orElse("1").equals("0");
        boolean appArmor = host.read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").orElse("0").equals("1");
        String held = "--net=none, --private-tmp: network and mount namespaces of a run's own";
        if (host.root() && !lacks(host, CAP_SYS_ADMIN)) {
            return !lacks(host, CAP_NET_ADMIN) ? Finding.yes("user namespaces", "not needed by root", held)
                    : Finding.partly("user namespaces", "not needed by root", "--private-tmp", "--net=none: a loopback interface takes CAP_NET_ADMIN",
                            "in a container, --cap-add=NET_ADMIN");
        }
        if (field(host.status(), "Uid").startsWith("0\t") && lacks(host, CAP_SETFCAP)) { // user_namespaces(7) "Defining user and group ID mappings"
            return Finding.no("user namespaces", "user 0 without CAP_SETFCAP makes none", held, "run secfilt as an ordinary user, or as root with"
                    + " CAP_SYS_ADMIN and CAP_NET_ADMIN");
        }
        if (most.equals("0") || !clone || appArmor) {
            return Finding.no("user namespaces", "closed to ordinary users", held + "; rules for addresses do not need them",
                    most.equals("0") ? "sysctl user.max_user_namespaces=10000"
                            : clone ? "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
                            : "sysctl kernel.unprivileged_userns_clone=1");
        }
        return host.root()
                ? Finding.partly("user namespaces", most + " at most, needed without CAP_SYS_ADMIN", held, "the same with --user",
                        "in a container, --cap-add=SYS_ADMIN")
                : Finding.yes("user namespaces", most + " at most", held);
    }

    static Finding nat(Look host) {
        String held = "--net=nat: a network of a run's own behind this host's addresses, with a firewall in it";
        List<String> missing = new ArrayList<>();
        for (String[] program : new String[][] {{"ip", "iproute2"}, {"nsenter", "util-linux"}, {"iptables-restore", "iptables"}}) {
            if (host.program(program[0]).isEmpty()) {
                missing.add(program[1]);
            }
        }
        if (!missing.isEmpty()) {
            return Finding.no("network behind this host", "not installed: " + String.join(", ", missing), held,
                    "apt-get install " + String.join(" ", missing));
        }
        if (host.root() && !wanting(host).isEmpty()) {
            return Finding.no("network behind this host", "without " + wanting(host), held, added(host));
        }
        if (host.root() && !host.changesNetwork()) {
            return Finding.no("network behind this host", NOT_OURS, held, HOSTS_ROOT + ", or use --net=none");
        }
        if (host.root() && !host.changesParameters()) {
            return Finding.no("network behind this host", "/proc/sys is read-only", held, "mount it anew (Docker: --privileged), or use --net=none");
        }
        return host.root() ? Finding.yes("network behind this host", "ip, nsenter, iptables", held)
                : Finding.partly("network behind this host", "ip, nsenter, iptables", "", held + ": joining networks is root's",
                        "run secfilt as root, or use --net=none");
    }

    static Finding resolver(Look host) {
        Optional<String> text = host.read("/etc/resolv.conf");
        return text.isPresent() && text.get().contains("nameserver")
                ? Finding.yes("resolver", "/etc/resolv.conf names servers", "--allow-resolv allows those and no others")
                : Finding.yes("resolver", "/etc/resolv.conf names no server", "--allow-resolv allows 127.0.0.1, which the C library then asks");
    }

    static Finding trial(Look host) {
        String wrong = host.trial();
        return (wrong.isEmpty()
                ? Finding.yes("trial run", "a command ran under --no-outbound-network", "")
                : Finding.no("trial run", wrong, "any policy", "")).asNeeded();
    }

    /** What root here lacks of the rights over networks and cgroups; "" if nothing. */
    private static String wanting(Look host) {
        boolean network = lacks(host, CAP_NET_ADMIN);
        boolean system = lacks(host, CAP_SYS_ADMIN);
        return network && system ? "CAP_NET_ADMIN and CAP_SYS_ADMIN" : network ? "CAP_NET_ADMIN" : system ? "CAP_SYS_ADMIN" : "";
    }

    private static String added(Look host) {
        return "as the host's root; in a container, --cap-add=" + wanting(host).replace("CAP_", "").replace(" and ", " --cap-add=");
    }

    /** capabilities(7): as {@link Look#root}, of those that a command could have. */
    private static boolean lacks(Look host, int capability) {
        String permitted = field(host.status(), "CapPrm");
        return !permitted.isEmpty() && (Long.parseUnsignedLong(permitted, 16) >> capability & 1) == 0;
    }

    private static List<String> words(String text) {
        return Arrays.asList(text.trim().split("\\s+"));
    }

    private static String field(String status, String name) {
        for (String line : status.split("\n")) {
            if (line.startsWith(name + ":")) {
                return line.substring(name.length() + 1).trim();
            }
        }
        return "";
    }
}
