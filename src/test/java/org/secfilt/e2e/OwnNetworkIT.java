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
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String NEAR = "--allowed-netmask=10.77.1.0/24 --allowed-netmask=fd77:1::/64";

    /** Whose tables hold the rules. */
    enum Backend {
        NFT,
        LEGACY
    }

    @BeforeAll
    static void makeDirectories() throws IOException {
        for (String program : List.of("iptables", "ip6tables", "ping", "nsenter")) {
            Requirements.program(program);
        }
        for (Backend backend : Backend.values()) {
            Path directory = Files.createDirectory(ROOM.directory().resolve(backend.toString()));
            for (String family : List.of("iptables", "ip6tables")) {
                for (String suffix : List.of("", "-restore", "-save")) {
                    String real = family + (backend == Backend.NFT ? "-nft" : "-legacy") + suffix;
                    Files.createSymbolicLink(directory.resolve(family + suffix), Path.of("/usr/sbin", real));
                }
            }
        }
    }

    private static Command bash(Backend backend, String script, String... arguments) {
        return ROOM.bash(script, arguments).with("PATH", ROOM.directory() + "/" + backend + ":/usr/sbin:/usr/bin:/sbin:/bin")
                .with("PACKETS", "/usr/bin/python3 " + Built.fixture("packets.py"));
    }

    private static String state() {
        return ROOM.bash("""
                for save in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do $save 2>/dev/null | grep '^-'; done
                ip -o link | grep -o 'sfn[^@]*'; cat /proc/sys/net/ipv4/conf/*/forwarding | tr -d '\\n'; ls /run/netns | grep -v sfroom; true""")
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
            NFT    | ``              | raw-253   | 10.77.1.1 | 10.77.2.1  | ip-253 10.77.1.1
            NFT    | --no-supervisor | raw-253   | fd77:1::1 | fd77:2::1  | ip-253 fd77:1::1
            NFT    | --no-supervisor | raw-132   | 10.77.1.1 | 10.77.2.1  | ip-132 10.77.1.1
            NFT    | --no-supervisor | header    | 10.77.1.1 | 10.77.2.1  | udp 10.77.1.1:8001
            NFT    | --no-supervisor | udplite   | 10.77.1.1 | 10.77.2.1  | ip-136 10.77.1.1
            NFT    | --no-supervisor | mptcp     | fd77:1::1 | fd77:2::1  | tcp [fd77:1::1]:8001
            LEGACY | ``              | echo      | 10.77.1.1 | 10.77.2.1  | ip-1 10.77.1.1
            LEGACY | --no-supervisor | echo      | fd77:1::1 | fd77:2::1  | ip-58 fd77:1::1
            LEGACY | --no-supervisor | raw-254   | 10.77.1.1 | 10.77.2.1  | ip-254 10.77.1.1
            LEGACY | --no-supervisor | header    | 10.77.1.1 | 10.77.2.1  | udp 10.77.1.1:8001
            LEGACY | --no-supervisor | udplite   | fd77:1::1 | fd77:2::1  | ip-136 fd77:1::1
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
        assertEquals(List.of(arrives), ROOM.arrived(), run::toString);
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
}
