package org.secfilt.filter;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Family;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;

/** What a filter may answer, said once more by name and by value, with whole arguments in place of words. */
final class FilterOracle {
    private static final BigInteger GIB4 = BigInteger.ONE.shiftLeft(32);

    private final Plan plan;
    private final Policy policy;
    private final Arch arch;

    FilterOracle(Plan plan) {
        this.plan = plan;
        this.policy = plan.policy();
        this.arch = plan.arch();
    }

    /** The answers that are right; two where the guard may be careful. */
    Set<String> answers(int audit, int nr, long... args) {
        boolean addresses = policy.restrictsAddresses() || policy.restrictsFiles();
        if (!addresses && policy.families().isEmpty()) {
            return Set.of("allow");
        }
        if (audit != arch.audit() || nr < 0 || nr >= 0x40000000) {
            return Set.of(addresses && (audit != arch.audit() || nr >= 0 && arch == Arch.X86_64) ? "trace foreign" : "ENOSYS");
        }
        int[] all = arch.syscalls().all();
        if (nr > all[all.length - 1]) {
            return Set.of("ENOSYS");
        }
        return arch.syscalls().name(nr).map(name -> named(name, args)).orElse(Set.of("allow"));
    }

    private Set<String> named(String name, long[] args) {
        boolean files = policy.restrictsFiles();
        boolean addresses = policy.restrictsAddresses() || files;
        boolean out = policy.noOutbound().isPresent() || !policy.connect().open() || !policy.unix().open();
        boolean inet = policy.noOutbound().isPresent() || !policy.connect().open() || !policy.bind().open();
        boolean local = inet && (policy.noOutbound().isPresent() || policy.connect().mode() != Mode.ALLOW);
        switch (name) {
            case "connect", "sendmsg", "sendmmsg":
                return Set.of(out ? "trace " + name : "allow");
            case "sendto":
                return Set.of(out && args[4] != 0 ? "trace sendto" : "allow");
            case "recvmsg", "recvmmsg":
                return Set.of(addresses ? "trace " + name : "allow");
            case "bind":
                boolean scoped = policy.noOutbound().isEmpty() && policy.connect().mode() != Mode.ALLOW && (args[2] & 0xffffffffL) >= 28;
                return Set.of(!policy.bind().open() || scoped ? "trace bind" : "allow");
            case "listen":
                return Set.of(policy.bind().open() ? "allow" : "trace listen");
            case "munmap", "mprotect", "pkey_mprotect", "madvise", "remap_file_pages":
                if (addresses && name.equals("munmap") && untagged(args[0]).equals(vault()) && args[1] == 0) {
                    return Set.of("listener");
                }
                return addresses ? guard(name, args[0], args[1], "allow") : Set.of("allow");
            case "mmap":
                if (!addresses) {
                    return Set.of("allow");
                }
                return (args[3] & 0x10) != 0 || inHighWord(args[0]) ? guard(name, args[0], args[1], "allow") : Set.of("allow");
            case "mremap":
                if (!addresses) {
                    return Set.of("allow");
                }
                Set<String> from = guard(name, args[0], args[1], "allow");
                if (from.equals(Set.of("trace mremap")) || (args[3] & 6) == 0) {
                    return from;
                }
                Set<String> to = guard(name, args[4], args[2], "allow");
                return to.equals(Set.of("allow")) ? from : to.contains("allow") || from.equals(Set.of("allow")) ? to : Set.of("trace mremap");
            case "shmat":
                return !addresses ? Set.of("allow") : (args[2] & 040000) != 0 ? Set.of("EPERM")
                        : Set.of(inHighWord(args[1]) ? "trace shmat" : "allow");
            case "socket":
                return Set.of(socket((int) args[0], (int) args[1], (int) args[2], inet, addresses));
            case "socketpair":
                return Set.of(familyAllowed((int) args[0], inet) ? "allow" : policy.denial().name());
            case "setsockopt":
                return Set.of(inet && (int) args[1] == 6 && (int) args[2] == 31 ? "ENOENT"
                        : inet && badOption((int) args[1], (int) args[2], local) ? "trace setsockopt" : "allow");
            case "wait4":
                return Set.of(addresses && (args[2] & 1) != 0 && (int) args[0] > 0 ? "trace wait4" : "allow");
            case "waitid":
                return Set.of(addresses && ((args[3] & 1) != 0 && (int) args[0] == 1 || (int) args[0] == 3) ? "trace waitid" : "allow");
            case "prlimit64":
                return Set.of(addresses && (int) args[0] != 0 && args[2] != 0 ? "trace prlimit64" : "allow");
            case "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr":
                return Set.of(addresses && (int) args[0] != 0 ? "trace " + name : "allow");
            case "setpriority", "ioprio_set":
                boolean ofOne = (int) args[0] == (name.equals("setpriority") ? 0 : 1);
                return Set.of(addresses && (!ofOne || (int) args[1] != 0) ? "trace " + name : "allow");
            case "perf_event_open":
                return Set.of(addresses && ((int) args[1] != 0 || (args[4] & 4) != 0) ? "trace perf_event_open" : "allow");
            case "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal":
                return Set.of(addresses && !plan.scopesSignals() ? "trace " + name : "allow");
            case "fcntl":
                return Set.of(addresses && !plan.scopesSignals() && List.of(8, 15).contains((int) args[1]) ? "trace fcntl" : "allow");
            case "landlock_restrict_self":
                return Set.of(out || !policy.bind().open() ? "trace landlock_restrict_self" : "allow");
            case "ptrace":
                return Set.of(addresses ? "trace ptrace" : "EPERM");
            case "io_uring_setup", "io_uring_enter", "io_uring_register", "process_vm_writev", "pidfd_getfd", "bpf", "vhangup":
                return Set.of("EPERM");
            case "setns":
                return Set.of(inet && ((int) args[1] == 0 || (args[1] & 0x50000000) != 0) ? "EPERM" : "allow");
            case "seccomp":
                return Set.of((args[1] & 8) != 0 ? "EBUSY" : "allow");
            case "ioctl":
                if (addresses && !plan.scopesSignals() && List.of(0x8901, 0x8902).contains((int) args[1])) {
                    return Set.of("trace ioctl");
                }
                return Set.of(List.of(0x5412, 0x541c, 0x5437, 0x400454ca).contains((int) args[1]) || files && changesFile((int) args[1])
                        ? "EPERM" : "allow");
            case "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "utime", "utimes", "futimesat",
                    "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr":
                return Set.of(files ? "trace " + name : "allow");
            case "mount", "umount2", "pivot_root", "move_mount", "fsopen", "fspick", "fsconfig", "fsmount", "open_tree",
                    "open_tree_attr", "mount_setattr", "open_by_handle_at", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
                    "mq_unlink":
                return Set.of(files ? "EPERM" : "allow");
            case "mq_open":
                return Set.of(files && (args[1] & 0100) != 0 ? "EPERM" : "allow");
            case "setxattrat", "removexattrat", "file_setattr":
                return Set.of(files ? "ENOSYS" : "allow");
            case "keyctl":
                return Set.of((int) args[0] == 18 ? "EPERM" : "allow");
            case "request_key":
                return Set.of(args[2] == 0 ? "allow" : "EPERM");
            case "prctl":
                return Set.of(addresses && ((int) args[0] == 35 || (int) args[0] == 55) ? "EPERM" : "allow");
            case "arch_prctl":
                return Set.of(addresses && (int) args[0] == 0x4002 ? "EPERM" : "allow");
            case "process_madvise":
                return Set.of(addresses && !List.of(3, 20, 21, 25).contains((int) args[3]) ? "EINVAL" : "allow");
            case "clone":
                return Set.of(addresses && (args[0] & 0x800000) != 0 ? "EPERM" : "allow");
            case "clone3", "uselib":
                return Set.of(addresses ? "ENOSYS" : "allow");
            case "io_setup":
                return Set.of(policy.restrictsAddresses() ? "ENOSYS" : "allow");
            default:
                return Set.of("allow");
        }
    }

