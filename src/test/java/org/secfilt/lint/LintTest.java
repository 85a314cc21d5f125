package org.secfilt.lint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.IniConfig;
import org.secfilt.policy.Match;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.Rule;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

class LintTest {
    private static final List<IpAddress> NAMESERVERS = List.of(IpAddress.parse("10.0.0.53"));
    private static final Host HOST = new Host(Arch.X86_64, 6, false);

    /** What follows {@code version: 1} of a policy, lines parted by {@code ;;} | the warnings, each LINE:COLUMN and what it begins with. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "private-tmp: false ;; net: host | 1:1 this restricts nothing: a command runs as without secfilt",
                "errno: EPERM | 1:1 this restricts nothing: a command runs as without secfilt",
                "connect: {allow: [0.0.0.0/0]} | 2:19 this allows every IPv4 address, 0.0.0.0/0",
                "connect: {allow: [\"::/0\"]} | 2:19 this allows every IPv6 address, ::/0",
                "connect: {allow: [\"0.0.0.0/0:443\"]} | 2:19 this allows every IPv4 address, 0.0.0.0/0, as far as port and protocol fit",
                "connect: {allow: [{address: [0.0.0.0/1, 128.0.0.0/1]}]} | 2:19 this allows every IPv4 address, 0.0.0.0/0",
                "connect: {allow: [{address: [0.0.0.0/0, \"::/0\"]}]} | 2:19 this allows every address",
                "connect: {allow: [{protocol: tcp}]} | 2:19 this allows every address, as far as port and protocol fit",
                "connect: {deny: [0.0.0.0/0]} | 2:18 this denies every IPv4 address, 0.0.0.0/0",
                "connect: {allow: [\"10.0.0.1:0-65535\"]} | 2:19 these are all ports; leave them out",
                "connect: {allow: [{address: 10.0.0.1, port: [1-1000, 1001-65535]}]} | 2:19 these are all ports; leave them out",
                "connect: {allow: [{port: 1-65535}]} | 2:19 these are all ports of every address, so that this allows every destination;"
                        + " write mode: allow for that, or {address: NETWORK} for all ports of one network",
                "connect: {allow: [{port: [0-99, 100-65535], protocol: udp}]} | 2:19 these are all ports; leave them out",
                "connect: {deny: [{port: 0-65535}]} | 2:18 these are all ports of every address, so that this denies every destination;"
                        + " write mode: deny for that, or",
                "bind: {allow: [{port: 0-65535}]} | 2:16 these are all ports of every address, so that this allows every bind; write mode: allow",
                "connect: {allow: [{port: 1-1000}, {port: 1001-65535}]} | 2:35 with p.yaml:2:19 these are all ports of every address, so that this"
                        + " allows every destination; write mode: allow",
                "connect: {allow: [\"10.0.0.1:0\"]} | 2:19 nothing can be reached at port 0",
                "connect: {allow: [10.1.0.0/16], deny: [10.0.0.0/8]} | 2:19 this allows nothing: p.yaml:2:40 denies all of it",
                "connect: {allow: [10.0.0.0/8, 10.1.0.0/16]} | 2:31 this adds nothing: p.yaml:2:19 allows all of it already",
                "connect: {allow: [10.0.0.1, 10.0.0.1]} | 2:29 this adds nothing: p.yaml:2:19 allows all of it already",
                "connect: {allow: [10.0.0.0/8, \"10.1.0.0/16:80\"]} | 2:31 this adds nothing: p.yaml:2:19",
                "connect: {allow: [{port: 80}, \"10.1.0.0/16:80\"]} | 2:31 this adds nothing: p.yaml:2:19",
                "connect: {allow: [{address: [10.0.0.0/9, 10.128.0.0/9]}, 10.0.0.0/8]} | 2:58 this adds nothing: p.yaml:2:19",
                "connect: {deny: [10.0.0.0/8, 10.0.0.1]} | 2:30 this adds nothing: p.yaml:2:18 denies all of it already",
                "connect: {mode: allow, allow: [10.0.0.1], deny: [10.0.0.2]} | 2:32 no rule of connect/allow has an effect: the mode is allow (p.yaml:2:17)",
                "connect: {mode: deny, deny: [10.0.0.1, 10.0.0.2]} | 2:30 no rule of connect/deny has an effect: the mode is deny (p.yaml:2:17), and no"
                        + " rule allows anything",
                "connect: {allow: [0.0.0.0, \"[::]:80\"]} | 2:19 this matches nothing: who connects there reaches this host by loopback; write 127.0.0.1, or"
                        + " 0.0.0.0/0 for all ;; 2:28 this matches nothing: who connects there reaches this host by loopback; write ::1, or ::/0 for all",
                "connect: {mode: local, allow: [127.0.0.1, 10.0.0.1]} | 2:32 this adds nothing: the mode is local (p.yaml:2:17)",
                "no-outbound-network: true ;; connect: {allow: [10.0.0.1]} ;; unix: {allow: [/a]} | 3:19 no rule of connect/allow has an effect:"
                        + " no-outbound-network (p.yaml:2:1) ;; 4:16 no rule of unix/allow has an effect",
                "families: [unix] ;; connect: {allow: [10.0.0.1]} | 3:19 this has no effect: the families (p.yaml:2:1) have no socket for it",
                "families: [inet] ;; connect: {allow: [\"fd00::1\"]} ;; unix: {deny: [/a]} | 3:19 this has no effect: the families"
                        + " ;; 4:15 this has no effect: the families (p.yaml:2:1) have no unix sockets",
                "families: [] | 2:1 the list of families is empty",
                "unix: {deny: [/**]} | 2:15 this denies every path",
                "unix: {allow: [\"@*\"]} | 2:16 this allows every abstract name",
                "unix: {allow: [/run/a/*, /run/a/b]} | 2:26 this adds nothing: p.yaml:2:16 allows all of it already",
                "unix: {allow: [/run/a/b], deny: [/run/**]} | 2:16 this allows nothing: p.yaml:2:34 denies all of it",
                "unix: {allow: [\"@ab\"], deny: [\"@a*\"]} | 2:16 this allows nothing: p.yaml:2:31 denies all of it",
                "unix: {deny: [/var/run/docker.sock]} | 2:15 this matches nothing here: links are followed before a path is compared; write /run/docker.sock",
                "filesystem: {allow-write: [/srv, /srv/a]} | 2:34 this adds nothing: p.yaml:2:28 allows all of it already",
                "filesystem: {allow-write: [/srv/a, /srv]} | 2:28 this adds nothing: p.yaml:2:36 allows all of it already",
                "filesystem: {allow-write: [/srv, /srv/]} | 2:34 this adds nothing: p.yaml:2:28 allows all of it already",
                "filesystem: {allow-write: [/run/a, /var/run/a/b]} | 2:36 this adds nothing: p.yaml:2:28 allows all of it already",
                "filesystem: {allow-write: [/]} | 2:28 this allows every file",
                "filesystem: {allow-write: [/tmp/a]} ;; private-tmp: true | 2:28 this cannot be had: private-tmp hides it",
                "net: none ;; connect: {allow: [\"::1\", 192.0.2.1, {port: 80}, 126.0.0.0/7, {address: [\"::2\", 10.0.0.0/8], port: 1}]} | 3:26 this has"
                        + " no effect: nothing but loopback can be reached from a network of the command's own (net none, p.yaml:2:6)"
                        + " ;; 3:62 this has no effect",
                // a later one, or several together
                "connect: {allow: [127.0.0.1, 0.0.0.0/0]} | 2:19 this adds nothing: p.yaml:2:30 allows all of it ;; 2:30 this allows every IPv4 address",
                "connect: {allow: [\"10.0.0.1:80\", 10.0.0.0/8]} | 2:19 this adds nothing: p.yaml:2:34 allows all of it",
                "connect: {allow: [10.0.0.0/9, 10.128.0.0/9, 10.0.0.0/8]} | 2:19 this adds nothing: p.yaml:2:45 allows all of it"
                        + " ;; 2:31 this adds nothing: p.yaml:2:45 allows all of it",
                "connect: {allow: [10.0.0.0/9, 10.128.0.0/9, 10.64.0.0/10, 10.127.0.0/15]} | 2:45 this adds nothing: p.yaml:2:19 allows all of it already"
                        + " ;; 2:59 this adds nothing: p.yaml:2:19 allows all of it already",
                "connect: {allow: [10.0.0.0/10, 10.32.0.0/11, 10.64.0.0/10, 10.32.0.0/10]} | 2:32 this adds nothing: p.yaml:2:19 allows all of it already"
                        + " ;; 2:60 this adds nothing: p.yaml:2:19 allows all of it already",
                "connect: {allow: [\"10.0.0.0/8:1-99\", \"10.0.0.0/8:100-199\", \"10.1.0.0/16:50-150\"]} | 2:60 this adds nothing: p.yaml:2:19 and"
                        + " p.yaml:2:38 together allow all of it already",
                "connect: {allow: [0.0.0.0/1, 128.0.0.0/1]} | 2:30 with p.yaml:2:19 this allows every IPv4 address, 0.0.0.0/0",
                "connect: {allow: [\"::/1\", 10.0.0.1, \"8000::/1\"]} | 2:37 with p.yaml:2:19 this allows every IPv6 address, ::/0",
                "connect: {deny: [\"0.0.0.0/1:80\", 128.0.0.0/2, \"192.0.0.0/2:80\"]} | 2:47 with p.yaml:2:18, p.yaml:2:34 this denies every IPv4 address,"
                        + " 0.0.0.0/0, as far as port and protocol fit",
                "connect: {allow: [\"10.0.0.1:1-1000\", \"10.0.0.1:1001-65535\"]} | 2:38 with p.yaml:2:19 these are all ports; leave them out",
                "connect: {allow: [10.0.0.0/8], deny: [10.0.0.0/9, 10.128.0.0/9]} | 2:19 this allows nothing: p.yaml:2:39 and p.yaml:2:51 together deny all of it",
                "connect: {allow: [\"10.0.0.0/8:80\"], deny: [10.0.0.0/9, {port: 1-80}]} | 2:19 this allows nothing: p.yaml:2:56 denies all of it",
                "unix: {allow: [/run/*, /run/**]} | 2:16 this adds nothing: p.yaml:2:24 allows all of it",
                "unix: {allow: [/run/**, /run/*/x*]} | 2:25 this adds nothing: p.yaml:2:16 allows all of it already",
                "unix: {allow: [\"@a*b\", \"@a*\"]} | 2:16 this adds nothing: p.yaml:2:24 allows all of it",
                "unix: {deny: [/run/a, /run/*]} | 2:15 this adds nothing: p.yaml:2:23 denies all of it",
                "unix: {deny: [/var/run/x/*]} | 2:15 this matches nothing here: links are followed before a path is compared; write /run/x/*",
            })
    void tells_what_is_odd(String policy, String warnings) throws Exception {
        List<String> expected = List.of(warnings.split(" ;; "));
        List<String> told = ofPolicy("version: 1\n" + policy.replace(" ;; ", "\n") + "\n");
        assertEquals(expected.size(), told.size(), told::toString);
        for (int i = 0; i < expected.size(); i++) {
            String shown = told.get(i);
            assertEquals(expected.get(i), shown.substring(0, Math.min(expected.get(i).length(), shown.length())), shown);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "mode: deny", "mode: local", "no-outbound-network: true", "families: [unix]", "mode: deny ;; resolv: true",
        "connect: {mode: allow, deny: [10.0.0.1]} ;; resolv: true", "private-tmp: true", "private-tmp: exec", "net: none",
        "connect: {allow: [10.0.0.1, 10.0.0.2, \"10.0.0.3:80\", \"10.0.0.3:81\"]}",
        "connect: {allow: [{port: 443}], deny: [10.0.0.0/8]}",
        "connect: {allow: [{address: 10.0.0.1, protocol: tcp}, {address: 10.0.0.1, protocol: udp}]}",
        "connect: {allow: [10.0.0.53]} ;; resolv: true",
        "bind: {allow: [\"10.0.0.1:1-65535\"]}", // port 0 is one that the kernel chooses
        "net: none ;; connect: {allow: [loopback], deny: [10.0.0.1]} ;; bind: {allow: [10.0.0.1]} ;; resolv: true",
        "bind: {allow: [{address: [0.0.0.0, \"::\"], port: 0}]}",
        "families: [inet6] ;; connect: {allow: [10.0.0.1]}",
        "unix: {deny: [/run/docker.sock, /var/run/docker.sock]}",
        "unix: {deny: [/run/a, /run/b*, \"@a\", \"@b*\"]}",
        "unix: {deny: [{path: /run/a, reason: this one}, /run/*]}", // it gives its reason
        "connect: {deny: [{address: 169.254.169.254, reason: metadata}, 169.254.0.0/16]}",
        "connect: {allow: [{address: 10.0.0.0/8, protocol: tcp}, {address: 10.0.0.0/8, protocol: udp}]}",
        "connect: {allow: [0.0.0.0/1, 128.0.0.0/2]}",
        "connect: {allow: [10.0.0.0/8], deny: [10.0.0.0/9, 10.128.0.0/10]}",
        "connect: {allow: [\"10.0.0.1:1-1000\", \"10.0.0.1:1002-65535\", \"10.0.0.2:1001\"]}",
        "unix: {allow: [/run/*/a, /run/**/b, /r*n/a, \"/run/a*\"]}",
        "unix: {mode: allow, deny: [/run/a]} ;; resolv: true",
    })
    void is_silent_about_what_makes_sense(String policy) throws Exception {
        assertEquals(List.of(), ofPolicy("version: 1\n" + policy.replace(" ;; ", "\n") + "\n"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "allowed-netmask=10.0.0.0/8 ;; allowed-port=22 |",
                "allowed-netmask=127.0.0.1 ;; allowed-netmask=10.0.0.0/8 ;; allow-resolv= |",
                "allowed-netmask=0.0.0.0/0 | 1:1 this allows every IPv4 address, 0.0.0.0/0",
                "allowed-port=1-65535 | 1:1 these are all ports of every address, so that this allows every destination; leave it out, or write"
                        + " allowed-netmask=NETWORK for all ports of one network",
                "allowed-netmask=10.0.0.0/8 ;; allowed-port=0-65535 | 2:1 these are all ports; leave them out",
                "allowed-netmask=10.0.0.0/8 ;; allowed-netmask=10.1.0.0/16 | 2:1 this adds nothing: c.ini:1:1 allows all of it already",
                "allowed-netmask=0.0.0.0/1 ;; allowed-netmask=128.0.0.0/1 | 2:1 with c.ini:1:1 this allows every IPv4 address, 0.0.0.0/0",
                "allowed-port=1-1000 ;; allowed-port=1001-65535 | 2:1 with c.ini:1:1 these are all ports of every address, so that this allows every destination; leave",
                "allowed-netmask=10.1.2.3 ;; allowed-netmask=10.0.0.0/8 | 1:1 this adds nothing: c.ini:2:1 allows all of it",
                "allowed-port=20-30 ;; allowed-port=22 | 2:1 this adds nothing: c.ini:1:1",
                "no-outbound-network= ;; allowed-port=22 | 2:1 no rule of connect/allow has an effect: no-outbound-network (c.ini:1:1)",
                "net=none ;; allowed-netmask=10.0.0.1 ;; allowed-netmask=127.0.0.1 | 2:1 this has no effect: nothing but loopback can be reached"
                        + " from a network of the command's own (net none, c.ini:1:1)",
                "verbose= | 1:1 this restricts nothing",
                "profile=lan |",
            })
    void reads_ini_files_too(String lines, String warning) throws Exception {
        MemoryFiles files = new MemoryFiles().with("c.ini", lines.replace(" ;; ", "\n") + "\n");
        Options options = IniConfig.read(List.of("c.ini"), files);
        Plan plan = Plan.of(Policy.merge(List.of(options.part(NAMESERVERS)), NAMESERVERS), HOST);
        List<String> told = print(Lint.ofOptions(options, plan.policy(), plan, Origin.file("c.ini", 1, 1), path -> path));
        String first = told.isEmpty() ? "" : told.get(0);
        String expected = warning == null ? "" : warning;
        assertEquals(expected, first.substring(0, Math.min(first.length(), expected.length())));
        assertEquals(warning == null ? 0 : 1, told.size(), told::toString);
    }

    /** What covers by rule of thumb is asked for name by name. {@code -Dsecfilt.seed} repeats a run. */
    @Test
    void a_pattern_that_is_said_to_cover_another_matches_all_that_it_matches() throws Exception {
        long seed = Long.getLong("secfilt.seed", System.nanoTime());
        Random random = new Random(seed);
        String[] parts = {"/", "/", "a", "b", "*", "**", "/**/", "/*/"};
        String[] names = {"/", "a", "b", "ab", "/a"};
        int covering = 0;
        for (int round = 0; round < 60_000; round++) {
            String broad = "/" + random(random, parts, 4);
            String narrow = "/" + random(random, parts, 4);
            boolean path = random.nextInt(4) > 0;
            if (path ? PatternCover.ofPaths(broad, narrow) : PatternCover.ofNames(broad, narrow)) {
                covering++;
                for (int i = 0; i < 40; i++) {
                    String name = "/" + random(random, names, 5);
                    if (matches(narrow, name, path)) {
                        assertTrue(matches(broad, name, path), "seed " + seed + ": " + broad + " is not for all of " + narrow + ": " + name);
                    }
                }
            }
        }
        assertTrue(covering > 1000, "only " + covering);
    }

    private static String random(Random random, String[] parts, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }

    private static boolean matches(String pattern, String name, boolean path) throws Exception {
        Match match = path ? new Match.UnixPath(pattern) : new Match.UnixAbstract(pattern);
        Access alone = new Access(Mode.DENY, Origin.DEFAULT, List.of(new Rule(match, Optional.empty(), Origin.DEFAULT)), List.of());
        Sockaddr address = path ? new Sockaddr.UnixPath(ByteString.of(name)) : new Sockaddr.UnixAbstract(ByteString.of(name));
        return new Judge(Plan.of(Policy.ofRules(Access.OPEN, Access.OPEN, alone), HOST)).judge(Action.CONNECT, address, Optional.empty())
                instanceof Verdict.Allow;
    }

    @Test
    void a_block_is_covered_by_its_parts_together_only() {
        assertEquals(true, Extent.covers(networks("10.0.0.0/9", "10.128.0.0/10", "10.192.0.0/10"), networks("10.0.0.0/8").get(0)));
        assertEquals(false, Extent.covers(networks("10.0.0.0/9", "10.128.0.0/10"), networks("10.0.0.0/8").get(0)));
        assertEquals(false, Extent.covers(networks("0.0.0.0/0"), Extent.ALL_V6));
        assertEquals(false, Extent.covers(networks("10.0.0.1"), networks("10.0.0.2").get(0)));
    }

    private static List<Cidr> networks(String... texts) {
        List<Cidr> networks = new ArrayList<>();
        for (String text : texts) {
            networks.add(Cidr.parse(text));
        }
        return networks;
    }

    private static List<String> ofPolicy(String text) throws Exception {
        List<PolicyPart> parts = PolicyFiles.read(List.of("p.yaml"), new MemoryFiles().with("p.yaml", text));
        Optional<Origin> resolv = parts.get(0).resolv().map(setting -> setting.origin());
        Plan plan = Plan.of(Policy.merge(parts, NAMESERVERS), HOST);
        return print(Lint.ofPolicy(plan.policy(), plan, Origin.file("p.yaml", 1, 1), resolv,
                path -> path.equals("/var/run") || path.startsWith("/var/run/") ? path.substring("/var".length()) : path));
    }

    private static List<String> print(List<Warning> warnings) {
        List<String> lines = new ArrayList<>();
        for (Warning warning : warnings) {
            lines.add(warning.origin().line() + ":" + warning.origin().column() + " " + warning.message());
        }
        return lines;
    }
}
