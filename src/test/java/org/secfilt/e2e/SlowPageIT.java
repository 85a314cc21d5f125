package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;

/**
 * What a call points at lies in a mapped file of the command's own FUSE file system, whose server answers late, or each reader something else,
 * or not at all ({@code test-fixtures/slow-page.c}). {@code -Dsecfilt.race.tries=N} tries each case N times.
 */
class SlowPageIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final int TRIES = Integer.getInteger("secfilt.race.tries", 1000);
    private static final int PATIENCE_MILLIS = 20_000 + 2 * TRIES;
    private static final String SLOW = Fixtures.compile("slow-page").toString();
    private static final String OWN_CALLS = Fixtures.compile("own-calls").toString();
    /** As in {@link RaceIT}: by the supervisor, which is notified or is the tracer, or by the process itself on the vault. */
    private static final List<List<String>> MAKERS = List.of(List.of(SLOW), List.of("--notifications=off", SLOW), List.of(OWN_CALLS, SLOW));
    private static final String PORT = "9"; // nobody serves it
    private static final Pattern COUNTS = Pattern.compile("sent (\\d+) denied (\\d+) other (\\d+)\n");
    private static final Pattern BESIDE = Pattern.compile("waits\n(ok|EPERM)\nbeside (\\d+) calls, longest (\\d+) ms\n");
    private static final int STALL_MILLIS = 500;
    /** How much longer than the page the others may wait: some machines have other things to do. */
    private static final int SLACK_MILLIS = 5000;

    /** /dev/fuse is everybody's on most machines; a device of our own is on all, and root's command finds it at the same place. */
    @BeforeAll
    static void make_device() {
        ROOM.bash("mknod fuse c 10 229 && chmod 666 fuse").run().exited(0); // linux/miscdevice.h FUSE_MINOR
        for (User user : User.values()) {
            Outcome run = ROOM.command(attack("fail", "sendto name", 1)).as(user).run();
            Requirements.need("fuse", !run.end().equals("exit 3"), "no FUSE file system can be mounted here by " + user + ": " + run.stderr());
        }
    }

    private static String[] attack(String mode, String what, int number) {
        return attack(List.of(SLOW), mode, what, number).toArray(new String[0]);
    }

    /** @param addresses what is allowed and what is forbidden; if there are none, of this host and of another */
    private static List<String> attack(List<String> maker, String mode, String what, int number, String... addresses) {
        List<String> words = new ArrayList<>(maker);
        words.add(mode);
        words.addAll(List.of(what.split(" ")));
        words.add(String.valueOf(number));
        words.addAll(addresses.length > 0 ? List.of(addresses) : List.of(NetworkRoom.INSIDE, NetworkRoom.FAR));
        words.addAll(List.of(PORT, ROOM.directory() + "/fuse"));
        return words;
    }

    /** Root may mount where no firewall keeps its cgroup. */
    private static Command confined(List<String> maker, String mode, String what, int number) {
        List<String> words = new ArrayList<>(List.of("--firewall=off", "-q", "--allowed-netmask=" + NetworkRoom.INSIDE));
        words.addAll(attack(maker, mode, what, number));
        return ROOM.secfilt(words.toArray(new String[0])).timeoutMillis(PATIENCE_MILLIS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect name", "udp-connect name", "udp-connect half", "sendto name", "sendto half", "sendmsg name", "sendmsg header",
        "sendmmsg name", "sendmmsg header"})
    void a_call_goes_where_it_was_judged_to_go(String what) {
        String arrival = (what.startsWith("connect") ? "tcp " : "udp ") + NetworkRoom.FAR + ":" + PORT;
        for (User user : User.values()) {
            Outcome bare = ROOM.command(attack("flip", what, 500)).as(user).run().exited(0);
            assertTrue(ROOM.arrived().contains(arrival), bare::toString);
            for (List<String> maker : MAKERS) {
                bothCameAbout(confined(maker, "flip", what, TRIES).as(user).run().exited(0));
            }
        }
    }

    /** The interface that a message asks for leads what is for this host out of it. */
    @ParameterizedTest
    @ValueSource(strings = {"sendmsg control", "sendmmsg control"})
    void a_message_goes_by_the_control_data_that_were_judged(String what) {
        String[] addresses = {"127.0.0.1", "veth0"};
        for (User user : User.values()) {
            Outcome bare = ROOM.command(attack(List.of(SLOW), "flip", what, 500, addresses).toArray(new String[0])).as(user).run().exited(0);
            assertTrue(ROOM.arrived().stream().anyMatch(line -> line.startsWith("udp 127.0.0.1:")), bare::toString);
            for (List<String> maker : MAKERS) {
                List<String> words = new ArrayList<>(List.of("--firewall=off", "-q", "--allowed-netmask=127.0.0.1"));
                words.addAll(attack(maker, "flip", what, TRIES, addresses));
                bothCameAbout(ROOM.secfilt(words.toArray(new String[0])).as(user).timeoutMillis(PATIENCE_MILLIS).run().exited(0));
            }
        }
    }

    private static void bothCameAbout(Outcome run) {
        Matcher counts = COUNTS.matcher(run.stdout());
        assertTrue(counts.matches(), run::toString);
        // Or nothing was tried.
        assertTrue(Integer.parseInt(counts.group(1)) > 0 && Integer.parseInt(counts.group(2)) > 0, run::toString);
        assertEquals("0", counts.group(3), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
    }

    /** The first reader was led where it may go, all others are not. Who makes judged calls beside it may have to wait for the same. */
    @ParameterizedTest
    @ValueSource(strings = {"connect name", "udp-connect name", "sendto name", "sendto half", "sendto payload", "sendmsg header", "sendmsg iovec",
        "sendmsg payload", "sendmsg control", "sendmmsg header", "sendmmsg payload"})
    void while_a_page_is_waited_for_nothing_gets_out_and_then_all_goes_on(String what) {
        for (List<String> maker : MAKERS) {
            Outcome run = confined(maker, "stall", what, STALL_MILLIS).as(User.ORDINARY).run().exited(0);
            Matcher beside = BESIDE.matcher(run.stdout());
            assertTrue(beside.matches(), run::toString);
            assertTrue(Integer.parseInt(beside.group(3)) < STALL_MILLIS + SLACK_MILLIS, run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }

    /** Whoever waits for the payload, the supervisor once or twice and then the kernel, has looked at the socket, or will. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void where_udp_alone_may_go_no_tcp_socket_gets_that_is_swapped_in_while_a_page_is_waited_for(int look) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("udp.yaml"), "version: 1\nconnect:\n  allow:\n    - " + NetworkRoom.INSIDE
                + "\n    - {address: " + NetworkRoom.FAR + ", protocol: udp}\n").toString();
        for (List<String> maker : MAKERS) {
            List<String> words = new ArrayList<>(List.of("--firewall=off", "-q", "--policy", policy));
            words.addAll(attack(maker, "swap", "sendto payload", look));
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(User.ORDINARY).run();
            assertEquals(List.of(), ROOM.arrived().stream().filter(line -> !line.startsWith("udp ")).toList(), run::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect name", "udp-connect name", "sendto name", "sendto half", "sendto payload", "sendmsg name", "sendmsg header",
        "sendmsg iovec", "sendmsg payload", "sendmsg control", "sendmmsg name", "sendmmsg header", "sendmmsg iovec", "sendmmsg payload"})
    void a_page_that_cannot_be_read_is_EFAULT(String what) {
        assertEquals("EFAULT\n", ROOM.command(attack("fail", what, 1)).as(User.ORDINARY).run().exited(0).stdout());
        for (List<String> maker : MAKERS) {
            Outcome run = confined(maker, "fail", what, 1).as(User.ORDINARY).run().exited(0);
            assertEquals("EFAULT\n", run.stdout(), run::toString);
            assertEquals("", run.stderr());
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    /** $1 is what is killed, when the page is waited for; it would come in a minute. */
    private static final String KILLED = """
            rm -f said; set -m; "${@:2}" > said & run=$!
            until grep -q waits said; do sleep 0.01; done
            read -r server _ < /proc/$run/task/$run/children
            case $1 in
            group) kill -KILL -- -$run;;
            supervisor) kill -KILL $(awk '$1 == "TracerPid:" { print $2 }' /proc/$run/status);;
            server) kill -KILL $server;;
            esac
            wait $run 2>/dev/null; echo $?; head -2 said""";

    /** The server is in the group; if it is gone, so is its file system. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"group, sendto name", "group, sendto payload", "group, sendmsg header", "supervisor, sendto name", "server, sendto name",
        "server, sendmsg header"})
    void a_kill_ends_the_wait_for_a_page(String killed, String what) {
        for (List<String> maker : killed.equals("supervisor") ? MAKERS.subList(0, 1) : MAKERS) {
            List<String> words = new ArrayList<>(List.of(killed, Built.program().toString(), "--firewall=off", "-q"));
            words.add("--allowed-netmask=" + NetworkRoom.INSIDE);
            words.addAll(attack(maker, "stall", what, 60_000));
            Outcome run = ROOM.bash(KILLED, words.toArray(new String[0])).as(User.ORDINARY).run().exited(0);
            assertEquals(killed.equals("server") ? "0\nwaits\nEFAULT\n" : "137\nwaits\n", run.stdout(), run::toString);
            assertEquals(List.of(), ROOM.arrived(), run::toString);
        }
    }
}