    private static boolean changesFile(int request) {
        boolean ofFileSystem = "\u0066\u0058\u0094\u00f5\u0076\u0072\u0097\u00bc\u0083LZ".indexOf((char) (request >> 8 & 0xff)) >= 0
                || (request >> 8 & 0xff) == 'o' && (request & 0xff) < 8
                || List.of(0x40186f40, 0x40046f41).contains(request);
        return ofFileSystem && !List.of(0x80086601, 0x80046601, 0xc020660b, 0x801c581f, 0x80087601, 0x80047601, 0x40049409, 0x4020940d,
                0x8400941f, 0x81009431, 0x80088301, 0x4c03, 0x4c05, 0x4c82).contains(request);
    }

    private boolean familyAllowed(int family, boolean inet) {
        if (policy.families().isPresent()) {
            return policy.families().get().allowed().contains(Family.of(family));
        }
        return !inet || Set.of(1, 2, 10, 16).contains(family);
    }

    private String socket(int family, int type, int protocol, boolean inet, boolean traced) {
        if (!familyAllowed(family, inet)) {
            return traced && !Set.of(1, 10, 16).contains(family) ? "trace socket" : policy.denial().name();
        }
        boolean plainType = Set.of(1, 2).contains(type % 16 + (type < 0 && type % 16 != 0 ? 16 : 0));
        boolean plain = plainType && Set.of(0, 6, 17).contains(protocol);
        return inet && (family == 2 || family == 10) && !plain ? plainType && protocol == 262 ? "EPERM" : "trace socket" : "allow";
    }

