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

/** Packets of every kind under the host's packet filter, told by who receives them. */
class FirewallIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String REQUIRE = "--firewall=require";
    private static final String[] NEAR = {"--allowed-netmask=" + NetworkRoom.NEAR, "--allowed-netmask=" + NetworkRoom.NEAR6};

    @BeforeAll
    static void makeDirectories() throws IOException {
        Backend.prepare(ROOM);
    }

    private static Command secfilt(Backend backend, String... words) {
        return path(ROOM.secfilt(words), backend);
    }

    private static Command bash(Backend backend, String script, String... arguments) {
        return path(ROOM.bash(script, arguments), backend);
    }

    private static Command path(Command command, Backend backend) {
        return command.with("PATH", backend.path(ROOM));
    }

    private static Command packets(Backend backend, List<String> options, String kinds, String... addresses) {
        List<String> words = new ArrayList<>(options);
        words.addAll(List.of("/usr/bin/python3", Built.fixture("packets.py"), kinds));
        words.addAll(List.of(addresses));
        return secfilt(backend, words.toArray(new String[0]));
    }

    private static List<String> near(String... more) {
        List<String> options = new ArrayList<>(List.of(REQUIRE));
        options.addAll(List.of(NEAR));
        options.addAll(List.of(more));
        return options;
    }

    /** All of the filter tables, comments and counters left out. */
    private static String tables(Backend backend) {
        return bash(backend, "iptables-save -t filter | grep -v '^[#:*C]'; ip6tables-save -t filter | grep -v '^[#:*C]'; iptables-save | grep SECFILT; true")
                .run().exited(0).stdout();
    }

    /** The cgroups of runs in the room's namespace. */
    private static String cgroups() {
        return ROOM.bash("mkdir -p cg; mount -t cgroup2 none cg; find cg -name \"secfilt-$(stat -L -c %i /proc/self/ns/net)-*\"; umount cg")
                .run().exited(0).stdout();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            NFT    | echo         | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            NFT    | echo         | fd77:1::1 | fd77:2::1 | ip-58 fd77:1::1
            NFT    | raw-132      | 10.77.1.1 | 10.77.2.1 | ip-132 10.77.1.1
            NFT    | raw-253      | fd77:1::1 | fd77:2::1 | ip-253 fd77:1::1
            NFT    | segment      | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | segment      | fd77:1::1 | fd77:2::1 | segment [fd77:1::1]:8001
            NFT    | odd-segment  | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | behind-10.77.1.1 | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            NFT    | header       | 10.77.1.1 | 10.77.2.1 | udp 10.77.1.1:8001
            NFT    | udplite      | 10.77.1.1 | 10.77.2.1 | ip-136 10.77.1.1
            NFT    | udplite      | fd77:1::1 | fd77:2::1 | ip-136 fd77:1::1
            NFT    | mptcp        | 10.77.1.1 | 10.77.2.1 | tcp 10.77.1.1:8001
            NFT    | mptcp        | fd77:1::1 | fd77:2::1 | tcp [fd77:1::1]:8001
            NFT    | multicast    | 10.77.1.1 | 239.77.1.1 | udp 10.77.1.1:8001
            LEGACY | echo         | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            LEGACY | echo         | fd77:1::1 | fd77:2::1 | ip-58 fd77:1::1
            LEGACY | raw-253      | 10.77.1.1 | 10.77.2.1 | ip-253 10.77.1.1
            LEGACY | behind-10.77.1.1 | 10.77.1.1 | 10.77.2.1 | segment 10.77.1.1:8001
            LEGACY | header       | 10.77.1.1 | 10.77.2.1 | udp 10.77.1.1:8001
            LEGACY | udplite      | fd77:1::1 | fd77:2::1 | ip-136 fd77:1::1
            """)
    void packets_reach_allowed_hosts_alone(Backend backend, String kind, String allowed, String denied, String arrives) {
        Outcome run = packets(backend, near(), kind, allowed, denied).run().exited(0);
        assertEquals(kind + " " + allowed + " ok\n" + kind + " " + denied + " EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(arrives), ROOM.arrived(), run::toString);
    }

    /** Connection tracking costs every packet of the host, so it waits for who can make a packet by hand. */
    @ParameterizedTest
    @EnumSource
    void connections_are_tracked_once_there_is_a_raw_socket(Backend backend) {
        Outcome run = bash(backend, """
                await() { for i in $(seq 400); do [ -e $1 ] && return; sleep 0.05; done; echo no $1; }
                tracked() { (iptables-save -t filter; ip6tables-save -t filter) | grep -c conntrack; }
                export -f await
                $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 bash -c 'touch begun; await looked; "$@"; touch sent; await over' - \
                    /usr/bin/python3 "$1" udplite,behind-10.77.1.1 10.77.1.1 10.77.2.1 &
                await begun; tracked; touch looked; await sent; tracked; touch over; wait; tracked; rm begun looked sent over
                """, Built.fixture("packets.py")).run();
        assertEquals("""
                0
                udplite 10.77.1.1 ok
                udplite 10.77.2.1 EPERM
                behind-10.77.1.1 10.77.1.1 ok
                behind-10.77.1.1 10.77.2.1 EPERM
                2
                0
                """, run.stdout(), run::toString);
    }

    @Test
    void a_source_route_of_a_header_made_by_hand_is_not_followed() {
        Outcome run = packets(Backend.NFT, near(), "routed", NetworkRoom.NEAR).run().exited(0);
        assertEquals("routed 10.77.1.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void no_answer_of_the_kernel_goes_to_who_sent_nothing() {
        Outcome run = packets(Backend.NFT, near("--allowed-netmask=" + NetworkRoom.INSIDE), "spoofed-" + NetworkRoom.INSIDE, NetworkRoom.FAR)
                .run().exited(0);
        assertEquals("spoofed-10.77.1.2 10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void without_the_firewall_the_makers_of_such_packets_are_refused() {
        Outcome run = packets(Backend.NFT, List.of("--firewall=off", NEAR[0]), "echo,raw-253,header,udplite,mptcp", NetworkRoom.NEAR).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\nraw-253 10.77.1.1 EPERM\nheader 10.77.1.1 EPERM\nudplite 10.77.1.1 EPERM\nmptcp 10.77.1.1 EPERM\n",
                run.stdout());
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void ping_reaches_allowed_hosts_alone(Backend backend) {
        String[] allowed = {"--allowed-netmask=10.77.1.0/24", "--allowed-netmask=fd77:1::/64", "ping", "-c1", "-W2"};
        assertEquals(0, code(secfilt(backend, words(allowed, NetworkRoom.NEAR)).run()));
        assertEquals(0, code(secfilt(backend, words(allowed, NetworkRoom.NEAR6)).run()));
        ROOM.arrived();
        for (String denied : List.of(NetworkRoom.FAR, NetworkRoom.FAR6)) {
            Outcome run = secfilt(backend, words(allowed, denied)).run();
            assertTrue(code(run) != 0 && run.stderr().contains("Operation not permitted"), run::toString);
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    private static String[] words(String[] first, String last) {
        List<String> words = new ArrayList<>(List.of(first));
        words.add(last);
        return words.toArray(new String[0]);
    }

    private static int code(Outcome run) {
        return Integer.parseInt(run.end().replace("exit ", ""));
    }

    @ParameterizedTest
    @EnumSource
    void where_ports_are_restricted_too_a_named_host_can_be_pinged_and_no_other_port_reached(Backend backend) {
        Outcome run = packets(backend, near("--allowed-port=8002"), "echo,raw-253,udplite,header", NetworkRoom.NEAR, NetworkRoom.FAR).run().exited(0);
        assertEquals("echo 10.77.1.1 ok\necho 10.77.2.1 EPERM\nraw-253 10.77.1.1 EPERM\nraw-253 10.77.2.1 EPERM\n"
                + "udplite 10.77.1.1 EPERM\nudplite 10.77.2.1 EPERM\nheader 10.77.1.1 EPERM\nheader 10.77.2.1 EPERM\n", run.stdout());
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void no_outbound_network_is_of_every_kind(Backend backend) {
        Outcome run = packets(backend, List.of(REQUIRE, "--no-outbound-network"), "echo,raw-253,header", NetworkRoom.NEAR).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\nraw-253 10.77.1.1 EPERM\nheader 10.77.1.1 EPERM\n", run.stdout());
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void a_server_answers_whom_it_may_not_call(Backend backend) {
        String server = """
                import socket
                s = socket.create_server(("10.77.1.2", 9001)); print("ready", flush=True)
                c, _ = s.accept(); c.sendall(c.recv(9) * 2); c.close()
                """;
        Outcome run = bash(backend, """
                coproc $SECFILT --firewall=require --allowed-netmask=10.77.9.9 /usr/bin/python3 -c "$1"
                read -u ${COPROC[0]} ready; [ "$ready" = ready ] || exit 9
                /usr/bin/python3 -c 'import socket
                s = socket.create_connection(("10.77.1.2", 9001)); s.settimeout(10); s.sendall(b"hello"); print(s.recv(20))'
                wait""", server).run().exited(0);
        assertEquals("b'hellohello'\n", run.stdout(), run::toString);
    }

    /** Connection tracking believes whose first segment it sees, so a denied address of this host can seem to have called. */
    @ParameterizedTest
    @EnumSource
    void who_seems_to_have_called_is_not_answered_with_a_call(Backend backend) {
        for (String[] own : new String[][] {{"127.0.0.1", NetworkRoom.INSIDE}, {"::1", NetworkRoom.INSIDE6}}) {
            String denied = own[1].contains(":") ? "tcp [" + own[1] + "]:8001" : "tcp " + own[1] + ":8001";
            for (String kind : List.of("begun", "answered")) {
                Outcome bare = bash(backend, "/usr/bin/python3 \"$@\"", Built.fixture("packets.py"), kind + "-" + own[0], own[1]).run().exited(0);
                assertEquals(kind + "-" + own[0] + " " + own[1] + " ok\n", bare.stdout(), bare::toString);
                assertTrue(ROOM.arrivedInside().contains(denied), bare::toString);
                Outcome run = packets(backend, List.of(REQUIRE, "--no-supervisor", "--allowed-netmask=" + own[0]), kind + "-" + own[0], own[1])
                        .run().exited(0);
                List<String> arrived = ROOM.arrivedInside();
                assertTrue(!arrived.contains(denied) && arrived.contains(denied.startsWith("tcp [") ? "tcp [::1]:4000" : "tcp 127.0.0.1:4000"),
                        () -> run + "\n" + arrived);
            }
        }
        Outcome supervised = packets(backend, List.of(REQUIRE, "--allowed-netmask=127.0.0.1"), "begun-127.0.0.1", NetworkRoom.INSIDE).run().exited(0);
        assertTrue(!ROOM.arrivedInside().contains("tcp " + NetworkRoom.INSIDE + ":8001"), supervised::toString);
    }

    /** The server's answers go to a port that no rule allows: it is the client that called. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--no-supervisor"})
    void a_server_answers_a_client_of_the_same_run(String option) {
        Outcome run = ROOM.bash("$SECFILT -q --firewall=require $1 --allowed-netmask=127.0.0.1 --allowed-port=9003 /usr/bin/python3 -c \"$2\"", option, """
                import socket
                socket.socket(socket.AF_INET, socket.SOCK_RAW, 253) # now the rules are those for packets made by hand too
                server = socket.create_server(("127.0.0.1", 9003))
                client = socket.create_connection(("127.0.0.1", 9003)); client.settimeout(10); client.sendall(b"hello")
                served, _ = server.accept(); served.sendall(served.recv(9) * 2); print(client.recv(20))""").run().exited(0);
        assertEquals("b'hellohello'\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void nothing_is_left_behind_and_rules_of_others_stay(Backend backend) {
        bash(backend, "iptables -A OUTPUT -d 10.77.99.1 -j DROP; ip6tables -A INPUT -p tcp --dport 7 -j REJECT; iptables -N SECFILT; iptables -N OTHER")
                .run().exited(0);
        String before = tables(backend);
        Outcome inside = bash(backend, """
                for i in 1 2 3 4 5 6 7 8 9 10; do $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true || exit; done
                $SECFILT --allowed-netmask=10.77.1.1 no-such-command
                iptables-save; ip6tables-save; find /run /var/run -name '*secfilt*'""").run().exited(0);
        assertTrue(!inside.stdout().contains("SECFILT-") && inside.stdout().contains("10.77.99.1"), inside::toString);
        assertEquals(before, tables(backend));
        assertEquals("", cgroups());
        bash(backend, "iptables -D OUTPUT -d 10.77.99.1 -j DROP; ip6tables -D INPUT -p tcp --dport 7 -j REJECT; iptables -X SECFILT; iptables -X OTHER")
                .run().exited(0);
    }

    @Test
    void processes_that_outlive_the_command_stay_under_the_rules() {
        Outcome run = bash(Backend.NFT, """
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c \
                    '(exec > /dev/null 2>&1; sleep 1; /usr/bin/python3 "$0" echo 10.77.1.1 10.77.2.1; true) &' "$1"
                iptables-save | grep -c -- '-j SECFILT-R-'""", Built.fixture("packets.py")).run().exited(0);
        assertEquals("1\n", run.stdout());
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
        assertEquals("", tables(Backend.NFT));
    }

    @ParameterizedTest
    @EnumSource
    void fifty_side_by_side_do_not_disturb_each_other(Backend backend) {
        Outcome run = bash(backend, """
                for i in $(seq 50); do
                    $SECFILT --firewall=require --allowed-netmask=10.77.1.1 /usr/bin/python3 "$1" raw-253 10.77.1.1 10.77.2.1 >> all &
                done
                wait; sort all | uniq -c""", Built.fixture("packets.py")).in(ROOM.directory().resolve(backend.toString()))
                .timeoutMillis(240_000).run().exited(0);
        assertEquals("50 raw-253 10.77.1.1 ok\n50 raw-253 10.77.2.1 EPERM\n", run.stdout().replaceAll("(?m)^ +", ""), run::toString);
        List<String> arrived = ROOM.arrived();
        assertEquals(50, arrived.size());
        assertTrue(arrived.stream().allMatch("ip-253 10.77.1.1"::equals));
        assertEquals("", tables(backend));
        assertEquals("", cgroups());
    }

    @ParameterizedTest(name = "cgroups mounted: {0} {1}")
    @CsvSource({"false, ''", "true, ''", "true, --no-supervisor"})
    void root_cannot_leave_its_cgroup(boolean mounted, String option) {
        Outcome run = ROOM.bash("""
                point=-
                if $1; then point=$PWD/cgroups; mkdir -p $point; mount -t cgroup2 none $point; exec 5< $point; fi
                (for i in $(seq 1000); do [ ! -e over ] || break; : *; sleep 0.02; done) 5<&- &
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 $4 /usr/bin/python3 $2 $point /proc/self/ns/net 5 \
                    /usr/bin/python3 $3 echo,behind-10.77.1.1 10.77.1.1 10.77.2.1 < /dev/null
                code=$?; touch over; wait; rm over; exit $code
                """, String.valueOf(mounted), Built.fixture("leave.py"), Built.fixture("packets.py"), option).run().exited(0);
        List<String> lines = run.stdout().lines().toList();
        int ways = lines.size() - 5;
        for (String line : lines.subList(0, ways)) {
            assertTrue(!line.endsWith(" ok"), run::toString);
        }
        assertTrue(lines.get(ways).startsWith("cgroup ") && lines.get(ways).contains("/secfilt-"), run::toString);
        assertEquals(List.of("echo 10.77.1.1 ok", "echo 10.77.2.1 EPERM", "behind-10.77.1.1 10.77.1.1 ok", "behind-10.77.1.1 10.77.2.1 EPERM"),
                lines.subList(ways + 1, lines.size()), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "segment 10.77.1.1:8001"), ROOM.arrived());
    }

    /** What is open already is open where cgroups are writable, be it standard input. */
    @ParameterizedTest
    @CsvSource({"0, < cgroups, a cgroup's file", "0, < ., a directory", "1, > cgroups/cgroup.procs, a cgroup's file", "5, 5< cgroups, a cgroup's file"})
    void root_cannot_leave_its_cgroup_by_what_is_open(int fd, String redirection, String what) {
        Outcome run = ROOM.bash("""
                cd $(mktemp -d -p .); mkdir cgroups; mount -t cgroup2 none cgroups
                eval '$SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c "$2" '"$1"; cat told""",
                redirection, """
                for to in /proc/self/fd/%1$d /proc/self/fd/%1$d/cgroup.procs /proc/self/fd/%1$d/cgroups/cgroup.procs; do
                    echo $$ 2>> errors >> $to; done 2>> errors
                grep -c secfilt- /proc/self/cgroup > told""".formatted(fd)).run().exited(0);
        assertEquals("1\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("secfilt: closed inherited descriptor " + fd + ": " + what), run::toString);
    }

    /** By chroot(2) and "..", as root may, or by where it stands already: the mounts there are not in its mount table. */
    @ParameterizedTest
    @ValueSource(strings = {
        "mkdir root; mount --rbind / root; mount -t cgroup2 none cgroups; run=\"chroot root\"",
        "mount -t cgroup2 none cgroups; cd cgroups; umount -l $home/cgroups",
    })
    void cgroups_that_the_mount_table_leaves_out_are_not_relied_on(String hiding) {
        String command = """
                home=$(mktemp -d -p $PWD); cd $home; mkdir cgroups below; run=; eval "$1"; shift
                $run $SECFILT "$@" -- /usr/bin/python3 -c "$LEAVE" $home PACKETS""".replace("PACKETS", Built.fixture("packets.py"));
        String leave = """
                import os, subprocess, sys
                home, packets = sys.argv[1:]
                if not os.path.exists("cgroup.procs"):
                    root = os.open("/", os.O_RDONLY)
                    os.chroot(home + "/below"); os.fchdir(root)
                    for _ in range(40): os.chdir("..")
                    os.chroot("."); os.chdir(home + "/cgroups")
                open("cgroup.procs", "w").write(str(os.getpid()))
                print(open("/proc/self/cgroup").read().split("0::")[1], end="", flush=True)
                subprocess.run(["/usr/bin/python3", packets, "echo,behind-10.77.1.1", "10.77.2.1"])
                """;
        Outcome run = ROOM.bash(command, hiding, "-q", "--allowed-netmask=10.77.1.1").with("LEAVE", leave).run().exited(0);
        assertEquals("/\necho 10.77.2.1 EPERM\nbehind-10.77.1.1 10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        Outcome alone = ROOM.bash(command, hiding, "--no-supervisor", "--allowed-netmask=10.77.1.1").with("LEAVE", leave).run().exited(2);
        assertTrue(alone.stdout().isEmpty() && alone.stderr().contains("root's command could leave the firewall here"), alone::toString);
    }

    /** What is mounted over cgroups can be unmounted, and they cannot be made read-only below it: so nothing depends on the cgroup there. */
    @ParameterizedTest
    @ValueSource(strings = {
        "mount --bind cgroups/a cgroups/a; umount=cgroups/a",
        "mount -t tmpfs none cgroups/a; umount=cgroups/a",
        "mount -t tmpfs none cgroups; umount=cgroups",
    })
    void cgroups_below_another_mount_are_not_relied_on(String covering) {
        Outcome run = ROOM.bash("""
                cd $(mktemp -d -p .); mkdir -p cgroups/a; mount -t cgroup2 none cgroups/a; eval "$1"
                $SECFILT -q --allowed-netmask=10.77.1.1 bash -c '
                    umount $1; echo $$ > cgroups/a/cgroup.procs; grep 0:: /proc/self/cgroup
                    /usr/bin/python3 "$2" routed 10.77.1.1; /usr/bin/python3 "$2" multicast 10.77.1.1 10.77.2.1' bash $umount "$2"
                """, covering, Built.fixture("packets.py")).run().exited(0);
        assertEquals(List.of("0::/", "routed 10.77.1.1 EPERM", "multicast 10.77.1.1 ok", "multicast 10.77.2.1 EPERM"),
                run.stdout().lines().toList(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
    }

    /** Starts a run, kills its supervisor, and lets the command die of that: prints 137. */
    private static final String CRASH = """
            $SECFILT --firewall=require --allowed-netmask=10.77.1.1 sleep 60 & command=$!
            for i in $(seq 200); do [ $(cat /proc/$command/comm) = sleep ] && break; sleep 0.05; done
            kill -KILL $(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$command/status); wait $command; echo $?
            """;

    @ParameterizedTest
    @EnumSource
    void gc_removes_what_a_crash_has_left_and_nothing_else(Backend backend) {
        bash(backend, "$SECFILT gc -q; iptables -A OUTPUT -d 10.77.99.1 -j DROP; iptables -N SECFILT-P-lasting; iptables -A OUTPUT -j SECFILT-P-lasting").run().exited(0);
        String before = tables(backend);
        Outcome run = bash(backend, """
                coproc $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c 'echo in; read; exec /usr/bin/python3 "$0" echo 10.77.2.1' "$1"
                read -u ${COPROC[0]} in
                """ + CRASH + """
                iptables-save | grep -c -- '-j SECFILT-R-'
                env PATH=/usr/sbin:/usr/bin:/sbin:/bin $SECFILT gc; iptables-save | grep -c -- '-j SECFILT-R-'
                echo >&${COPROC[1]}; cat <&${COPROC[0]}; wait""", Built.fixture("packets.py")).run().exited(0);
        assertTrue(run.stdout().matches("137\n2\nremoved chain SECFILT-R-\\S+\nremoved cgroup /\\S*secfilt-\\S+\n1\necho 10.77.2.1 EPERM\n"),
                run::toString);
        assertEquals(before, tables(backend));
        assertEquals("", cgroups());
        assertEquals("", bash(backend, "$SECFILT gc").run().exited(0).stdout());
        bash(backend, "iptables -F OUTPUT; iptables -X SECFILT-P-lasting").run().exited(0);
    }

    @ParameterizedTest
    @EnumSource
    void the_next_run_removes_what_a_crash_has_left(Backend backend) {
        assertEquals("137\n", bash(backend, CRASH).run().exited(0).stdout());
        assertTrue(tables(backend).contains("SECFILT-R-"));
        secfilt(backend, REQUIRE, NEAR[0], "true").run().exited(0);
        assertEquals("", tables(backend));
        assertEquals("", cgroups());
    }

    @ParameterizedTest
    @EnumSource
    void without_a_supervisor_the_firewall_holds_the_rules_and_cleans_up(Backend backend) {
        Outcome run = bash(backend, """
                $SECFILT --no-supervisor --allowed-netmask=10.77.1.1 --allowed-netmask=fd77:1::1 bash -c '
                    grep TracerPid /proc/$$/status; for i in $(seq 100); do pgrep -x java -P 1 -n > /dev/null || break; done
                    /usr/bin/python3 "$0" echo,udplite,header 10.77.1.1 10.77.2.1; /usr/bin/python3 "$0" echo fd77:1::1 fd77:2::1
                    (exec 3<>/dev/tcp/10.77.1.1/8001) && echo in; (exec 3<>/dev/tcp/10.77.2.1/8001) 2>/dev/null || echo refused; exit 7' "$1"
                echo $?
                for i in $(seq 100); do iptables-save | grep -q SECFILT || ip6tables-save | grep -q SECFILT || break; sleep 0.05; done""",
                Built.fixture("packets.py")).run().exited(0);
        assertEquals("""
                TracerPid:\t0
                echo 10.77.1.1 ok
                echo 10.77.2.1 EPERM
                udplite 10.77.1.1 ok
                udplite 10.77.2.1 EPERM
                header 10.77.1.1 ok
                header 10.77.2.1 EPERM
                echo fd77:1::1 ok
                echo fd77:2::1 EPERM
                in
                refused
                7
                """, run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-136 10.77.1.1", "udp 10.77.1.1:8001", "ip-58 fd77:1::1", "tcp 10.77.1.1:8001"), ROOM.arrived());
        assertEquals("", tables(backend));
        assertEquals("", cgroups());
    }

    @ParameterizedTest(name = "--cgroups={0}")
    @CsvSource({"auto, cgroup2", "net_cls, cgroup -o net_cls"})
    void without_a_supervisor_cgroups_within_the_runs_go_too(String kind, String type) {
        Outcome run = ROOM.bash("""
                mkdir -p within; mount -t $2 none within
                $SECFILT --cgroups=$1 --no-supervisor --allowed-netmask=10.77.1.1 bash -c 'echo in; read' < <(for i in $(seq 600); do [ -e go ] && break; sleep 0.1; done; echo) &
                own=
                for i in $(seq 200); do own=$(echo within/secfilt-$(stat -L -c %i /proc/self/ns/net)-*); [ -d "$own" ] && [ -n "$(cat $own/cgroup.procs)" ] && break; sleep 0.05; done
                mkdir -p $own/a/b $own/c && echo made; touch go; wait
                for i in $(seq 100); do [ -d $own ] || break; sleep 0.05; done; [ -d $own ] || echo gone; umount within; rm go""".replace("$2", type), kind)
                .run().exited(0);
        assertEquals(List.of("gone", "in", "made"), run.stdout().lines().sorted().toList(), run::toString);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            --no-outbound-network                                 | no-outbound-network is about unix sockets too
            --allowed-bind=127.0.0.1                              | binds are judged call by call
            --allowed-netmask=10.77.1.1 --errno=EACCES            | EPERM
            --allowed-netmask=10.77.1.1 --firewall=off            | the firewall cannot hold the rules, it is off
            --allowed-netmask=10.77.1.1 --violation-exit=3        | nobody sees
            """)
    void without_a_supervisor_what_no_packet_shows_is_refused(String options, String why) {
        Outcome run = ROOM.bash("$SECFILT --no-supervisor " + options + " echo ran").run().exited(2);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().contains(why) && run.stderr().contains("; leave out --no-supervisor"), run::toString);
    }

    @Test
    void gc_needs_privilege() {
        Outcome run = ROOM.secfilt("gc").as(User.ORDINARY).run().exited(125);
        assertEquals(List.of("secfilt: nothing can be removed here, for want of CAP_NET_ADMIN"), run.reports());
    }

    @Test
    void a_required_firewall_that_is_missing_is_named() {
        Outcome run = ROOM.secfilt(REQUIRE, NEAR[0], "echo", "ran").as(User.ORDINARY).run().exited(2);
        assertEquals("", run.stdout());
        assertEquals(List.of("secfilt: --firewall=require: packets cannot be judged here, for want of CAP_NET_ADMIN;"
                + " write --firewall=auto, which runs without"), run.reports());
        ROOM.secfilt("--firewall=auto", NEAR[0], "true").as(User.ORDINARY).run().exited(0);
    }

    @ParameterizedTest
    @EnumSource
    void a_step_that_fails_half_way_undoes_the_others(Backend backend) throws IOException {
        Path broken = Files.createDirectories(ROOM.directory().resolve("broken"));
        Path program = Files.writeString(broken.resolve("ip6tables-restore"), "#!/bin/sh\necho 'no such match' >&2\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        String path = broken + ":" + backend.path(ROOM);
        Outcome required = ROOM.secfilt(REQUIRE, NEAR[0], "echo", "ran").with("PATH", path).run().exited(2);
        assertEquals("", required.stdout());
        assertTrue(required.stderr().contains("ip6tables-restore: no such match"), required::toString);
        Outcome auto = packets(backend, List.of(NEAR[0]), "echo", NetworkRoom.NEAR).with("PATH", path).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\n", auto.stdout(), auto::toString);
        assertEquals(List.of(), ROOM.arrived());
        assertEquals("", tables(backend));
        assertEquals("", cgroups());
    }
}
