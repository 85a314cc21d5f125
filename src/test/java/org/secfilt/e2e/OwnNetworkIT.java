package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Requirements;

/** Packets under the rules of a network that the run has to itself, told by who receives them. */
class OwnNetworkIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    private static final String NEAR = "--allowed-netmask=10.77.1.0/24 --allowed-netmask=fd77:1::/64";

    @BeforeAll
    static void needPrograms() {
        Requirements.program("nsenter");
    }

    private static Command bash(Backend backend, String script, String... arguments) {
        return ROOM.bash(script, arguments).with("PATH", backend.path(ROOM))
                .with("PACKETS", "/usr/bin/python3 " + Built.fixture("packets.py"));
    }

    private static String state() {
        return ROOM.bash("""
                for save in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do $save 2>/dev/null | grep '^-'; done
                ip -o link | grep -o 'sfn[^@]*'; cat /proc/sys/net/ipv4/conf/*/forwarding | tr -d '\\n'; true""")
                .run().exited(0).stdout();
    }

    private static void awaits(String before) {
        for (int look = 0; look < 50 && !before.equals(state()); look++) {
            ROOM.command("sleep", "0.1").run(); // a run without a tracer is cleaned up after its last process, a moment later
        }
        assertEquals(before, state());
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            NFT    | ``              | echo      | 10.77.1.1 | 10.77.2.1  | ip-1 10.77.1.1
            NFT    | ``              | echo      | fd77:1::1 | fd77:2::1  | ip-58 fd77:1::1
            NFT    | ``              | raw-253   | 10.77.1.1 | 10.77.2.1  | ``
            NFT    | --no-supervisor | raw-253   | fd77:1::1 | fd77:2::1  | ``
            NFT    | --no-supervisor | raw-132   | 10.77.1.1 | 10.77.2.1  | ``
            NFT    | --no-supervisor | header    | 10.77.1.1 | 10.77.2.1  | udp 10.77.1.1:8001
            NFT    | --no-supervisor | udplite   | 10.77.1.1 | 10.77.2.1  | ``
            NFT    | --no-supervisor | mptcp     | fd77:1::1 | fd77:2::1  | tcp [fd77:1::1]:8001
            LEGACY | ``              | echo      | 10.77.1.1 | 10.77.2.1  | ip-1 10.77.1.1
            LEGACY | --no-supervisor | echo      | fd77:1::1 | fd77:2::1  | ip-58 fd77:1::1
            LEGACY | --no-supervisor | raw-254   | 10.77.1.1 | 10.77.2.1  | ``
            LEGACY | --no-supervisor | header    | 10.77.1.1 | 10.77.2.1  | udp 10.77.1.1:8001
            LEGACY | --no-supervisor | udplite   | fd77:1::1 | fd77:2::1  | ``
            """)
    void behind_the_host_packets_reach_allowed_hosts_alone(
            Backend backend, String options, String kind, String allowed, String denied, String arrives) {
        String before = state();
        // What waits for the neighbour's address is lost if its network ends meanwhile.
        Outcome run = bash(backend, "$SECFILT --net=nat --firewall=require " + options + " " + NEAR
                + " bash -c '$PACKETS $0 $1 $2; sleep 0.3' $1 $2 $3", kind, allowed, denied)
                .run().exited(0);
        String refused = kind.equals("mptcp") ? "ECONNREFUSED" : "EPERM";
        assertEquals(kind + " " + allowed + " ok\n" + kind + " " + denied + " " + refused + "\n", run.stdout(), run::toString);
        // What is no SCTP, and all UDP-Lite, is invalid to the tracking of connections, and would leave under the command's own address.
        assertEquals(arrives.isEmpty() ? List.of() : List.of(arrives), ROOM.arrived(), run::toString);
        awaits(before);
    }

    @ParameterizedTest
    @EnumSource
    void behind_the_host_ping_reaches_allowed_hosts_alone(Backend backend) {
        for (String options : List.of("", "--allow-write=ping", "--no-supervisor")) {
            Outcome run = bash(backend, ": > ping; $SECFILT -q --net=nat --firewall=require " + options + " " + NEAR + """
                     bash -c 'for a in 10.77.1.1 fd77:1::1; do ping -qc1 -W5 $a | grep -o "1 received"; done
                    for a in 10.77.2.1 fd77:2::1; do ping -c1 -W1 $a > ping 2>&1 || echo refused; grep -o "Operation not permitted" ping | head -n1; done'""").run().exited(0);
            // without a supervisor to refuse its connect(2), this ping says nothing of the EPERM that its packets get
            String refused = options.equals("--no-supervisor") ? "refused\n" : "refused\nOperation not permitted\n";
            assertEquals("1 received\n1 received\n" + refused.repeat(2), run.stdout(), run::toString);
            assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived(), run::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void on_a_loopback_of_ones_own_the_rules_are_for_every_kind(Backend backend) {
        Outcome run = bash(backend, """
                $SECFILT -q --net=none --firewall=require --allowed-netmask=127.0.0.1 --allowed-port=8001 bash -c '
                    $PACKETS echo,udplite,header 127.0.0.1 127.0.0.2
                    (exec 3<>/dev/tcp/127.0.0.1/8001) 2>&1 | grep -o "Connection refused" | head -n1'""").run().exited(0);
        assertEquals("""
                echo 127.0.0.1 ok
                echo 127.0.0.2 EPERM
                udplite 127.0.0.1 ok
                udplite 127.0.0.2 EPERM
                header 127.0.0.1 ok
                header 127.0.0.2 EPERM
                Connection refused
                """, run.stdout(), run::toString);
    }

    /** Else root would have its own kernel forward, past the rules, what it has sent to itself: IPv6 with a routing header, for one. */
    @ParameterizedTest
    @EnumSource
    void a_network_of_ones_own_forwards_nothing(Backend backend) {
        Outcome run = bash(backend, """
                rm -f own; $SECFILT -q --net=none --firewall=require --allowed-netmask=127.0.0.1 bash -c 'echo $$ > own; exec sleep 10' &
                for look in $(seq 100); do [ -s own ] && break; sleep 0.1; done
                nsenter -t $(cat own) -n sh -c 'iptables-save; ip6tables-save' | grep '^-A FORWARD'; kill $(cat own); wait""").run().exited(0);
        assertEquals("-A FORWARD -j DROP\n-A FORWARD -j DROP\n", run.stdout(), run::toString);
    }

    /** Each command tries to get rid of the rules; what it says is of no interest. */
    private static final String UNDO = """
            for kind in nft legacy; do for family in iptables ip6tables; do
                $family-$kind -F; $family-$kind -P OUTPUT ACCEPT; $family-$kind -D OUTPUT 1; $family-$kind -I OUTPUT -j ACCEPT
                unshare -Ur $family-$kind -F
                printf '*filter\\n:OUTPUT ACCEPT\\nCOMMIT\\n' | $family-$kind-restore
            done; done
            nsenter -t 1 -n true && echo entered; nsenter --net=/proc/$PPID/ns/net true && echo entered
            for name in /run/netns/*; do nsenter --net=$name true && echo entered; done
            unshare -n true && unshare -n ip link add up0 type veth peer name up1 netns $$ && echo joined
            unshare -Urn ip link add up0 type veth peer name up1 netns $$ && echo joined
            unshare -Ur ip link set eth0 down && echo down
            ip link add d0 type dummy && echo added; ip route add 10.77.2.1 dev lo && echo routed; ip addr add 10.77.2.9/32 dev lo && echo named
            mkdir -p /tmp/secfilt-sys && mount -t sysfs none /tmp/secfilt-sys && umount /tmp/secfilt-sys; rmdir /tmp/secfilt-sys
            for f in /proc/sys/net/ipv4/ip_nonlocal_bind /proc/sys/net/ipv6/ip_nonlocal_bind /proc/sys/net/ipv4/conf/all/route_localnet; do echo 1 > $f; done
            """;

    @ParameterizedTest
    @ValueSource(strings = {"--net=nat", "--net=nat --no-supervisor", "--net=nat --cgroups=net_cls"})
    void root_cannot_undo_the_rules(String options) {
        String before = state();
        Outcome run = bash(Backend.NFT, "$SECFILT -q --firewall=require " + options + " " + NEAR + " bash -c \"$1\" 2>/dev/null", UNDO + """
                own=$(ip -o -4 addr show dev eth0 | grep -o 'inet [0-9.]*' | cut -c6-)
                $PACKETS echo,raw-253,udplite,header,spoofed-10.77.1.1 10.77.2.1; $PACKETS echo,raw-253,udplite fd77:2::1; $PACKETS echo 10.77.1.1 fd77:1::1; sleep 0.3
                """).timeoutMillis(60_000).run().exited(0);
        String refused = "";
        for (String one : List.of("echo 10.77.2.1", "raw-253 10.77.2.1", "udplite 10.77.2.1", "header 10.77.2.1", "spoofed-10.77.1.1 10.77.2.1",
                "echo fd77:2::1", "raw-253 fd77:2::1", "udplite fd77:2::1")) {
            refused += one + " EPERM\n";
        }
        assertEquals(refused + "echo 10.77.1.1 ok\necho fd77:1::1 ok\n", run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived(), run::toString);
        awaits(before);
    }

    @Test
    void no_answer_of_the_kernel_goes_to_who_sent_nothing() {
        Outcome run = bash(Backend.NFT, """
                $SECFILT --net=nat --firewall=require --allowed-netmask=10.192.0.0/10 --allowed-netmask=172.16.0.0/12 bash -c '
                    own=$(ip -o -4 addr show dev eth0 | grep -o "inet [0-9.]*" | cut -c6-)
                    $PACKETS echo $own | cut -d" " -f3; $PACKETS spoofed-$own 10.77.2.1 | cut -d" " -f2-'""").run().exited(0);
        assertEquals("ok\n10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void who_calls_a_port_that_is_closed_is_told_so() {
        Outcome run = bash(Backend.NFT, """
                coproc $SECFILT --net=nat --publish=10105:5432 --firewall=require --allowed-netmask=10.77.9.9 --allowed-bind=127.0.0.1 bash -c 'echo in; read'
                read -u ${COPROC[0]} in
                (exec 3<>/dev/tcp/127.0.0.1/10105) 2>&1 | grep -o 'Connection refused' | head -n1
                echo >&${COPROC[1]}; wait""").run().exited(0);
        assertEquals("Connection refused\n", run.stdout(), run::toString);
    }

    /** What fails, by a program that comes first in PATH | the options | what is told. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ip6tables-restore | --net=nat  | for want of ip6tables-restore: no space
            iptables-restore  | --net=nat  | for want of iptables-restore: no space
            ip6tables-restore | --net=none | for want of ip6tables-restore: no space
            """)
    void rules_that_are_not_taken_are_told_and_what_was_made_is_unmade(String program, String options, String message) throws IOException {
        String before = state();
        Path broken = Files.createDirectories(ROOM.directory().resolve("broken"));
        // The host's own tables take theirs.
        Path failing = Files.writeString(broken.resolve(program), "#!/bin/sh\nip -o link show veth0 > /dev/null 2>&1 && exec /usr/sbin/" + program
                + " \"$@\"\necho no space >&2; exit 4\n");
        Files.setPosixFilePermissions(failing, PosixFilePermissions.fromString("rwxr-xr-x"));
        String path = broken + ":/usr/sbin:/usr/bin:/sbin:/bin";
        Outcome required = ROOM.bash("$SECFILT --firewall=require " + options + " " + NEAR + " echo ran").with("PATH", path).run().exited(2);
        assertEquals("", required.stdout());
        assertTrue(required.stderr().startsWith("secfilt: --firewall=require: packets cannot be judged here, " + message), required::toString);
        assertEquals(before, state());
        Outcome auto = ROOM.bash("$SECFILT " + options + " " + NEAR + " /usr/bin/python3 $1 echo 10.77.1.1", Built.fixture("packets.py"))
                .with("PATH", path).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\n", auto.stdout(), auto::toString);
        assertEquals(List.of(), ROOM.arrived());
        assertEquals(before, state());
        Files.delete(failing);
    }

    @Test
    void what_is_missing_is_named() {
        List<String> made = new ArrayList<>();
        for (String hidden : List.of("nsenter", "ip6tables-restore")) {
            Outcome run = ROOM.bash("""
                    mount --make-rprivate /; mount --bind /dev/null $(readlink -f $(PATH=/usr/sbin:/usr/bin command -v $1))
                    $SECFILT --net=none --firewall=require --allowed-netmask=127.0.0.1 echo ran; echo $?
                    $SECFILT --net=none --allowed-netmask=127.0.0.1 echo ran""", hidden).with("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").run().exited(0);
            made.add(run.stdout());
            assertTrue(run.stderr().contains("for want of the program " + (hidden.equals("nsenter") ? hidden : "ip")), run::toString);
        }
        assertEquals(List.of("2\nran\n", "2\nran\n"), made);
    }

    @Test
    void an_ordinary_user_is_told_that_there_is_none_in_a_network_of_his_own() {
        Outcome run = ROOM.bash("$SECFILT --net=none --firewall=require --allowed-netmask=127.0.0.1 echo ran").as(User.ORDINARY).run().exited(2);
        assertTrue(run.stderr().contains("for want of CAP_NET_ADMIN"), run::toString);
        ROOM.bash("$SECFILT --net=none --allowed-netmask=127.0.0.1 true").as(User.ORDINARY).run().exited(0);
    }

    /**
     * Runs a script as root of a user and network namespace of an ordinary user's, joined to the room's; it may make no cgroups there. Its own
     * address is 10.77.1.3, and fd77:1::3.
     */
    private static Command alone(Backend backend, String script, String... arguments) {
        String inner = """
                echo $$ > pid; for i in $(seq 400); do [ -e go ] && break; sleep 0.05; done
                ip link set lo up; ip addr add 10.77.1.3/24 dev eth0; ip addr add fd77:1::3/64 dev eth0 nodad; ip link set eth0 up
                ip route add default via 10.77.1.1; ip route add ::/0 via fd77:1::1
                """ + script;
        List<String> all = new ArrayList<>(List.of(inner));
        all.addAll(List.of(arguments));
        return bash(backend, """
                rm -f pid go
                setpriv --reuid=%d --regid=%d --clear-groups unshare -Urn bash -c "$@" & alone=$!
                for i in $(seq 400); do [ -s pid ] && break; sleep 0.05; done
                ip link add link veth0 name alone0 type macvlan mode bridge; ip link set alone0 netns $(cat pid) name eth0
                touch go; wait $alone; code=$?; rm -f pid go; exit $code""".formatted(Command.ORDINARY_UID, Command.ORDINARY_UID),
                all.toArray(new String[0]));
    }

    private static final String TABLES = "for v in '' 6; do ip${v}tables-save -t filter | grep '^-'; done";

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"NFT, require", "LEGACY, require", "NFT, auto"})
    void who_is_alone_in_his_own_network_has_a_firewall_for_all_of_it(Backend backend, String firewall) {
        Outcome run = alone(backend, "iptables -A OUTPUT -d 10.77.99.1 -j DROP\n" + TABLES + " > before\n"
                + "$SECFILT -q --firewall=" + firewall + " " + NEAR + """
                 bash -c '
                    $PACKETS echo,raw-253,udplite,header,spoofed-10.77.1.1 10.77.1.3 10.77.2.1; $PACKETS echo,udplite fd77:1::1 fd77:2::1
                    ping -qc1 -W5 10.77.1.1 | grep -o "1 received"; ping -c1 -W1 10.77.2.1 2>&1 | grep -o "Operation not permitted"'
                """ + TABLES + " > after; cmp before after && rm before after").run().exited(0);
        assertEquals("""
                echo 10.77.1.3 ok
                echo 10.77.2.1 EPERM
                raw-253 10.77.1.3 ok
                raw-253 10.77.2.1 EPERM
                udplite 10.77.1.3 ok
                udplite 10.77.2.1 EPERM
                header 10.77.1.3 ok
                header 10.77.2.1 EPERM
                spoofed-10.77.1.1 10.77.1.3 ok
                spoofed-10.77.1.1 10.77.2.1 EPERM
                echo fd77:1::1 ok
                echo fd77:2::1 EPERM
                udplite fd77:1::1 ok
                udplite fd77:2::1 EPERM
                1 received
                Operation not permitted
                """, run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1", "ip-136 fd77:1::1", "ip-1 10.77.1.1"), ROOM.arrived(), run::toString);
    }

    @Test
    void root_of_a_user_namespace_cannot_undo_the_rules() {
        Outcome run = alone(Backend.NFT, "$SECFILT -q --firewall=require " + NEAR + " bash -c \"$1\" 2>/dev/null", "bash", UNDO + """
                $PACKETS echo,raw-253,udplite,header,spoofed-10.77.1.1 10.77.2.1; $PACKETS echo,udplite fd77:2::1; $PACKETS echo 10.77.1.1 fd77:1::1
                """).timeoutMillis(60_000).run().exited(0);
        assertEquals("""
                echo 10.77.2.1 EPERM
                raw-253 10.77.2.1 EPERM
                udplite 10.77.2.1 EPERM
                header 10.77.2.1 EPERM
                spoofed-10.77.1.1 10.77.2.1 EPERM
                echo fd77:2::1 EPERM
                udplite fd77:2::1 EPERM
                echo 10.77.1.1 ok
                echo fd77:1::1 ok
                """, run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived(), run::toString);
    }

    /** Who else is there | what is told of him. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            (exec 3<>/dev/udp/10.77.1.1/9; exec sleep 60) & other=$!; sleep 0.3  | sleep[
            exec 3<>/dev/udp/10.77.1.1/9                                         | bash[
            python3 closed.py; (exec 3<>/dev/tcp/10.77.1.1/8001; exec sleep 60) & other=$!; sleep 0.3 | sleep[
            """)
    void who_is_not_alone_there_has_none_but_behind_a_network_of_his_own(String other, String who) throws IOException {
        // In TIME_WAIT, and nobody's: a page of /proc/net/tcp is full of them. proc_pid_net(5)
        Files.writeString(ROOM.directory().resolve("closed.py"), """
                import socket
                for i in range(1000): socket.create_connection(("10.77.1.1", 8001)).close()
                """);
        Outcome run = alone(Backend.NFT, other + "\n" + """
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 echo ran; echo $?
                $SECFILT -q --allowed-netmask=10.77.1.1 $PACKETS echo 10.77.1.1
                $SECFILT -q --net=nat --firewall=require --allowed-netmask=10.77.1.1 $PACKETS echo 10.77.1.1
                [ -z "$other" ] || kill $other; $SECFILT doctor | grep '^[a-z]* *firewall'""").run().exited(0);
        assertTrue(run.stdout().startsWith("2\necho 10.77.1.1 EPERM\necho 10.77.1.1 ok\n"), run::toString);
        // whether cgroups are mounted in sight is this host's
        assertTrue((run.stderr().contains("for want of the right to make a cgroup in /") || run.stderr().contains("for want of a cgroup hierarchy: "))
                && run.stderr().contains(", and " + who) && run.stderr().contains("] uses this network too (--net=nat gives the command one of its own); write --firewall=auto"), run::toString);
        ROOM.arrived();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"NFT, $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true", "LEGACY, $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true",
        "NFT, $SECFILT gc", "LEGACY, $SECFILT gc -q"})
    void what_a_killed_supervisor_left_there_is_removed_later(Backend backend, String later) {
        Outcome run = alone(backend, """
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 sleep 60 & command=$!
                for i in $(seq 200); do [ $(cat /proc/$command/comm) = sleep ] && break; sleep 0.05; done
                $SECFILT gc; $SECFILT --firewall=require --allowed-netmask=10.77.1.1 echo ran
                iptables-save -t filter | grep -c -- '-j SECFILT-N-'
                kill -KILL $(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$command/status); wait $command; echo $?
                iptables-save -t filter | grep -c -- '-j SECFILT-N-'
                """ + later + "; iptables-save -t filter | grep -c SECFILT; ip6tables-save -t filter | grep -c SECFILT; true").run().exited(0);
        assertTrue(run.stdout().matches("1\n137\n1\n(removed chain SECFILT-N-\\S+\n)?0\n0\n"), run::toString);
        assertEquals(later.equals("$SECFILT gc"), run.stdout().contains("removed"), run::toString);
        assertTrue(run.stderr().contains("another run has this one already"), run::toString);
    }

    @Test
    void without_a_supervisor_nobody_would_see_the_end_there() {
        Outcome run = alone(Backend.NFT, "$SECFILT --no-supervisor --allowed-netmask=10.77.1.1 echo ran").run().exited(2);
        assertEquals(List.of("secfilt: --no-supervisor: without a cgroup nobody would see the end, and take the rules away;"
                + " leave out --no-supervisor"), run.reports());
    }
}