    /** Where ports are named, or some IPv6 address is allowed, and something is denied. */
    private boolean mixes() {
        List<Match.Inet> allowed = policy.connect().allow().stream().map(rule -> (Match.Inet) rule.match()).toList();
        List<Match.Inet> denied = policy.connect().deny().stream().map(rule -> (Match.Inet) rule.match()).toList();
        boolean ports = Stream.concat(allowed.stream(), denied.stream()).anyMatch(match -> !match.ports().isEmpty());
        boolean six = policy.connect().mode() != Mode.DENY || allowed.stream()
                .anyMatch(match -> match.networks().isEmpty() || match.networks().stream().anyMatch(network -> !network.base().isV4()));
        return policy.noOutbound().isEmpty() && !policy.connect().open() && (ports || six);
    }

    private boolean badOption(int level, int option, boolean local) {
        boolean groups = policy.noOutbound().isPresent() || (policy.connect().mode() == Mode.ALLOW
                ? policy.connect().deny().stream().map(rule -> (Match.Inet) rule.match())
                        .anyMatch(match -> namesSomeGroup(match) && (!match.networks().isEmpty() || match.ports().isEmpty() && match.protocol().isEmpty()))
                : policy.connect().allow().stream().noneMatch(rule -> namesSomeGroup((Match.Inet) rule.match())));
        return switch (level) {
            case 0 -> Set.of(4, 15).contains(option) || local && option == 50 || policy.bind().namesPorts() && option == 51
                    || groups && Set.of(35, 39, 42, 46).contains(option);
            case 1 -> local && Set.of(25, 62).contains(option);
            case 17, 136 -> option == 1 && mixes() && !plan.judgesPackets();
            case 132 -> !policy.bind().open() && Set.of(100, 101).contains(option);
            case 41 -> Set.of(5, 6, 32, 54, 55, 57, 59, 78).contains(option) || local && Set.of(50, 76).contains(option)
                    || groups && Set.of(20, 27, 42, 46).contains(option);
            default -> false;
        };
    }

    /** Of the networks that random policies have. */
    private static boolean namesSomeGroup(Match.Inet match) {
        return match.networks().isEmpty() || match.networks().stream().anyMatch(network ->
                network.prefix() == 0 || List.of("224.0.0.0/4", "ff00::/8", "128.0.0.0/1").contains(network.toString()));
    }

    private boolean inHighWord(long address) {
        return untagged(address).shiftRight(32).equals(vault().shiftRight(32));
    }

    private Set<String> guard(String name, long address, long length, String otherwise) {
        BigInteger start = untagged(address);
        BigInteger end = start.add(unsigned(length));
        if (inHighWord(address)) {
            return length == 0 || start.compareTo(vaultEnd()) >= 0 ? Set.of("trace " + name, otherwise) : Set.of("trace " + name);
        }
        if (start.compareTo(vault()) > 0) {
            return Set.of(otherwise);
        }
        if (end.compareTo(vault()) > 0) {
            return Set.of("trace " + name);
        }
        return end.compareTo(vault().subtract(GIB4)) >= 0 ? Set.of("trace " + name, otherwise) : Set.of(otherwise);
    }

    private BigInteger vault() {
        return unsigned(plan.vault().address());
    }

    private BigInteger vaultEnd() {
        return vault().add(BigInteger.valueOf(plan.vault().lengthBytes()));
    }

    private BigInteger untagged(long address) {
        BigInteger whole = unsigned(address);
        return arch == Arch.AARCH64 ? whole.mod(BigInteger.ONE.shiftLeft(56)) : whole;
    }

    private static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }
}
