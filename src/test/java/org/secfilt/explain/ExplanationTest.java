package org.secfilt.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Host;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.Policy;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.verdict.Action;

class ExplanationTest {
    private static final String POLICY = """
            version: 1
            mode: deny
            resolv: true
            families: [unix, inet]
            connect:
              allow:
                - 10.0.0.0/8
                - address: 192.168.1.10
                  port: 8000-8099
                  protocol: tcp
                  reason: mirror
              deny:
                - 10.9.0.0/16
            bind:
              mode: local
              allow: ["10.0.0.1:80"]
            unix:
              mode: deny
              allow: [/run/a.sock, "@name*"]
            """;

    /** A destination | lines of its explanation, in order, parted by {@code ;;}. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp 10.1.2.3:443 | tcp 10.1.2.3:443: allowed ;; rule      p.yaml:7:7: allow connect 10.0.0.0/8",
                "tcp 10.9.2.3:443 | tcp 10.9.2.3:443: denied, it fails with EPERM ;; rule      p.yaml:13:7 denies it"
                        + " ;; deny connect 10.9.0.0/16 ;; layer     tracer"
                        + " ;; nearest   but for that, allowed: p.yaml:7:7: allow connect 10.0.0.0/8 ;; to allow it, change p.yaml:13:7",
                "tcp 11.0.0.1:443 | rule      no rule allows it (mode deny, p.yaml:2:7) ;; nearest   p.yaml:7:7: allow connect 10.0.0.0/8 (for"
                        + " another address) ;; to allow it, add to connect/allow in p.yaml: 11.0.0.1:443",
                "tcp 192.168.1.10:80 | rule      no rule allows it on this port ;; nearest   p.yaml:8:7: allow connect 192.168.1.10/32"
                        + " port 8000-8099 tcp (mirror) (for another port)",
                "udp 192.168.1.10:8001 | rule      no rule allows it with this protocol ;; (mirror) (for another protocol)",
                "udp 192.168.1.10:80 | (mirror) (for another port and protocol)",
                "tcp 192.168.1.11:8001 | (mirror) (for another address)",
                "udp 192.168.1.11:9 | nearest   p.yaml:7:7: allow connect 10.0.0.0/8 (for another address)",
                "udp 9.9.9.9:53 | rule      p.yaml:3:1: allow connect 9.9.9.9/32 port 53 (nameservers of /etc/resolv.conf)",
                "tcp [::1]:80 | denied, socket(2) fails with EPERM ;; p.yaml:4:1 has no family inet6 ;; layer     filter"
                        + " ;; add inet6 to the families in p.yaml:4:1",
                "tcp 0.0.0.0:80 | denied, it fails with EPERM ;; add to connect/allow in p.yaml: 127.0.0.1:80",
                "sendto udp unspec:11.0.0.1:443 | sendto udp unspec:11.0.0.1:443: denied, it fails with EPERM ;; judged as 11.0.0.1:443"
                        + " ;; rule      no rule allows it (mode deny, p.yaml:2:7) ;; add to connect/allow in p.yaml: 11.0.0.1:443",
                "sendto udp unspec:10.1.2.3:443 | allowed ;; judged as 10.1.2.3:443 ;; p.yaml:7:7: allow connect 10.0.0.0/8",
                "bind tcp 127.0.0.1:80 | allowed ;; rule      mode local allows loopback (p.yaml:15:9)",
                "bind tcp 10.0.0.1:80 | allowed ;; rule      p.yaml:16:11: allow bind 10.0.0.1/32 port 80",
                "bind tcp 0.0.0.0:80 | denied ;; no rule allows it on this port (mode local, p.yaml:15:9) ;; add to bind/allow in p.yaml: 0.0.0.0:80",
                "unix:/run/a.sock | allowed ;; rule      p.yaml:19:11: allow unix:/run/a.sock",
                "unix:/link | judged as unix:/run/b.sock ;; rule      no rule allows it (mode deny, p.yaml:18:9)"
                        + " ;; nearest   p.yaml:19:11: allow unix:/run/a.sock (for another name) ;; add to unix/allow in p.yaml: /run/b.sock",
                "unix:@namesake | allowed ;; rule      p.yaml:19:24: allow unix-abstract:name*",
                "unix:@other | denied ;; nearest   no rule allows anything like it ;; to allow it, add to unix/allow in p.yaml: \"@other\"",
                "bind unix:/x | allowed ;; a name for a unix socket is a matter of files",
                "unix:/run/nscd/socket | allowed ;; rule      p.yaml:3:1: allow unix:/run/nscd/socket (resolver of this machine)",
            })
    void tells_the_verdict_the_rule_and_the_nearest(String destination, String lines) throws Exception {
        String text = new Explanation(plan(POLICY), false, path -> path).add(read(destination)).toString();
        int at = 0;
        for (String line : lines.split(" ;; ")) {
            int found = (text + "<end>").indexOf(line.strip().replace(" <end>", "\n<end>"), at);
            assertTrue(found >= 0, () -> line + "\n" + text);
            at = found;
        }
    }

    /** What is written | what is bound | lines of the explanation. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "read-only: true | /tmp/x/y | bind unix:/tmp/x/y: denied, it fails with EACCES ;; rule      not below allow-write (p.yaml:2:14): it makes"
                        + " a file ;; layer     Landlock ;; to allow it, add to filesystem/allow-write in p.yaml: /tmp/x",
                "allow-write: [/srv, /tmp] | /tmp/x/y | bind unix:/tmp/x/y: allowed ;; rule      p.yaml:2:34: write /tmp ;; layer     Landlock",
                "allow-write: [/tmp/x/y] | /tmp/x/y | denied, it fails with EACCES", // there is a file of that name
                "allow-write: [/tmp] | /tmpx/y | denied, it fails with EACCES",
                "allow-write: [/] | /y | allowed",
                "allow-write: [/tmp/x] | @y | allowed",
            })
    void a_socket_is_named_where_files_may_be_written(String files, String name, String lines) throws Exception {
        String text = new Explanation(plan("version: 1\nfilesystem: {" + files + "}\n"), false, path -> path).add(read("bind unix:" + name))
                .toString();
        int at = 0;
        for (String line : lines.split(" ;; ")) {
            int found = (text + "<end>").indexOf(line.strip().replace(" <end>", "\n<end>"), at);
            assertTrue(found >= 0, () -> line + "\n" + text);
            at = found;
        }
    }

    /** What a policy says besides | a destination | how its explanation begins. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mode: allow | tcp 10.77.44.2:80 | tcp 10.77.44.2:80: allowed, but nothing leaves a network of the command's own (net none, p.yaml:2:6)"
                        + " ;; rule      nothing restricts it ;; layer     namespaces, where there is a loopback interface alone",
                "connect: {allow: [10.0.0.0/8]} | udp 10.77.44.2:80 | allowed, but nothing leaves a network of the command's own"
                        + " ;; rule      p.yaml:3:19: allow connect 10.0.0.0/8 ;; layer     namespaces, where",
                "mode: allow | sendto [fd00::1]:53/udp | allowed, but nothing leaves",
                "mode: allow | udp [::ffff:10.0.0.7]:53 | allowed, but nothing leaves",
                "mode: deny | tcp 10.77.44.2:80 | tcp 10.77.44.2:80: denied, it fails with EPERM ;; to allow it, add",
                "mode: local | tcp 127.1.2.3:80 | tcp 127.1.2.3:80: allowed ;; layer     tracer",
                "mode: local | tcp 0.0.0.0:80 | tcp 0.0.0.0:80: allowed ;; acts on   127.0.0.1:80",
                "mode: allow | tcp [::]:80 | tcp [::]:80: allowed ;; layer     none has to look at it",
                "mode: allow | tcp [::ffff:127.0.0.1]:80 | tcp [::ffff:127.0.0.1]:80: allowed ;; judged as",
                "mode: allow | bind tcp 10.0.0.1:80 | bind tcp 10.0.0.1:80: allowed, but a network of the command's own has no such address (net none, p.yaml:2:6)"
                        + " ;; layer     none has to look at it",
                "bind: {allow: [fd00::1]} | bind tcp [fd00::1]:80 | bind tcp [fd00::1]:80: allowed, but a network of the command's own has no such address",
                "mode: allow | bind udp [::ffff:10.0.0.7]:53 | allowed, but a network of the command's own has no such address",
                "mode: deny | bind tcp 10.0.0.1:80 | bind tcp 10.0.0.1:80: denied, it fails with EPERM",
                "mode: allow | bind tcp 127.1.2.3:80 | bind tcp 127.1.2.3:80: allowed",
                "mode: allow | bind tcp 0.0.0.0:80 | bind tcp 0.0.0.0:80: allowed",
                "mode: allow | bind tcp [::]:80 | bind tcp [::]:80: allowed",
                "mode: allow | bind udp 224.0.0.1:80 | bind udp 224.0.0.1:80: allowed",
                "mode: allow | bind udp 255.255.255.255:80 | bind udp 255.255.255.255:80: allowed",
                "mode: allow | bind udp [ff02::1]:80 | bind udp [ff02::1]:80: allowed",
                "mode: allow | bind unix:/run/x | bind unix:/run/x: allowed",
                "mode: allow | unix:/run/x | unix:/run/x: allowed ;; layer     none has to look at it",
            })
    void nothing_but_loopback_is_in_a_network_without_others(String policy, String destination, String lines) throws Exception {
        String text = new Explanation(plan("version: 1\nnet: none\n" + policy + "\n"), false, path -> path).add(read(destination)).toString();
        int at = 0;
        for (String line : lines.split(" ;; ")) {
            int found = (text + "\n").indexOf(line.strip(), at);
            assertTrue(found >= 0, () -> line + "\n" + text);
            at = found;
        }
        assertTrue(lines.contains(", but") || !text.contains("allowed, but "), text);
    }

    /** What a policy says | a socket in a deep directory | lines of its explanation. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "unix: {mode: deny, allow: [/**]} | unix:deep | unix:deep: allowed ;; judged as unix:/ddd ;; rule      p.yaml:2:28 ;; layer     tracer",
                "unix: {mode: deny, allow: [/d/**]} | unix:deep | unix:deep: denied, it fails with EPERM ;; judged as unix:/ddd ;; layer     tracer",
                "unix: {deny: [/d*/s]} | sendto unix:deep | denied, it fails with EPERM ;; judged as unix:/ddd ;; p.yaml:2:15",
                "no-outbound-network: true | unix:deep | denied, it fails with EPERM ;; rule      no outbound network, p.yaml:2:1",
                "connect: {allow: [10.0.0.1]} | unix:deep | unix:deep: allowed ;; judged as unix:/ddd ;; nothing restricts it",
                "unix: {mode: deny} | bind unix:deep | bind unix:deep: allowed ;; a matter of files",
                "filesystem: {allow-write: [/]} | bind unix:deep | allowed ;; write /",
                "filesystem: {allow-write: [/tmp]} | bind unix:deep | denied, it fails with EACCES",
                "families: [inet] | unix:deep | denied, socket(2) fails",
            })
    void where_a_path_leads_may_be_longer_than_a_socket_address(String policy, String destination, String lines) throws Exception {
        String deep = "/" + "d".repeat(120) + "/s";
        Destination asked = DestinationReader.read(List.of(destination), path -> path.equals("deep") ? deep : path).get(0);
        String text = new Explanation(plan("version: 1\n" + policy + "\n"), false, path -> path).add(asked).toString();
        int at = 0;
        for (String line : lines.split(" ;; ")) {
            int found = (text + "<end>").indexOf(line.strip().replace(" <end>", "\n<end>"), at);
            assertTrue(found >= 0, () -> line + "\n" + text);
            at = found;
        }
    }

    @Test
    void a_deny_rule_of_an_allowed_mode_needs_no_allow_rule() throws Exception {
        String text = new Explanation(plan("version: 1\nconnect: {mode: allow, deny: [10.0.0.1]}\n"), false, path -> path)
                .add(read("tcp 10.0.0.1:1")).add(read("tcp 10.0.0.2:1")).toString();
        assertTrue(text.contains("but for that, allowed: no rule denies it (mode allow, p.yaml:2:17)"), text);
        assertTrue(text.contains("10.0.0.2:1: allowed\n  rule      no rule denies it (mode allow, p.yaml:2:17)"), text);
    }

    @Test
    void no_outbound_network_beats_what_is_allowed() throws Exception {
        String text = new Explanation(plan("version: 1\nno-outbound-network: true\nconnect: {allow: [10.0.0.1]}\n"), false, path -> path)
                .add(read("tcp 10.0.0.1:1")).toString();
        assertTrue(text.contains("rule      no outbound network, p.yaml:2:1"), text);
        assertTrue(text.contains("but for that, allowed: p.yaml:3:19: allow connect 10.0.0.1/32"), text);
        assertTrue(text.contains("to allow it, change p.yaml:2:1"), text);
    }

    @Test
    void any_address_means_loopback_and_a_mapped_one_its_ipv4_address() throws Exception {
        String text = new Explanation(plan("version: 1\nmode: local\n"), false, path -> path)
                .add(read("tcp 0.0.0.0:80")).add(read("tcp [::ffff:10.0.0.7]:80")).toString();
        assertTrue(text.contains("tcp 0.0.0.0:80: allowed\n  acts on   127.0.0.1:80\n"), text);
        assertTrue(text.contains("judged as 10.0.0.7:80\n"), text);
    }

    @Test
    void every_rule_is_told_with_its_layer() throws Exception {
        Plan plan = plan(POLICY);
        String text = new Explanation(plan, false, path -> path).addLayers().toString();
        for (Holding holding : plan.layers()) {
            String rule = "  " + holding.origin() + ": " + holding.subject() + "\n";
            int at = text.indexOf(rule);
            assertTrue(at > 0, rule);
            assertTrue(text.indexOf("      " + holding.layer() + ": " + holding.how() + "\n", at) > at, text);
        }
        assertEquals("nothing is restricted, so no layer has anything to do\n",
                new Explanation(plan("version: 1\n"), false, path -> path).addLayers().toString());
    }

    @Test
    void colours_change_nothing_else() throws Exception {
        Plan plan = plan(POLICY);
        String plain = new Explanation(plan, false, path -> path).addLayers().add(read("tcp 11.0.0.1:1")).toString();
        String colour = new Explanation(plan, true, path -> path).addLayers().add(read("tcp 11.0.0.1:1")).toString();
        assertTrue(colour.contains("\u001b[31mdenied\u001b[0m"), colour);
        assertEquals(plain, colour.replaceAll("\u001b\\[[0-9]+m", ""));
    }

    private static Destination read(String text) {
        return DestinationReader.read(List.of(text), path -> path.equals("/link") ? "/run/b.sock" : path).get(0);
    }

    @Test
    void names_the_firewall_where_packets_of_it_would_meet_one() throws Exception {
        Plan plan = plan(POLICY, new Host(Arch.X86_64, 6, false, new HostFirewall(Optional.empty(), true)));
        String both = "layer     tracer, which judges each call, then firewall, which judges each packet\n";
        for (String text : List.of("tcp 10.1.2.3:443", "tcp 10.9.2.3:443")) {
            String told = new Explanation(plan, false, path -> path).add(read(text)).toString();
            assertTrue(told.contains(both), told);
        }
        for (String text : List.of("bind tcp 10.0.0.1:80", "unix:/run/a.sock")) {
            String told = new Explanation(plan, false, path -> path).add(read(text)).toString();
            assertTrue(told.contains("layer     tracer, which judges each call\n"), told);
        }
    }

    /** A stream socket could listen at it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mode: deny; resolv: true | bind udp 0.0.0.0:0 | allowed ;; p.yaml:3:1: allow bind 0.0.0.0/32, ::/128 port 0 udp (any free port to ask",
                "bind: {mode: local}; resolv: true | bind udp [::]:0 | allowed ;; p.yaml:3:1: allow bind 0.0.0.0/32, ::/128 port 0 udp",
                "bind: {allow: [loopback]}; resolv: true | bind udp [::ffff:0.0.0.0]:0 | allowed",
                "mode: deny; resolv: true | bind tcp 0.0.0.0:0 | denied ;; with this protocol",
                "mode: deny; resolv: true | bind udp 0.0.0.0:53 | denied",
                "mode: deny; resolv: true | bind udp 10.0.0.1:0 | denied",
                "mode: deny; resolv: false | bind udp 0.0.0.0:0 | denied",
                "mode: deny | bind udp 0.0.0.0:0 | denied",
                "bind: {mode: deny, deny: [0.0.0.0]}; resolv: true | bind udp 0.0.0.0:0 | denied ;; p.yaml:2:27 denies it",
                "resolv: true | bind tcp 0.0.0.0:0 | allowed ;; nothing restricts it",
            })
    void resolv_leaves_udp_sockets_of_resolvers_any_free_port(String policy, String destination, String lines) throws Exception {
        Plan plan = plan("version: 1\n" + policy.replace("; ", "\n") + "\n");
        String text = new Explanation(plan, false, path -> path).add(read(destination)).toString();
        for (String line : lines.split(" ;; ")) {
            assertTrue(text.contains(line), text);
        }
    }

    /** The log names the tracer where that is who answers, and simulate says that the call stops for it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "connect: {allow: [10.0.0.0/8]} | raw:1 10.1.2.3 | tracer",
                "connect: {allow: [10.0.0.0/8]} | sctp 10.1.2.3:80 | tracer",
                "connect: {allow: [10.0.0.0/8]} | mptcp 10.1.2.3:80 | filter",
                "families: [unix, inet6] | tcp 10.1.2.3:80 | filter",
                "families: [unix, inet6]; violation-exit: 3 | tcp 10.1.2.3:80 | tracer",
                "families: [unix, inet]; violation-exit: 3 | tcp [fd00::1]:80 | filter",
            })
    void names_the_layer_that_answers_for_a_socket_that_is_not_made(String policy, String destination, String layer) throws Exception {
        Plan plan = plan("version: 1\n" + policy.replace("; ", "\n") + "\n");
        String text = new Explanation(plan, false, path -> path).add(read(destination)).toString();
        assertTrue(text.contains("\n  layer     " + layer + ", which makes no such socket\n"), text);
        SocketKind kind = read(destination).madeAs();
        List<String> words = List.of("socket", String.valueOf(kind.domain()), String.valueOf(kind.type()), String.valueOf(kind.protocol()));
        String simulated = Simulation.of(plan, Call.parse(Arch.X86_64, Call.Abi.OWN, words)).result().toString();
        assertEquals(layer.equals("tracer") ? "TRACE(socket)" : "ERRNO(EPERM)", simulated);
    }

    /** What a policy says | a destination | lines of its explanation where the firewall judges packets, and how it begins where it does not. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "connect: {allow: [10.0.0.0/8]} | mptcp 10.1.2.3:443 | mptcp 10.1.2.3:443: allowed ;; rule      p.yaml:2:19: allow connect 10.0.0.0/8"
                        + " ;; layer     tracer, which judges each call, then firewall, which judges each packet | denied, socket(2) fails with EPERM",
                "connect: {allow: [10.0.0.0/8]} | mptcp 11.1.2.3:443 | denied, it fails with EPERM ;; rule      no rule allows it ;; layer     tracer"
                        + " ;; nearest   p.yaml:2:19 ;; add to connect/allow in p.yaml: 11.1.2.3:443 | denied, socket(2) fails with EPERM",
                "connect: {allow: [{address: 10.0.0.0/8, protocol: tcp}]} | mptcp 10.1.2.3:443 | mptcp 10.1.2.3:443: allowed"
                        + " ;; rule      p.yaml:2:19: allow connect 10.0.0.0/8 tcp ;; layer     tracer, which judges each call, then firewall | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | mptcp 10.1.2.3:81 | denied, it fails with EPERM ;; layer     tracer | denied, socket(2)",
                "connect: {mode: allow, deny: [{port: 80, protocol: tcp}]} | mptcp 10.1.2.3:80 | denied, it fails with EPERM ;; layer     tracer | denied, socket(2)",
                "connect: {allow: [{address: 10.0.0.0/8, protocol: udp}]} | mptcp 10.1.2.3:443 | denied, it fails with EPERM"
                        + " ;; rule      no rule allows it with this protocol ;; layer     tracer, which judges each call"
                        + " ;; nearest   p.yaml:2:19: allow connect 10.0.0.0/8 udp (for another protocol) ;; to allow it, add | denied, socket(2)",
                "connect: {allow: [{address: 10.0.0.0/8, protocol: udp}]} | udplite 10.1.2.3:443 | denied, what it sends fails with EPERM | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | icmp 10.1.2.3 | icmp 10.1.2.3: allowed ;; rule      p.yaml:2:19: allow connect 10.0.0.0/8 port 80"
                        + " ;; layer     firewall, which judges each packet | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | raw:1 10.1.2.3 | raw:1 10.1.2.3: allowed, but of its packets only pings ;; rule      p.yaml:2:19"
                        + " ;; the rest  no rule allows it | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | raw:255 10.1.2.3:80 | allowed, but of its packets only tcp, udp, udplite, sctp, dccp, pings | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | raw:47 10.1.2.3 | denied, what it sends fails with EPERM ;; layer     firewall | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | sctp 10.1.2.3:81 | denied, its packets are dropped | denied, socket(2)",
                "connect: {allow: [10.0.0.0/8]} | icmp 11.1.2.3 | icmp 11.1.2.3: denied, it fails with EPERM ;; nearest   p.yaml:2:19"
                        + " ;; to allow it, add to connect/allow in p.yaml: 11.1.2.3 <end> | denied, socket(2)",
                "connect: {allow: ['10.0.0.0/8:80']} | raw:1 [fd00::1] | raw:1 fd00::1: denied ;; to allow it, add to connect/allow in p.yaml: fd00::1 <end> | denied, socket(2)",
                "connect: {mode: allow, deny: ['10.0.0.0/8']} | icmp 10.1.2.3 | denied ;; p.yaml:2:31 denies it ;; to allow it, change p.yaml:2:31 <end> | denied, socket(2)",
                "no-outbound-network: true; mode: deny | icmp 10.1.2.3 | denied ;; to allow it, change p.yaml:2:1"
                        + " ;; to allow it, also add to connect/allow in p.yaml: 10.1.2.3 <end> | denied, socket(2)",
                "connect: {allow: [{port: 80}]} | icmp 10.1.2.3 | denied, it fails with EPERM ;; on this port ;; layer     tracer | denied, socket(2)",
                "connect: {mode: allow, deny: ['10.0.0.1:80']} | udplite 10.0.0.1:80 | denied, it fails with EPERM ;; p.yaml:2:31 denies it ;; layer     tracer"
                        + " ;; to allow it, change p.yaml:2:31 | denied, socket(2)",
                "connect: {mode: allow, deny: ['10.0.0.1:80']} | udplite 10.0.0.1:81 | allowed ;; no rule denies it (mode allow | denied, socket(2)",
                "connect: {mode: local} | icmpv6 ::1 | icmpv6 ::1: allowed ;; mode local allows loopback | denied, socket(2)",
                "no-outbound-network: true | icmp 10.1.2.3 | denied, it fails with EPERM ;; no outbound network ;; layer     tracer | denied, socket(2)",
                "connect: {allow: [10.0.0.0/8]} | smc 10.1.2.3:443 | denied, socket(2) fails with EPERM | denied, socket(2)",
                "bind: {allow: [10.0.0.1]} | bind sctp 10.0.0.1:80 | denied, socket(2) fails with EPERM ;; only plain TCP and UDP sockets | denied, socket(2)",
                "connect: {allow: [10.0.0.0/8]}; bind: {allow: [10.0.0.1]} | bind sctp 10.0.0.1:80 | allowed ;; tracer, which judges each call | denied, socket(2)",
                "families: [unix, inet] | mptcp [fd00::1]:443 | denied, socket(2) fails with EPERM ;; has no family inet6 | denied, socket(2)",
                "families: [unix, inet] | mptcp 10.0.0.1:443 | allowed ;; nothing restricts it ;; none has to look at it | allowed",
            })
    void sockets_that_no_rule_can_name(String policy, String destination, String lines, String without) throws Exception {
        String yaml = "version: 1\n" + policy.replace("; ", "\n") + "\n";
        HostFirewall firewall = new HostFirewall(Optional.empty(), true);
        String text = new Explanation(plan(yaml, new Host(Arch.X86_64, 6, true, firewall)), false, path -> path).add(read(destination)).toString();
        int at = 0;
        for (String line : lines.split(" ;; ")) {
            int found = (text + "<end>").indexOf(line.strip().replace(" <end>", "\n<end>"), at);
            assertTrue(found >= 0, () -> line + "\n" + text);
            at = found;
        }
        assertTrue(lines.contains(", but") || !text.contains("allowed, but "), text);
        String plain = new Explanation(plan(yaml), false, path -> path).add(read(destination)).toString();
        assertTrue(plain.contains(": " + without), plain);
    }

    /** What the log says of an allowed call. */
    @ParameterizedTest
    @CsvSource({"tcp, allow connect 10.0.0.0/8 tcp", "mptcp, allow connect 10.0.0.0/8 tcp", "udplite, ''", "icmp, allow connect 10.0.0.0/8 tcp", "raw:1, allow connect 10.0.0.0/8 tcp"})
    void what_allowed_a_socket_that_no_rule_can_name(String socket, String why) throws Exception {
        Plan plan = plan("version: 1\nconnect: {allow: [{address: 10.0.0.0/8, protocol: tcp}]}\n",
                new Host(Arch.X86_64, 6, true, new HostFirewall(Optional.empty(), true)));
        Optional<Grant> grant = Grant.of(plan, Action.CONNECT, new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 80),
                SocketKind.of(Family.INET, socket).orElseThrow());
        assertEquals(why, grant.isPresent() ? grant.get().why() : "");
    }

    private static Plan plan(String text) throws InvalidPolicyException, RefusedPolicyException {
        return plan(text, new Host(Arch.X86_64, 6, false));
    }

    private static Plan plan(String text, Host host) throws InvalidPolicyException, RefusedPolicyException {
        Policy policy = Policy.merge(PolicyFiles.read(List.of("p.yaml"), new MemoryFiles().with("p.yaml", text)),
                List.of(IpAddress.parse("9.9.9.9")));
        return Plan.of(policy, host);
    }
}
