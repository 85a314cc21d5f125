package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.secfilt.e2e.FirewallHost.NEAR;
import static org.secfilt.e2e.FirewallHost.REQUIRE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.firewall.IpVersion;

/** What a run has in the host's packet filter and among its cgroups goes with its last process, or is removed when it was killed. */
class FirewallEndIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    private static final FirewallHost HOST = new FirewallHost(ROOM);

    @ParameterizedTest
    @EnumSource
    void nothing_is_left_behind_and_rules_of_others_stay(Backend backend) {
        HOST.bash(backend, "iptables -A OUTPUT -d 10.77.99.1 -j DROP; ip6tables -A INPUT -p tcp --dport 7 -j REJECT; iptables -N SECFILT; iptables -N OTHER")
                .run().exited(0);
        String before = HOST.tables(backend);
        Outcome inside = HOST.bash(backend, """
                for i in 1 2 3 4 5 6 7 8 9 10; do $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true || exit; done
                $SECFILT --allowed-netmask=10.77.1.1 no-such-command
                iptables-save; ip6tables-save; find /run /var/run -name '*secfilt*'""").run().exited(0);
        assertTrue(!inside.stdout().contains("SECFILT-") && inside.stdout().contains("10.77.99.1"), inside::toString);
        assertEquals(before, HOST.tables(backend));
        assertEquals("", HOST.cgroups());
        HOST.bash(backend, "iptables -D OUTPUT -d 10.77.99.1 -j DROP; ip6tables -D INPUT -p tcp --dport 7 -j REJECT; iptables -X SECFILT; iptables -X OTHER")
                .run().exited(0);
    }

    @Test
    void processes_that_outlive_the_command_stay_under_the_rules() {
        Outcome run = HOST.bash(Backend.NFT, """
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c \
                    '(exec > /dev/null 2>&1; sleep 1; /usr/bin/python3 "$0" echo 10.77.1.1 10.77.2.1; true) &' "$1"
                iptables-save | grep -c '^:SECFILT-R-'""", Built.fixture("packets.py")).run().exited(0);
        assertEquals("1\n", run.stdout());
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
        assertEquals("", HOST.tables(Backend.NFT));
    }

    /** As ufw and firewalld do when they load their rules anew; and whoever flushes OUTPUT alone. */
    @ParameterizedTest
    @CsvSource({"NFT, for p in iptables ip6tables; do $p -F; $p -X; done", "LEGACY, for p in iptables ip6tables; do $p -F; $p -X; done",
        "NFT, ip6tables -F OUTPUT"})
    void that_somebody_took_its_rules_away_is_told_and_the_rest_is_removed(Backend backend, String how) {
        Outcome run = HOST.bash(backend, """
                rm -f in out; $SECFILT --firewall=require --allowed-netmask=10.77.1.1 \
                    bash -c 'echo > in; for i in $(seq 200); do [ -e out ] && exit 3; sleep 0.05; done' & command=$!
                for i in $(seq 200); do [ -e in ] && break; sleep 0.05; done
                $1; echo > out; wait $command; echo $?""".replace("$1", how)).run().exited(0);
        assertEquals("3\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: somebody else took away rules of this run (iptables -F, or a firewall loaded anew): from then on its packets"
                + " were not judged, only the calls that stop for the supervisor"), run.reports(), run::toString);
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
    }

    @ParameterizedTest
    @EnumSource
    void fifty_side_by_side_do_not_disturb_each_other(Backend backend) {
        Outcome run = HOST.bash(backend, """
                for i in $(seq 50); do
                    $SECFILT --firewall=require --allowed-netmask=10.77.1.1 /usr/bin/python3 "$1" raw-253 10.77.1.1 10.77.2.1 >> all &
                done
                wait; sort all | uniq -c""", Built.fixture("packets.py")).in(ROOM.directory().resolve(backend.toString()))
                .timeoutMillis(240_000).run().exited(0);
        assertEquals("50 raw-253 10.77.1.1 ok\n50 raw-253 10.77.2.1 EPERM\n", run.stdout().replaceAll("(?m)^ +", ""), run::toString);
        List<String> arrived = ROOM.arrived();
        assertEquals(50, arrived.size());
        assertTrue(arrived.stream().allMatch("ip-253 10.77.1.1"::equals));
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
    }

    /** Starts a run, kills its supervisor, and lets the command die of that: prints 137. */
    private static final String CRASH = """
            $SECFILT --firewall=require --allowed-netmask=10.77.1.1 sleep 60 & command=$!
            for i in $(seq 200); do [ $(cat /proc/$command/comm) = sleep ] && break; sleep 0.05; done
            kill -KILL $(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$command/status); wait $command; echo $?
            """;

    /** Until then only what begins a connection comes to the chain; what is made by hand may be any segment. */
    @ParameterizedTest
    @EnumSource
    void the_first_raw_socket_sends_all_segments_to_the_chain_and_nothing_is_left_behind(Backend backend) {
        String before = HOST.tables(backend);
        Outcome run = HOST.bash(backend, """
                hooks() { iptables-save | grep -c -- "$1-m cgroup.* -j SECFILT-R-"; }
                coproc $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c 'echo in; read; /usr/bin/python3 "$0" raw-253 10.77.1.1 10.77.2.1; read' "$1"
                read -u ${COPROC[0]} in; hooks; hooks '-A OUTPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN '; hooks '-A OUTPUT ! -p tcp '
                echo >&${COPROC[1]}; read -u ${COPROC[0]} first; read -u ${COPROC[0]} second; echo "$first, $second"
                hooks; hooks '-A OUTPUT '
                echo >&${COPROC[1]}; wait""", Built.fixture("packets.py")).run().exited(0);
        assertEquals("2\n1\n1\nraw-253 10.77.1.1 ok, raw-253 10.77.2.1 EPERM\n1\n1\n", run.stdout(), run::toString);
        assertEquals(List.of("ip-253 10.77.1.1"), ROOM.arrived());
        assertEquals(before, HOST.tables(backend));
    }

    @ParameterizedTest
    @EnumSource
    void gc_removes_what_a_crash_has_left_and_nothing_else(Backend backend) {
        HOST.bash(backend, "$SECFILT gc -q; iptables -A OUTPUT -d 10.77.99.1 -j DROP; iptables -N SECFILT-P-lasting; iptables -A OUTPUT -j SECFILT-P-lasting").run().exited(0);
        String before = HOST.tables(backend);
        Outcome run = HOST.bash(backend, """
                coproc $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c 'echo in; read; exec /usr/bin/python3 "$0" echo 10.77.2.1' "$1"
                read -u ${COPROC[0]} in
                """ + CRASH + """
                iptables-save | grep -c '^:SECFILT-R-'
                env PATH=/usr/sbin:/usr/bin:/sbin:/bin $SECFILT gc; iptables-save | grep -c '^:SECFILT-R-'
                echo >&${COPROC[1]}; cat <&${COPROC[0]}; wait""", Built.fixture("packets.py")).run().exited(0);
        assertTrue(run.stdout().matches("137\n2\nremoved chain SECFILT-R-\\S+\nremoved cgroup /\\S*secfilt-\\S+\n1\necho 10.77.2.1 EPERM\n"),
                run::toString);
        assertEquals(before, HOST.tables(backend));
        assertEquals("", HOST.cgroups());
        assertEquals("", HOST.bash(backend, "$SECFILT gc").run().exited(0).stdout());
        HOST.bash(backend, "iptables -F OUTPUT; iptables -X SECFILT-P-lasting").run().exited(0);
    }

    @ParameterizedTest
    @EnumSource
    void the_next_run_removes_what_a_crash_has_left(Backend backend) {
        assertEquals("137\n", HOST.bash(backend, CRASH).run().exited(0).stdout());
        assertTrue(HOST.tables(backend).contains("SECFILT-R-"));
        HOST.secfilt(backend, REQUIRE, NEAR[0], "true").run().exited(0);
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
    }

    /** Nothing can change a table of iptables-legacy where a rule names a cgroup that is gone: all runs would be refused, and leave more such rules. */
    @ParameterizedTest(name = "{0} --no-supervisor={1}")
    @CsvSource({"NFT, false", "NFT, true", "LEGACY, false", "LEGACY, true"})
    void rules_that_could_not_be_removed_keep_their_cgroup_until_the_next_run(Backend backend, boolean unsupervised) throws IOException {
        Path directory = Files.createDirectories(ROOM.directory().resolve("locked" + backend + unsupervised));
        for (IpVersion version : IpVersion.values()) {
            String name = version.program() + "-restore";
            Path program = Files.writeString(directory.resolve(name), """
                    #!/bin/bash
                    text=$(cat); [[ $text != *'-X SECFILT'* ]] || { echo 'holding the lock' >&2; exit 4; }
                    %s "$@" <<< "$text"
                    """.formatted(ROOM.directory().resolve(backend.toString()).resolve(name)));
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Outcome first = HOST.bash(backend, """
                PATH=$1:$PATH $SECFILT $2 --firewall=require --allowed-netmask=10.77.1.1 true
                for i in $(seq 100); do pgrep -f "^secfilt-reaper [0-9]" > /dev/null || break; sleep 0.05; done""", directory.toString(),
                unsupervised ? "--no-supervisor" : "").run().exited(0);
        assertEquals(unsupervised ? List.of() : List.of("secfilt: iptables-restore: holding the lock; secfilt gc removes what is left",
                "secfilt: ip6tables-restore: holding the lock; secfilt gc removes what is left"), first.reports());
        assertTrue(HOST.tables(backend).contains("SECFILT-R-"));
        assertEquals("ran\n", HOST.secfilt(backend, REQUIRE, NEAR[0], "echo", "ran").run().exited(0).stdout());
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
    }

    @Test
    void rules_whose_cgroup_somebody_removed_are_in_nobodys_way() {
        Outcome run = HOST.bash(Backend.LEGACY, """
                mkdir -p within; mount -t cgroup2 none within
                orphan() {
                    mkdir within/secfilt-1-2-3
                    printf '%s\\n' '*filter' ':SECFILT-R-2-3 - [0:0]' '-A OUTPUT -m cgroup --path secfilt-1-2-3 -j SECFILT-R-2-3' COMMIT | iptables-restore --noflush
                    rmdir within/secfilt-1-2-3
                }
                orphan; coproc $SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c 'echo in; read; /usr/bin/python3 "$0" raw-253 10.77.1.1; read' "$1"
                read -u ${COPROC[0]} in; orphan; echo >&${COPROC[1]}; read -u ${COPROC[0]} raw; orphan; echo >&${COPROC[1]}; wait; echo $in, $raw
                umount within; iptables-save | grep SECFILT""", Built.fixture("packets.py")).run();
        assertEquals("in, raw-253 10.77.1.1 ok\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
        assertEquals(List.of("ip-253 10.77.1.1"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void without_a_supervisor_the_firewall_holds_the_rules_and_cleans_up(Backend backend) {
        Outcome run = HOST.bash(backend, """
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
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
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

    @Test
    void gc_needs_privilege() {
        Outcome run = ROOM.secfilt("gc").as(User.ORDINARY).run().exited(125);
        assertEquals(List.of("secfilt: nothing can be removed here, for want of CAP_NET_ADMIN"), run.reports());
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
        Outcome auto = HOST.packets(backend, List.of(NEAR[0]), "echo", NetworkRoom.NEAR).with("PATH", path).run().exited(0);
        assertEquals("echo 10.77.1.1 EPERM\n", auto.stdout(), auto::toString);
        assertEquals(List.of(), ROOM.arrived());
        assertEquals("", HOST.tables(backend));
        assertEquals("", HOST.cgroups());
    }
}
