package org.secfilt.filter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Opener;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * One file {@code bpf/NAME.tests}: a policy, and what must become of calls under it.
 *
 * <pre>
 *   policy: policies/lan.yaml                  or  options: --allowed-netmask=10.0.0.0/8 --allowed-port=80
 *   nameserver: 10.0.0.53
 *   landlock: 2                                the ABI of the host, if not 7
 *   filter: socket inet dgram icmp => EPERM    a call as its registers show it; x86_64: for that architecture alone
 *   filter: connect 3 V 16 => trace connect, notified    the supervisor is notified of it first, where it can be
 *   verdict: connect 10.0.0.1:80/tcp => allow  a call as the tracer reads it
 * </pre>
 */
final class TruthTable {
    private static final String[] WORDS = {
        "unix=1", "inet=2", "inet6=10", "netlink=16", "packet=17", "vsock=40", "alg=38",
        "stream=1", "dgram=2", "raw=3", "seqpacket=5", "sock_packet=10", "cloexec=0x80000", "nonblock=0x800",
        "icmp=1", "tcp=6", "udp=17", "sctp=132", "udplite=136", "mptcp=262",
        "fixed=0x10", "private=2", "anonymous=0x20", "tag=0x5500000000000000",
        "ip=0", "socket=1", "ipv6=41",
    };

    private static final String NOTIFIED = ", notified";

    /** One line of the table. */
    record Row(String call, String expected, boolean notified, Optional<Arch> arch) {
        boolean isFor(Arch other) {
            return arch.isEmpty() || arch.get() == other;
        }
    }

    final String name;
    final Policy policy;
    /** Whether the policy is one of those that secfilt comes with. */
    final boolean shipped;
    final List<Row> filter = new ArrayList<>();
    final List<Row> verdicts = new ArrayList<>();

    private int abi = 7;
    private boolean root;

