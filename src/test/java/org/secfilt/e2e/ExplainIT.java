package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** The verbs that explain, on the built program: what they foretell is what then happens. */
class ExplainIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** Each destination of the room, foretold and then tried. */
    @ParameterizedTest
    @CsvSource({
        "no-network.yaml, ''", "local-only.yaml, ''", "lan.yaml, ''", "ci-job.yaml, ''",
        "'', --allowed-netmask=10.77.1.0/24", "'', --allowed-port=8002-8099", "'', --no-outbound-network",
    })
    void what_explain_foretells_is_what_happens(String policy, String option) {
        ROOM.resolvConf("nameserver " + NetworkRoom.NEAR + "\n");
        String[] options = option.isEmpty() ? new String[] {"--policy", Built.policy(policy).toString()} : new String[] {option};
        List<String> ask = new ArrayList<>(List.of("explain", "-q"));
        ask.addAll(List.of(options));
        List<String> talk = Destination.talkToAll(Fixtures.compile("talk").toString());
        List<String> run = new ArrayList<>(List.of(options));
        run.add("--");
        run.addAll(talk);
        List<String> tried = new ArrayList<>();
        for (String line : ROOM.secfilt(run.toArray(new String[0])).as(User.ORDINARY).run().stdout().split("\n")) {
            String[] words = line.split(" ");
            if (words[0].equals("connect")) {
                String place = words[1].contains(":") ? "[" + words[1] + "]:" + words[2] : words[1] + ":" + words[2];
                ask.add("tcp " + place);
                tried.add("tcp " + place + ": " + (words[3].equals("EPERM") ? "denied" : "allowed"));
            }
        }
        assertTrue(tried.size() > 10, tried::toString);
        List<String> foretold = new ArrayList<>();
        for (String line : ROOM.secfilt(ask.toArray(new String[0])).as(User.ORDINARY).run().exited(0).stdout().split("\n")) {
            if (line.startsWith("tcp ")) {
                foretold.add(line.replace(", it fails with EPERM", ""));
            }
        }
        assertEquals(tried, foretold);
    }

    /** Sockets that rules cannot name, foretold and then tried; where the firewall judges their packets, and where it does not. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--allowed-netmask=10.77.1.1 |", "--allowed-netmask=10.77.1.1 --allowed-netmask=fd77:1::1 --allowed-port=8002 |", "--allowed-port=8001 |",
        "--no-outbound-network |", "--allowed-bind=127.0.0.1 |", "| connect: {allow: [{address: [10.77.1.1, 'fd77:2::1'], protocol: tcp}]}",
        "| connect: {allow: [{address: 10.77.1.1, protocol: udp}]}", "| connect: {mode: allow, deny: ['10.77.2.1:8001', 'fd77:1::1']}",
        "| connect: {mode: allow, deny: [{address: 10.77.1.1, protocol: udp}]}", "| connect: {allow: [0.0.0.0/0], deny: ['10.77.1.1:8001']}",
        "| families: [unix, inet]",
    })
    void what_explain_foretells_of_other_sockets_is_what_happens(String options, String policy) throws IOException {
        ROOM.bash("sysctl -qw net.ipv4.ping_group_range='0 0'").run().exited(0);
        Files.writeString(ROOM.directory().resolve("o.yaml"), "version: 1\n" + (policy == null ? "" : policy) + "\n");
        FirewallHost host = new FirewallHost(ROOM);
        for (String firewall : List.of("--firewall=auto", "--firewall=off")) {
            List<String> words = new ArrayList<>(List.of(firewall, "--policy=" + ROOM.directory().resolve("o.yaml")));
            words.addAll(options == null ? List.of() : List.of(options.split(" ")));
            List<String> run = new ArrayList<>(words);
            run.add("-q");
            Outcome happened = host.packets(Backend.NFT, run, "udplite,mptcp,echo,icmp,raw-253", "10.77.1.1", "10.77.2.1", "fd77:1::1", "fd77:2::1").run().exited(0);
            List<String> ask = new ArrayList<>(List.of("explain", "-q"));
            ask.addAll(words);
            List<String> tried = new ArrayList<>();
            for (String line : happened.stdout().split("\n")) {
                String[] part = line.split(" ");
                boolean v6 = part[1].contains(":");
                ask.add(switch (part[0]) {
                    case "echo" -> v6 ? "raw:58 " : "raw:1 ";
                    case "icmp" -> v6 ? "icmpv6 " : "icmp ";
                    default -> part[0].replace('-', ':') + " ";
                } + (part[0].length() > 4 && !part[0].startsWith("raw") ? (v6 ? "[" + part[1] + "]" : part[1]) + ":8001" : part[1]));
                tried.add(ask.get(ask.size() - 1).split(" ")[0] + " " + part[1] + " " + part[2]);
            }
            assertEquals(20, tried.size(), happened::toString);
            String told = host.secfilt(Backend.NFT, ask.toArray(new String[0])).run().exited(0).stdout();
            List<String> foretold = new ArrayList<>();
            for (String line : told.split("\n")) {
                if (line.matches("[a-z].*: (allowed|denied).*")) {
                    String answer = line.contains(": allowed") ? "ok" : line.contains("ECONNREFUSED") ? "ECONNREFUSED" : "EPERM";
                    foretold.add(line.split(" ")[0] + " " + tried.get(foretold.size()).split(" ")[1] + " " + answer);
                }
            }
            assertEquals(String.join("\n", tried), String.join("\n", foretold), told);
        }
    }

    @Test
    void a_socket_is_judged_where_its_links_lead() throws IOException {
        Files.createDirectories(ROOM.directory().resolve("real"));
        Files.createSymbolicLink(ROOM.directory().resolve("link"), ROOM.directory().resolve("real"));
        String real = ROOM.directory().toRealPath().resolve("real/x.sock").toString();
        Files.writeString(ROOM.directory().resolve("u.yaml"), "version: 1\nunix: {deny: [" + real + "]}\n");
        String told = ROOM.secfilt("explain", "--policy=u.yaml", "-q", "unix:link/x.sock", "unix:link/y.sock").in(ROOM.directory())
                .run().exited(0).stdout();
        assertTrue(told.startsWith("unix:link/x.sock: denied, it fails with EPERM\n  judged as unix:" + real + "\n"
                + "  rule      u.yaml:2:15 denies it\n            deny unix:" + real + "\n"), told);
        assertTrue(told.contains("unix:link/y.sock: allowed\n"), told);
    }

    @Test
    void a_socket_in_a_deep_directory_is_told_of_as_it_happens() throws IOException {
        String deep = "d".repeat(100);
        Files.createDirectories(ROOM.directory().resolve(deep));
        Files.writeString(ROOM.directory().resolve("deep.yaml"), "version: 1\nunix: {mode: deny, allow: [/**]}\n");
        Files.writeString(ROOM.directory().resolve("denied.yaml"), "version: 1\nunix: {deny: [/**/d*d/s]}\n");
        String use = "import os,socket\nos.chdir('" + deep + "')\nl=socket.socket(socket.AF_UNIX)\nl.bind('s')\nl.listen()\n"
                + "try: socket.socket(socket.AF_UNIX).connect('s'); print('allowed')\nexcept OSError as e: print('denied')\nos.remove('s')";
        for (String option : List.of("--policy=deep.yaml", "--policy=denied.yaml", "--allowed-port=1")) {
            String happened = ROOM.secfilt("-q", option, "python3", "-c", use).in(ROOM.directory()).run().exited(0).stdout().strip();
            String told = ROOM.bash("cd " + deep + "; $SECFILT explain -q " + option.replace("policy=", "policy=../") + " unix:s").in(ROOM.directory()).run()
                    .exited(0).stdout();
            assertTrue(told.startsWith("unix:s: " + happened), happened + ": " + told);
            assertEquals(option.contains("denied") ? "denied" : "allowed", happened);
        }
    }

    @Test
    void a_socket_gets_a_name_where_explain_says_so() throws IOException {
        Files.createDirectories(ROOM.directory().resolve("in"));
        Files.createSymbolicLink(ROOM.directory().resolve("way"), ROOM.directory().resolve("in"));
        String bind = "import socket,sys\nfor n in sys.argv[1:]:\n try: socket.socket(socket.AF_UNIX).bind(n); print(n, 'allowed')\n"
                + " except OSError as e: print(n, 'denied', e.errno)";
        String happened = ROOM.secfilt("--allow-write=way", "python3", "-c", bind, "in/a", "way/b", "c").in(ROOM.directory()).run().exited(0).stdout();
        assertEquals("in/a allowed\nway/b allowed\nc denied 13\n", happened);
        String told = ROOM.secfilt("explain", "-q", "--allow-write=way", "bind unix:in/d", "bind unix:way/e", "bind unix:f").in(ROOM.directory())
                .run().exited(0).stdout();
        assertTrue(told.contains("bind unix:in/d: allowed\n") && told.contains("bind unix:way/e: allowed\n")
                && told.contains("bind unix:f: denied, it fails with EACCES\n"), told);
    }

    /** The room's destinations, of which no packet comes out. */
    @Test
    void what_leaves_no_network_of_its_own_is_foretold() {
        List<String> ask = new ArrayList<>(List.of("explain", "-q", "--net=none"));
        ROOM.secfilt("--net=none", "bash", "-c", ": <>/dev/tcp/10.77.1.1/8001").run().exited(1);
        ask.addAll(List.of("tcp 10.77.1.1:8001", "--allowed-netmask=10.77.1.0/24", "tcp 127.0.0.1:1", "tcp [fd77:1::1]:8001"));
        String told = ROOM.secfilt(ask.toArray(new String[0])).run().exited(0).stdout();
        assertTrue(told.startsWith("tcp 10.77.1.1:8001: allowed, but nothing leaves a network of the command's own (--net=none)\n"), told);
        assertTrue(told.contains("tcp 127.0.0.1:1: denied") && told.contains("tcp [fd77:1::1]:8001: denied"), told);
        assertEquals(Set.of(), Destination.arrived(ROOM));
        told = ROOM.secfilt("explain", "-q", "--net=none", "bind tcp 10.77.1.1:8001").run().exited(0).stdout();
        assertTrue(told.startsWith("bind tcp 10.77.1.1:8001: allowed, but a network of the command's own has no such address (--net=none)\n"), told);
        ROOM.secfilt("--net=none", "/usr/bin/python3", "-c", "import errno, socket\ntry: socket.socket().bind(('10.77.1.1', 8001))\n"
                + "except OSError as e: exit(e.errno != errno.EADDRNOTAVAIL)\nexit(2)").run().exited(0);
    }

    @Test
    void words_and_quoted_words_are_one() {
        String words = ROOM.secfilt("explain", "--allowed-port=443", "tcp", "1.2.3.4:443", "udp", "[::1]:53").run().exited(0).stdout();
        assertEquals(words, ROOM.secfilt("explain", "tcp 1.2.3.4:443", "--allowed-port=443", "udp [::1]:53").run().exited(0).stdout());
        assertTrue(words.contains("tcp 1.2.3.4:443: allowed\n") && words.contains("udp [::1]:53: denied"), words);
        assertTrue(words.startsWith("Each rule, and the layer that holds it on this host:\n  --allowed-port=443: allow connect any"), words);
    }

    /** The filter is another where the firewall judges packets. What it lets through these calls do not answer with its errors. */
    @ParameterizedTest
    @CsvSource({
        "--allowed-netmask=127.0.0.1, true", "'--allowed-netmask=127.0.0.1 --firewall=require', false", "'--firewall=off --allowed-port=1', true",
        "--no-outbound-network, true", "'--net=none --allowed-port=1', false", "--net=none, false", "--allowed-bind=127.0.0.1, true",
        "'--read-only --allowed-port=80', true",
    })
    void what_simulate_foretells_is_what_happens(String options, boolean ordinaryToo) {
        Map<String, String> calls = new LinkedHashMap<>(Map.of("socket 2 3 1", "41,2,3,1", "socket 2 1 262", "41,2,1,262",
                "socket 10 2 136", "41,10,2,136", "socket 2 1", "41,2,1,0", "clone3 ptr 0", "435,ptr,0", "setns -1", "308,-1,0"));
        Map<String, String> ofRoot = Map.of("mount ptr ptr ptr 0 ptr", "165,ptr,ptr,ptr,0,ptr", "fsopen ptr", "430,ptr,0");
        for (User user : ordinaryToo ? User.values() : new User[] {User.ROOT}) {
            if (user == User.ROOT) {
                calls.putAll(ofRoot);
            } else {
                calls.keySet().removeAll(ofRoot.keySet());
            }
            List<String> words = new ArrayList<>(List.of(options.split(" ")));
            words.addAll(List.of("-q", "python3", Built.fixture("make-calls.py")));
            words.addAll(calls.values());
            String happened = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout();
            for (Map.Entry<String, String> call : calls.entrySet()) {
                words = new ArrayList<>(List.of("simulate", "-q"));
                words.addAll(List.of(options.split(" ")));
                words.addAll(List.of(call.getKey().split(" ")));
                String foretold = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout();
                String answer = happened.lines().filter(line -> line.startsWith(call.getValue() + " ")).findFirst().orElse("none ?").split(" ")[1];
                boolean refused = answer.equals("EPERM") || answer.equals("ENOSYS");
                boolean by = foretold.contains("ERRNO(" + answer + "): the call fails with " + answer) || foretold.contains(", which has it fail with " + answer);
                assertEquals(refused, by, user + " " + answer + ": " + foretold);
                assertEquals(refused, foretold.contains("ERRNO(") || foretold.contains(" fail with "), user + " " + answer + ": " + foretold);
            }
        }
    }

    @Test
    void simulate_prints_the_way_and_the_answer() {
        for (User user : User.values()) {
            String told = ROOM.secfilt("simulate", "--no-outbound-network", "--firewall=off", "socket", "AF_INET", "SOCK_RAW", "1").as(user).run()
                    .exited(0).stdout();
            assertTrue(told.startsWith("; no other architecture than x86_64\nl0:     ld [4]"), told);
            assertTrue(told.endsWith("\nsocket(0x2, 0x3, 0x1): TRACE(socket): the call stops for the supervisor, which has it fail with EPERM and tells why:"
                    + " only plain TCP and UDP sockets where addresses are restricted, and no firewall judges the packets of others (--no-outbound-network)\n"), told);
        }
        assertTrue(ROOM.secfilt("simulate", "-q", "--allowed-port=1", "io_uring_setup", "8").run().exited(0).stdout()
                .endsWith("ERRNO(EPERM): the call fails with EPERM (Operation not permitted), by the filter alone\n"));
        assertEquals("i386 getppid(): TRACE(foreign): the call stops for the supervisor, which tells it, and has it fail with ENOSYS, but for exit and exit_group\n",
                ROOM.secfilt("simulate", "-q", "--arch=i386", "--allowed-port=1", "getppid").run().exited(0).stdout());
        assertEquals("getppid(): ALLOW: nothing is restricted, so a command has no filter\n",
                ROOM.secfilt("simulate", "getppid").run().exited(0).stdout());
    }

    @ParameterizedTest
    @ValueSource(strings = {"explain tcp", "explain -q --allowed-port=1 ", "explain example.org:80", "explain --bogus", "explain --policy=missing.yaml",
        "simulate", "simulate conect", "simulate --arch=mips read"})
    void a_mistake_exits_with_2_and_prints_nothing(String line) {
        Outcome run = ROOM.secfilt(line.split(" ", -1)).run().exited(2);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().startsWith("secfilt: "), run.stderr());
    }

    @Test
    void a_command_named_like_a_verb_is_run_behind_dashes() throws IOException {
        Files.writeString(ROOM.directory().resolve("explain"), "#!/bin/sh\necho run $1\n").toFile().setExecutable(true);
        assertEquals("run tcp\n", ROOM.bash("PATH=$PWD:$PATH $SECFILT -- explain tcp").in(ROOM.directory()).run().exited(0).stdout());
        assertEquals("run tcp\n", ROOM.bash("PATH=$PWD:$PATH $SECFILT -q explain tcp").in(ROOM.directory()).run().exited(0).stdout());
        assertEquals(Set.of(), Destination.arrived(ROOM));
    }
}
