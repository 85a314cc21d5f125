package org.secfilt.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.IniConfig;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.Sources;
import org.secfilt.policy.yaml.PolicyFiles;

class AdviceTest {
    private static final List<IpAddress> NAMESERVERS = List.of(IpAddress.parse("10.0.0.53"));

    /** Options, or behind {@code ini:} the lines of an INI file, or behind {@code yaml:} those of a policy | what is denied | the advice. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--allowed-netmask=127.0.0.1 | connect 10.0.0.1:80 | to allow it, add --allowed-netmask=10.0.0.1",
                "--allowed-netmask=127.0.0.1 | sendto [2001:db8::1]:53 | to allow it, add --allowed-netmask=2001:db8::1",
                "--allowed-netmask=127.0.0.1 | connect [::ffff:10.0.0.7]:53 | to allow it, add --allowed-netmask=10.0.0.7",
                "--allowed-netmask=10.0.0.1 | connect 0.0.0.0:80 | to allow it, add --allowed-netmask=127.0.0.1",
                "--allowed-netmask=10.0.0.1 | connect [::ffff:0.0.0.0]:80 | to allow it, add --allowed-netmask=127.0.0.1",
                "--allowed-netmask=10.0.0.1 | connect [::]:80 | to allow it, add --allowed-netmask=::1",
                "--allowed-port=443 | connect 10.0.0.1:80 | to allow it, add --allowed-port=80",
                "--allowed-bind=127.0.0.1 | bind 10.0.0.1:80 | to allow it, add --allowed-bind=10.0.0.1:80",
                "--allowed-bind=127.0.0.1 | listen [2001:db8::1]:53 | to allow it, add --allowed-bind=[2001:db8::1]:53",
                // masks and ports must both fit
                "--allowed-netmask=10.2.0.0/16 --allowed-port=443 | connect 10.3.0.1:80 | to allow it, add --allowed-netmask=10.3.0.1"
                        + " --allowed-port=80",
                "--allowed-netmask=10.2.0.0/16 --allowed-port=443 | connect 10.3.0.1:443 | to allow it, add --allowed-netmask=10.3.0.1",
                "--allowed-netmask=10.2.0.0/16 --allowed-port=443 | connect 10.2.0.1:80 | to allow it, add --allowed-port=80",
                "--allowed-netmask=10.2.0.0/16 --allowed-port=443 --allow-resolv | connect 10.0.0.53:80 | to allow it, add --allowed-port=80",
                // a list on the command line replaces that of an INI file
                "ini: allowed-port=443 ;; allowed-netmask=10.2.0.0/16 | connect 10.3.0.1:443 | to allow it, add below c.ini:2 the line"
                        + " allowed-netmask=10.3.0.1",
                "ini: allowed-port=443 ;; allowed-netmask=10.2.0.0/16 | connect 10.3.0.1:80 | to allow it, add below c.ini:2 the line"
                        + " allowed-netmask=10.3.0.1 ;; to allow it, also add below c.ini:1 the line allowed-port=80",
                "--allowed-port=443 ini: allowed-netmask=10.2.0.0/16 ;; allowed-port=1 | connect 10.3.0.1:80 | to allow it, add"
                        + " --allowed-port=80 ;; to allow it, also add below c.ini:1 the line allowed-netmask=10.3.0.1",
                "ini: allowed-bind=127.0.0.1 | bind 10.0.0.1:80 | to allow it, add below c.ini:1 the line allowed-bind=10.0.0.1:80",
                // what says no once more, further off
                "--no-outbound-network | connect /run/x | to allow it, leave out --no-outbound-network",
                "--no-outbound-network=1 ini: no-outbound-network= | connect 10.0.0.1:80 | to allow it, leave out --no-outbound-network=1"
                        + " ;; to allow it, also change c.ini:1:1",
                "--no-outbound-network --allowed-port=443 | connect 10.0.0.1:80 | to allow it, add --allowed-port=80"
                        + " ;; to allow it, also leave out --no-outbound-network",
                "yaml: no-outbound-network: true ;; mode: deny | connect 127.0.0.1:80 | to allow it, change p.yaml:2:1"
                        + " ;; to allow it, also add to connect/allow in p.yaml: 127.0.0.1:80",
                "yaml: connect: {allow: [10.0.0.1], deny: [10.9.0.0/16, {port: 80, reason: why}]} | connect 10.9.0.1:80 | to allow it, change"
                        + " p.yaml:2:37, p.yaml:2:50 ;; to allow it, also add to connect/allow in p.yaml: 10.9.0.1:80",
                "yaml: connect: {deny: [10.9.0.0/16]} | connect 10.9.0.1:80 | to allow it, change p.yaml:2:18",
                "--allowed-netmask=10.0.0.1 yaml: connect: {deny: [10.9.0.0/16]} | connect 10.9.0.1:80 | to allow it, add"
                        + " --allowed-netmask=10.9.0.1 ;; to allow it, also change p.yaml:2:18",
                "--allowed-netmask=10.0.0.1 yaml: connect: {mode: deny} | connect 10.9.0.1:80 | to allow it, add to connect/allow in p.yaml:"
                        + " 10.9.0.1:80",
                "yaml: families: [inet] ;; bind: {mode: deny, deny: [\"::1\"]} | bind [::1]:80 | to allow it, change p.yaml:3:27"
                        + " ;; to allow it, also add inet6 to the families in p.yaml:2:1"
                        + " ;; to allow it, also add to bind/allow in p.yaml: \"[::1]:80\"",
                "yaml: bind: {deny: [0.0.0.0]} | bind [::]:80 | to allow it, change p.yaml:2:15",
                "yaml: mode: deny | connect 10.0.0.1:80 | to allow it, add to connect/allow in p.yaml: 10.0.0.1:80",
                "yaml: mode: local | sendmsg [2001:db8::1]:53 | to allow it, add to connect/allow in p.yaml: \"[2001:db8::1]:53\"",
                "yaml: mode: deny | connect 0.0.0.0:80 | to allow it, add to connect/allow in p.yaml: 127.0.0.1:80",
                "yaml: unix: {mode: deny} | connect /run/x | to allow it, add to unix/allow in p.yaml: /run/x",
                "yaml: unix: {mode: deny} | connect /run/x y: | to allow it, add to unix/allow in p.yaml: \"/run/x y:\"",
                "yaml: unix: {mode: deny} | connect @com.example | to allow it, add to unix/allow in p.yaml: \"@com.example\"",
                "yaml: unix: {allow: [/a], deny: [/run/**]} | connect /run/x | to allow it, change p.yaml:2:28"
                        + " ;; to allow it, also add to unix/allow in p.yaml: /run/x",
                // a rule that is void where resolv holds
                "yaml: unix: {deny: [{path: /run/nscd/*, unless: resolv}]} | connect /run/nscd/socket | to allow it, set resolv: true in p.yaml",
                "yaml: unix: {mode: deny, deny: [{path: /run/nscd/*, unless: resolv}]} | connect /run/nscd/socket | to allow it, set resolv: true"
                        + " in p.yaml",
                "yaml: unix: {deny: [{path: [/run/nscd/*, /run/n*/*], unless: resolv}]} | connect /run/nscd/socket | to allow it, set resolv: true"
                        + " in p.yaml",
                "yaml: resolv: false ;; unix: {deny: [{path: /run/n*/*, unless: resolv}]} | connect /run/nscd/socket | to allow it, set"
                        + " resolv: true in p.yaml:2:1",
                "--allow-resolv=no yaml: resolv: true ;; unix: {deny: [{path: /run/n*/*, unless: resolv}]} | connect /run/nscd/socket | to"
                        + " allow it, add --allow-resolv",
                "--allow-resolv=no --allowed-netmask=10.0.0.1 yaml: unix: {deny: [{path: /run/n*/*, unless: resolv}]} | connect /run/nscd/socket |"
                        + " to allow it, add --allow-resolv",
                "ini: allow-resolv=no yaml: unix: {deny: [{path: /run/n*/*, unless: resolv}]} | connect /run/nscd/socket | to allow it, set"
                        + " allow-resolv=yes in c.ini:1:1",
                "yaml: unix: {deny: [{path: /run/n*/*, unless: resolv}, /run/**]} | connect /run/nscd/socket | to allow it, change p.yaml:2:50"
                        + " ;; to allow it, also set resolv: true in p.yaml",
                // no text of a policy names it, or nothing is denied
                "yaml: unix: {mode: deny} | connect /run/<bell> |",
                "yaml: unix: {mode: deny} | connect run/x |",
                "yaml: unix: {mode: deny} | connect 10.0.0.1:80 |",
                // in a list it would be a pattern
                "yaml: unix: {mode: deny} | connect @* |",
                "yaml: unix: {mode: deny} | connect @a*b |",
                "yaml: unix: {mode: deny} | connect /tmp/** |",
                "yaml: unix: {mode: deny} | connect /tmp/x?[a] | to allow it, add to unix/allow in p.yaml: \"/tmp/x?[a]\"",
                "yaml: unix: {allow: [/a], deny: [/tmp/*]} | connect /tmp/* |",
            })
    void tells_all_that_it_takes(String policy, String denied, String advice) throws Exception {
        List<String> expected = advice == null ? List.of() : List.of(advice.split(" ;; "));
        assertEquals(expected, Advice.lines(plan(policy), List.of(denial(denied.replace("<bell>", "\007"))), false));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--read-only | to allow it, add --allow-write=/srv/x",
                "--allow-write=/a | to allow it, add --allow-write=/srv/x",
                "yaml: filesystem: {read-only: true} | to allow it, add to filesystem/allow-write in p.yaml: /srv/x",
                "yaml: filesystem: {allow-write: [/a]} | to allow it, add to filesystem/allow-write in p.yaml: /srv/x",
                "ini: allow-write=/a ;; allow-write=/b | to allow it, add below c.ini:2 the line allow-write=/srv/x",
                "ini: read-only= | to allow it, add below c.ini:1 the line allow-write=/srv/x",
                "--read-only ini: allow-write=/a | to allow it, add below c.ini:1 the line allow-write=/srv/x",
                "--allow-write=/b ini: allow-write=/a | to allow it, add --allow-write=/srv/x",
                "--allow-write=/b ini: read-only= | to allow it, add --allow-write=/srv/x",
            })
    void names_the_file_to_allow(String policy, String advice) throws Exception {
        Plan plan = plan(policy);
        assertEquals(List.of(advice), Advice.lines(plan, List.of(change("/srv/x"), change("/srv/x")), false).stream()
                .map(line -> line.replace("allow them", "allow it")).toList());
        assertEquals(List.of(), Advice.lines(plan, List.of(change("")), false));
    }

    /** Who hides its memory is denied whatever the rules say. */
    @Test
    void what_no_step_allows_is_not_counted() throws Exception {
        Plan plan = plan("--allowed-netmask=127.0.0.1");
        JudgedCall hidden = denial("connect 127.0.0.1:80");
        assertEquals(List.of(), Advice.lines(plan, List.of(hidden, hidden), false));
        assertEquals(List.of("to allow one of them, add --allowed-netmask=10.9.0.1"),
                Advice.lines(plan, List.of(hidden, denial("connect 10.9.0.1:80")), false));
    }

    @Test
    void one_step_may_do_for_several() throws Exception {
        Plan plan = plan("--allowed-netmask=127.0.0.1 --allowed-port=1 yaml: connect: {deny: [10.9.0.0/16]}");
        assertEquals(
                List.of("to allow them, add --allowed-netmask=10.9.0.1 --allowed-port=80 --allowed-netmask=10.9.0.2 --allowed-netmask=10.8.0.1",
                        "to allow them, also change p.yaml:2:18"),
                Advice.lines(plan, List.of(denial("connect 10.9.0.1:80"), denial("connect 10.9.0.2:80"), denial("sendto 10.9.0.1:80"),
                        denial("connect 10.8.0.1:1")), false));
    }

    /** A family whose addresses nobody would judge is no advice, nor is one that the list has: then it is the socket's kind. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "yaml: families: [unix] | 2 | to allow it, add inet to the families in p.yaml:2:1",
                "yaml: families: [unix] | 17 | to allow it, add packet to the families in p.yaml:2:1",
                "--allowed-netmask=10.0.0.1 yaml: families: [unix] | 2 | to allow it, add inet to the families in p.yaml:2:1",
                "--allowed-netmask=10.0.0.1 yaml: families: [unix] | 17 |",
                "yaml: families: [inet] | 2 |",
                "--mainstream-network-families | 17 |",
                "ini: mainstream-network-families= | 17 |",
                "--allowed-netmask=10.0.0.1 | 17 |",
            })
    void names_the_family_that_a_list_lacks(String policy, int domain, String advice) throws Exception {
        JudgedCall denial = new JudgedCall("socket", Optional.empty(), new SocketKind(domain, 1, 0), ByteString.of("x"), 1, "", Origin.DEFAULT);
        assertEquals(advice == null ? List.of() : List.of(advice), Advice.lines(plan(policy), List.of(denial), false));
    }

    @Test
    void a_rule_may_have_denied_by_another_name_of_the_socket() throws Exception {
        JudgedCall denial = new JudgedCall("connect", Optional.of(new Sockaddr.UnixPath(ByteString.of("/mnt/x"))), SocketKind.UNKNOWN, ByteString.of("x"), 1,
                "p.yaml:2:15 denies it", Origin.file("p.yaml", 2, 15));
        assertEquals(List.of("to allow it, change p.yaml:2:15"), Advice.lines(plan("yaml: unix: {deny: [/run/x]}"), List.of(denial), false));
    }

    /** Lists add up, so what the user's own file includes, which may be a shipped one, need not be touched. What denies must be. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "mode: deny | connect 10.0.0.1:80 | to allow it, add to connect/allow in job.yaml: 10.0.0.1:80",
                "unix: {mode: deny} | connect /run/x | to allow it, add to unix/allow in job.yaml: /run/x",
                "families: [inet] | connect [::1]:80 | to allow it, add inet6 to the families in job.yaml",
                "unix: {deny: [/run/x]} | connect /run/x | to allow it, change d/base.yaml:2:15",
                "resolv: false ;; unix: {deny: [{path: /run/n*/*, unless: resolv}]} | connect /run/nscd/socket | to allow it, set resolv: true in job.yaml",
                "filesystem: {read-only: true} | file | to allow it, add to filesystem/allow-write in job.yaml: /srv/x",
            })
    void names_the_file_that_the_user_gave_where_lists_add_up(String included, String denied, String advice) throws Exception {
        MemoryFiles files = new MemoryFiles().with("d/base.yaml", "version: 1\n" + included.replace(" ;; ", "\n"))
                .with("d/more.yaml", "version: 1\ninclude: base.yaml").with("-", "version: 1\ninclude: d/more.yaml")
                .with("job.yaml", "version: 1\ninclude: d/more.yaml\nconnect: {allow: [loopback]}");
        JudgedCall call = denied.equals("file") ? change("/srv/x") : denial(denied);
        assertEquals(List.of(advice), Advice.lines(plan(files, "job.yaml"), List.of(call), false));
        assertEquals(List.of(advice.replace("job.yaml", "standard input")), Advice.lines(plan(files, "-"), List.of(call), false));
        assertEquals(List.of(advice.replaceAll("in job.yaml$", "in d/base.yaml:2:1").replace("job.yaml", "d/base.yaml")),
                Advice.lines(plan(files, "job.yaml", "d/base.yaml"), List.of(call), false));
    }

    private static Plan plan(MemoryFiles files, String... names) throws Exception {
        return Plan.of(new Sources(PolicyFiles.read(List.of(names), files), Options.NONE, Options.NONE, NAMESERVERS).policy(),
                new Host(Arch.X86_64, 7, false));
    }

    private static JudgedCall change(String path) {
        return JudgedCall.ofFile("chmod", ByteString.of(path), ByteString.of("x"), 1, "not below allow-write", Origin.DEFAULT);
    }

    private static JudgedCall denial(String text) {
        String call = text.substring(0, text.indexOf(' '));
        String place = text.substring(call.length() + 1);
        Sockaddr address;
        if (place.startsWith("@")) {
            address = new Sockaddr.UnixAbstract(ByteString.of(place.substring(1)));
        } else if (place.indexOf('/') >= 0) {
            address = new Sockaddr.UnixPath(ByteString.of(place));
        } else {
            int colon = place.lastIndexOf(':');
            IpAddress ip = IpAddress.parse(place.substring(0, colon).replaceAll("[\\[\\]]", ""));
            int port = Integer.parseInt(place.substring(colon + 1));
            address = ip.isV4() ? new Sockaddr.Inet(ip, port) : new Sockaddr.Inet6(ip, port, 0, 0);
        }
        return new JudgedCall(call, Optional.of(address), new SocketKind(2, 1, 6), ByteString.of("x"), 1, "", Origin.DEFAULT);
    }

    private static Plan plan(String text) throws Exception {
        int ini = text.indexOf("ini: ");
        int yaml = text.indexOf("yaml: ");
        String flags = ini >= 0 ? text.substring(0, ini) : yaml >= 0 ? text.substring(0, yaml) : text;
        MemoryFiles files = new MemoryFiles();
        Options configured = Options.NONE;
        List<PolicyPart> parts = new ArrayList<>();
        if (ini >= 0) {
            files.with("c.ini", text.substring(ini + 5, yaml > ini ? yaml : text.length()).strip().replace(" ;; ", "\n"));
            configured = IniConfig.read(List.of("c.ini"), files);
        }
        if (yaml >= 0) {
            files.with("p.yaml", "version: 1\n" + text.substring(yaml + 6).replace(" ;; ", "\n"));
            parts.addAll(PolicyFiles.read(List.of("p.yaml"), files));
        }
        OptionReader given = new OptionReader();
        for (String word : flags.isBlank() ? new String[0] : flags.strip().split(" ")) {
            int equals = word.indexOf('=');
            given.add(word.substring(2, equals < 0 ? word.length() : equals), equals < 0 ? "" : word.substring(equals + 1), Origin.flag(word));
        }
        return Plan.of(new Sources(parts, given.options(), configured, NAMESERVERS).policy(), new Host(Arch.X86_64, 7, false));
    }
}