    private TruthTable(Path file) throws Exception {
        this.name = file.getFileName().toString().replace(".tests", "");
        List<String> policies = new ArrayList<>();
        List<IpAddress> nameservers = new ArrayList<>();
        OptionReader options = new OptionReader();
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split(":\\s*", 2);
            switch (line.isBlank() || line.startsWith("#") ? "" : parts[0]) {
                case "" -> { }
                case "policy" -> policies.add(parts[1]);
                case "options" -> options(options, parts[1]);
                case "landlock" -> abi = Integer.parseInt(parts[1]);
                case "caller" -> root = parts[1].equals("root");
                case "nameserver" -> nameservers.add(IpAddress.parse(parts[1]));
                case "filter" -> filter.add(row(parts[1]));
                case "verdict" -> verdicts.add(row(parts[1]));
                default -> throw new IllegalArgumentException(file + ": " + line);
            }
        }
        this.shipped = policies.stream().anyMatch(policy -> policy.startsWith("policies/"));
        Options given = options.options();
        List<PolicyPart> read = new ArrayList<>(PolicyFiles.read(policies, new Disk()));
        read.add(given.part(nameservers));
        this.policy = Policy.merge(read, nameservers);
    }

    static TruthTable read(Path file) throws Exception {
        return new TruthTable(file);
    }

    /** The shipped policies, by their names from the project's directory. */
    private static final class Disk implements Opener {
        @Override
        public byte[] read(String name, int limitBytes) throws IOException {
            return Files.readAllBytes(Path.of(name));
        }

        @Override
        public String identity(String name) {
            return name;
        }
    }

    private static void options(OptionReader reader, String words) {
        for (String word : words.split(" ")) {
            String[] parts = word.substring(2).split("=", 2);
            reader.add(parts[0], parts.length == 1 ? "" : parts[1], Origin.flag(word));
        }
    }

    private static Row row(String text) {
        String[] sides = text.split(" => ", 2);
        boolean notified = sides[1].endsWith(NOTIFIED);
        String expected = notified ? sides[1].substring(0, sides[1].length() - NOTIFIED.length()) : sides[1];
        for (Arch arch : Arch.values()) {
            if (sides[0].startsWith(arch + ": ")) {
                return new Row(sides[0].substring(arch.toString().length() + 2), expected, notified, Optional.of(arch));
            }
        }
        return new Row(sides[0], expected, notified, Optional.empty());
    }

    Plan plan(Arch arch) throws Exception {
        return Plan.of(policy, new Host(arch, abi, root));
    }

    /** A row of the filter: {@code NAME ARG...}, {@code nr NUMBER ARG...} or {@code arch AUDIT NUMBER}. */
    static Samples.Call call(String text, Arch arch, long vault) {
        String[] words = text.split(" +");
        int first = 1;
        int audit = arch.audit();
        int nr;
        if (words[0].equals("arch")) {
            audit = (int) value(words[1], vault);
            nr = (int) value(words[2], vault);
            first = 3;
        } else if (words[0].equals("nr")) {
            nr = (int) value(words[1], vault);
            first = 2;
        } else {
            nr = arch.syscalls().nr(words[0]);
        }
        long[] args = new long[6];
        for (int i = first; i < words.length; i++) {
            args[i - first] = value(words[i], vault);
        }
        return new Samples.Call(audit, nr, args);
    }

    /** A number, a word, {@code V} for the vault, or several of these joined by + or -. */
    private static long value(String text, long vault) {
        long sum = 0;
        for (String part : text.split("(?=[+-])")) {
            boolean minus = part.startsWith("-");
            String term = part.startsWith("+") || minus ? part.substring(1) : part;
            long value = term.equals("V") ? vault : word(term);
            sum += minus ? -value : value;
        }
        return sum;
    }

    private static long word(String term) {
        for (String word : WORDS) {
            if (word.startsWith(term + "=")) {
                return Long.decode(word.substring(term.length() + 1));
            }
        }
        return term.startsWith("0x") ? Long.parseUnsignedLong(term.substring(2), 16) : Long.parseLong(term);
    }

    static String verdict(Judge judge, String text) {
        String[] words = text.split(" ", 2);
        int slash = words[1].matches(".*/(tcp|udp)") ? words[1].lastIndexOf('/') : words[1].length();
        Optional<Protocol> protocol =
                slash == words[1].length() ? Optional.empty() : Optional.of(Protocol.parse(words[1].substring(slash + 1)));
        Verdict verdict = judge.judge(Action.valueOf(words[0].toUpperCase()), address(words[1].substring(0, slash)), protocol);
        if (verdict instanceof Verdict.Allow allow) {
            return allow.rewritten().isPresent() ? "allow as " + allow.rewritten().get() : "allow";
        }
        return verdict instanceof Verdict.Deny deny
                ? deny.errno().name() + " " + deny.why()
                : "answer " + ((Verdict.Answer) verdict).errno().name();
    }

    /** An address as it prints itself; {@code short} for one that is cut off. */
    private static Sockaddr address(String text) {
        if (text.startsWith("unix:")) {
            return new Sockaddr.UnixPath(ByteString.of(text.substring(5)));
        }
        if (text.startsWith("unix-abstract:")) {
            return new Sockaddr.UnixAbstract(ByteString.of(text.substring(14)));
        }
        if (text.startsWith("unspec:")) {
            return new Sockaddr.Unspec(Optional.of((Sockaddr.Inet) address(text.substring(7))));
        }
        if (text.startsWith("[")) {
            String[] inner = text.substring(1, text.indexOf(']')).split("%");
            return new Sockaddr.Inet6(IpAddress.parse(inner[0]), Integer.parseInt(text.substring(text.indexOf(']') + 2)), 0,
                    inner.length == 1 ? 0 : Integer.parseInt(inner[1]));
        }
        switch (text) {
            case "unix-unnamed":
                return new Sockaddr.UnixUnnamed();
            case "unspec":
                return new Sockaddr.Unspec(Optional.empty());
            case "netlink":
                return new Sockaddr.Netlink(0, 0);
            case "vsock":
                return new Sockaddr.Other(Family.VSOCK);
            case "short":
                return Sockaddr.decode(new byte[] {2, 0, 0, 80}, 4);
            default:
                String[] parts = text.split(":");
                return new Sockaddr.Inet(IpAddress.parse(parts[0]), Integer.parseInt(parts[1]));
        }
    }
}
