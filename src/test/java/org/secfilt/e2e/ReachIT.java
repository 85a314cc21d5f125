package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/**
 * What each option lets through: a table of options and of the destinations they leave, tried by every call to every
 * {@link Destination} in one run, as root and as an ordinary user, and judged by what arrived.
 */
class ReachIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final List<String> TALK = Destination.talkToAll(Fixtures.compile("talk").toString());

    /** Without this a broken room would pass for a perfect sandbox. */
    @BeforeAll
    static void everything_arrives_without_secfilt() {
        Outcome bare = ROOM.command(TALK.toArray(new String[0])).run();
        assertEquals(Destination.said(Destination.named("all"), ""), bare.exited(0).stdout());
        assertEquals(Destination.arrivals(Destination.named("all")), Destination.arrived(ROOM));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            --allowed-netmask=127.0.0.0/8           | loop loop-other loop-odd mapped-loop any
            --allowed-netmask=127.0.0.1             | loop loop-other mapped-loop any
            --allowed-netmask=::1                   | loop6 any6
            --allowed-netmask=127.0.0.0/8 --allowed-netmask=::1/128 | loop loop-other loop-odd mapped-loop any loop6 any6
            --allowed-netmask=10.77.1.0/24          | near near-other near-third near-dns mapped own
            --allowed-netmask=10.77.1.99/24         | near near-other near-third near-dns mapped own
            --allowed-netmask 10.77.1.1             | near near-other near-third near-dns mapped
            --allowed-netmask=10.77.1.1/32          | near near-other near-third near-dns mapped
            --allowed-netmask=::ffff:10.77.1.0/120  | near near-other near-third near-dns mapped own
            --allowed-netmask=10.76.0.0/15          | near near-other near-third near-dns mapped own far
            --allowed-netmask=fd77:1::/64           | near6 near6-other own6
            --allowed-netmask=fd77:1::1             | near6 near6-other
            --allowed-netmask=fd77::/16             | near6 near6-other far6 own6
            --allowed-netmask=0.0.0.0/0             | near near-other near-third near-dns far public metadata mapped loop loop-other loop-odd mapped-loop any own
            --allowed-netmask=::/0                  | near6 near6-other far6 public6 loop6 any6 own6
            --allowed-netmask=192.0.2.0/24          | ''
            --allowed-port=8002                     | near-other near6-other loop-other
            --allowed-port=8002 --allowed-port=80   | near-other near6-other loop-other metadata
            --allowed-port=8002-8099                | near-other near-third near6-other loop-other
            --allowed-port=0-52 --allowed-port=54-8000 | metadata
            --allowed-port=1-65535                  | all
            --allowed-netmask=10.77.1.1 --allowed-netmask=fd77:2::1 --allowed-port=8001 | near mapped far6
            --no-outbound-network                   | ''
            --no-outbound-network=1                 | ''
            --no-outbound-network=yes               | ''
            --no-outbound-network=off               | all
            --no-outbound-network --allowed-netmask=127.0.0.1 | ''
            --mainstream-network-families           | all
            --allow-resolv                          | all
            --allow-resolv --allowed-netmask=192.0.2.1 | near near-other near-third near-dns mapped
            --allow-resolv --allowed-port=9         | near-dns
            --allow-resolv --allowed-netmask=fd77:1::1 --allowed-port=8002 | near-other near-dns near6-other
            """)
    void options_let_through(String options, String reached) {
        ROOM.resolvConf("nameserver " + NetworkRoom.NEAR + "\n");
        for (User user : User.values()) {
            reaches(user, "EPERM", Destination.named(reached), options.split(" "));
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            no-network.yaml | ''
            local-only.yaml | loop loop-other loop-odd loop6 mapped-loop any any6
            lan.yaml        | near near-other near-third near-dns far mapped near6 near6-other far6 loop loop-other loop-odd loop6 mapped-loop any any6 own own6
            ci-job.yaml     | loop loop-other loop-odd loop6 mapped-loop any any6 near-dns
            """)
    void a_shipped_policy_lets_through(String policy, String reached) {
        ROOM.resolvConf("nameserver " + NetworkRoom.NEAR + "\n");
        for (User user : User.values()) {
            reaches(user, "EPERM", Destination.named(reached), "--policy", Built.policy(policy).toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"EPERM", "ECONNREFUSED", "EACCES"})
    void a_denial_is_the_error_that_was_asked_for(String errno) {
        for (User user : User.values()) {
            reaches(user, errno, Destination.named("near6 near6-other"), "--errno=" + errno, "--allowed-netmask=fd77:1::1");
        }
    }

    @Test
    void without_a_nameserver_the_resolver_is_loopback() {
        ROOM.resolvConf("# none\n");
        reaches(User.ORDINARY, "EPERM", Destination.named("loop loop-other mapped-loop any"),
                "--allow-resolv", "--allowed-netmask=192.0.2.1");
    }

    @Test
    void an_ini_file_says_what_options_say_and_the_command_line_replaces_its_lists() throws IOException {
        String ini = Files.writeString(ROOM.directory().resolve("sample.ini"), """
                # of a user
                allowed-netmask=127.0.0.0/8
                allowed-netmask=fd77:1::1
                mainstream-network-families=
                allowed-port=8001
                allowed-port=53
                """).toString();
        for (User user : User.values()) {
            reaches(user, "EPERM", Destination.named("loop loop-odd mapped-loop any near6"), "-c", ini);
        }
        reaches(User.ORDINARY, "EPERM", Destination.named("near near-dns mapped"),
                "--config=" + ini, "--allowed-netmask=10.77.1.1");
        reaches(User.ORDINARY, "EPERM", Destination.named("loop-other near6-other"), "--config", ini, "--allowed-port=8002");
    }

    @Test
    void a_policy_file_denies_before_it_allows_and_options_add_to_it() throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("policy.yaml"), """
                version: 1
                connect:
                  mode: deny
                  allow:
                    - address: 10.77.0.0/16
                      ports: [53, 8000-8010]
                    - address: "fd77:1::/64"
                      port: 8002
                      protocol: tcp
                  deny:
                    - address: 10.77.2.0/24
                      reason: the other network
                """).toString();
        for (User user : User.values()) {
            Outcome run = run(user, "--policy", policy);
            Set<Destination> reached = Destination.named("near near-other near-dns mapped own");
            String udp = Destination.said(reached, "EPERM");
            String said = udp.replace("connect fd77:1::1 8002 EPERM", "connect fd77:1::1 8002 ok")
                    .replace("udp-connect fd77:1::1 8002 ok", "udp-connect fd77:1::1 8002 EPERM")
                    .replace("fastopen fd77:1::1 8002 EPERM", "fastopen fd77:1::1 8002 EOPNOTSUPP"); // as UDP may not send there
            Set<String> arrivals = Destination.arrivals(reached);
            arrivals.add("tcp [fd77:1::1]:8002");
            saysAndArrives(said, arrivals, run.exited(1));
        }
        reaches(User.ORDINARY, "EPERM", Destination.named("near near-other near-third near-dns mapped own"),
                "--policy", policy, "--policy", policyDenyingUdp6(), "--allowed-netmask=10.77.1.1");
    }

    private static String policyDenyingUdp6() throws IOException {
        return Files.writeString(ROOM.directory().resolve("deny.yaml"), """
                version: 1
                connect:
                  deny:
                    - address: "::/0"
                """).toString();
    }

    private static void reaches(User user, String error, Set<Destination> reached, String... options) {
        Outcome run = run(user, options);
        saysAndArrives(Destination.said(reached, error), Destination.arrivals(reached), run);
        run.exited(reached.equals(Destination.named("all")) ? 0 : 1);
    }

    /** Shows of a long table only what differs. */
    private static void saysAndArrives(String said, Set<String> arrivals, Outcome run) {
        Set<String> expected = new TreeSet<>(said.lines().toList());
        Set<String> unexpected = new TreeSet<>(run.stdout().lines().toList());
        unexpected.removeAll(expected);
        expected.removeAll(run.stdout().lines().toList());
        Set<String> arrived = Destination.arrived(ROOM);
        Set<String> lost = new TreeSet<>(arrivals);
        lost.removeAll(arrived);
        arrived.removeAll(arrivals);
        if (!(unexpected.isEmpty() && expected.isEmpty() && lost.isEmpty() && arrived.isEmpty())) {
            fail(String.join(" ", run.words().subList(0, 5)) + " ...: " + run.end() + "\nnot said: " + some(expected)
                    + "\nsaid instead: " + some(unexpected) + "\ndid not arrive: " + lost + "\narrived: " + arrived
                    + "\n" + run.stderr().substring(0, Math.min(600, run.stderr().length())));
        }
    }

    private static String some(Set<String> lines) {
        List<String> first = lines.stream().limit(8).toList();
        return first.size() == lines.size() ? first.toString() : first + " and " + (lines.size() - first.size()) + " more";
    }

    private static Outcome run(User user, String... options) {
        List<String> words = new ArrayList<>(List.of(options));
        words.add("--");
        words.addAll(TALK);
        return ROOM.secfilt(words.toArray(new String[0])).as(user).run();
    }
}
