package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What --net=nat changes on the host is undone with the run, also where that was killed, and by whoever comes last. The room's inside plays the host. */
class NatEndIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @RegisterExtension
    static final NatState STATE = new NatState(ROOM);

    @ParameterizedTest
    @ValueSource(strings = {"iptables-nft", "iptables-legacy"})
    void rules_of_others_stay_and_both_kinds_of_iptables_serve(String kind) {
        Outcome run = ROOM.bash("""
                mkdir bin-$1; for v in '' 6; do for p in '' -save -restore; do
                    ln -s $(command -v ip${v}tables-${1#iptables-}$p) bin-$1/ip${v}tables$p; done; done
                export PATH=$PWD/bin-$1:$PATH
                iptables -A FORWARD -s 192.0.2.1 -j DROP; iptables -t nat -A POSTROUTING -s 192.0.2.2 -j MASQUERADE; iptables -P FORWARD DROP
                iptables-save | grep '^-' > before; ip6tables-save | grep '^-' >> before
                $SECFILT --net=nat --publish=82:80 --allowed-port=8001 bash -c 'exec 3<>/dev/tcp/10.77.1.1/8001; exec 3<>/dev/tcp/fd77:1::1/8001'
                iptables-save | grep '^-' > after; ip6tables-save | grep '^-' >> after
                iptables -P FORWARD ACCEPT; iptables -F FORWARD; iptables -t nat -F POSTROUTING
                diff before after && echo same""", kind).run().exited(0);
        assertEquals("same\n", run.stdout(), run::toString);
        assertEquals(List.of("tcp 10.77.1.1:8001", "tcp [fd77:1::1]:8001"), ROOM.arrived(), run::toString);
    }

    /** Whoever loads a firewall anew takes away what remembers how it was. */
    @Test
    void a_host_that_forwarded_nothing_forwards_nothing_afterwards_whatever_became_of_the_rules() {
        Outcome run = ROOM.bash("""
                on() { cat /proc/sys/net/ipv4/conf/veth0/forwarding /proc/sys/net/ipv6/conf/veth0/force_forwarding 2>/dev/null | tr -d '\\n'; echo; }
                before=$(on)
                coproc $SECFILT --net=nat --allowed-port=8001 bash -c 'echo in; read'
                read -u ${COPROC[0]} in
                for v in '' 6; do for t in raw nat filter; do ip${v}tables -t $t -F; done; done
                echo >&${COPROC[1]}; wait
                [ "$before" = "$(on)" ] && echo same""").run().exited(0);
        assertEquals("same\n", run.stdout(), run::toString);
    }

    /** One run by iptables-legacy, one by that of nft: the last to end undoes what is left of both, and one port is published once. */
    @Test
    void runs_by_different_programs_know_of_each_other() {
        Outcome run = ROOM.bash("""
                on() { cat /proc/sys/net/ipv4/conf/veth0/forwarding; iptables-legacy-save | grep -c secfilt; iptables-nft-save | grep -c secfilt; }
                await() { for look in $(seq 200); do [ -e $1 ] && break; sleep 0.05; done; }
                mkdir -p legacy; rm -f in* go*; mkfifo go1 go2
                for p in iptables ip6tables; do for s in '' -save -restore; do ln -sf /usr/sbin/$p-legacy$s legacy/$p$s; done; done
                iptables-legacy -t nat -L -n > all; before=$(on)
                PATH=$PWD/legacy:$PATH $SECFILT --net=nat --allowed-port=8001 --publish=8086:80 sh -c 'echo > in1; read x < go1' & one=$!
                await in1
                $SECFILT --net=nat --allowed-port=8001 sh -c 'echo > in2; read x < go2' & two=$!
                await in2
                $SECFILT --net=nat --publish=8086:81 true 2>&1 | grep -o 'is published by another run already'
                echo > go1; wait $one; echo > go2; wait $two
                [ "$before" = "$(on)" ] && echo same""").timeoutMillis(60_000).run().exited(0);
        assertEquals("is published by another run already\nsame\n", run.stdout(), run::toString);
    }

    /** Frames that a bridge passes on ask the rules of FORWARD too, where the kernel was told so. */
    @Test
    void the_hosts_bridges_go_on() {
        Outcome run = ROOM.bash("""
                ip link add br0 type bridge; ip link set br0 up
                for i in 1 2; do
                    unshare -n sleep 30 & ends="$ends $!"
                    for t in $(seq 100); do [ /proc/$!/ns/net -ef /proc/self/ns/net ] || break; sleep 0.02; done
                    ip link add port$i type veth peer name eth0 netns $!
                    ip link set port$i master br0 up
                    nsenter -t $! -n sh -c "ip addr add 10.77.9.$i/24 dev eth0; ip link set eth0 up"
                    last=$!
                done
                ping="nsenter -t $last -n ping -qc 3 -i 0.2 -W 1 10.77.9.1"
                for t in $(seq 20); do $ping > before && break; done
                $SECFILT --net=nat --publish=85:80 sh -c "echo in; read x" > in < <(until [ -s during ]; do sleep 0.1; done; echo) & run=$!
                until [ -s in ]; do sleep 0.05; done
                $ping > during
                wait $run; kill $ends; wait; ip link del br0
                grep -ho '[0-9]*% packet loss' before during; true""").run().exited(0);
        assertEquals("0% packet loss\n0% packet loss\n", run.stdout(), run::toString);
    }

    @Test
    void two_stand_side_by_side_and_the_second_goes_on_when_the_first_ends() {
        Outcome run = ROOM.bash("""
                $SECFILT --net=nat --allowed-port=8001 bash -c 'sleep 1.5; exec 3<>/dev/tcp/10.77.1.1/8001 && echo second' &
                sleep 0.7
                $SECFILT --net=nat --allowed-port=8001 bash -c 'exec 3<>/dev/tcp/10.77.1.1/8001 && echo first'
                wait""").run().exited(0);
        assertEquals("first\nsecond\n", run.stdout(), run::toString);
        ROOM.arrived();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"$SECFILT --net=nat --publish=81:80 --allowed-port=8001 true", "$SECFILT gc -q"})
    void what_a_killed_supervisor_left_is_removed_later(String later) {
        Outcome run = ROOM.bash("""
                $SECFILT --net=nat --publish=81:80 --allowed-port=8001 sleep 20 & run=$!
                for i in $(seq 100); do tracer=$(sed -n 's/^TracerPid:\\t//p' /proc/$run/status); [ "$tracer" != 0 ] && break; sleep 0.1; done
                for i in $(seq 100); do [ "$(tr '\\0' ' ' < /proc/$run/cmdline)" = 'sleep 20 ' ] && break; sleep 0.1; done
                kill -9 $tracer
                wait $run; echo $?
                iptables-save -t nat | grep -c 'dport 81'
                $1; echo $?
                """.replace("$1", later)).run().exited(0);
        assertEquals("137\n2\n0\n", run.stdout(), run::toString);
    }

    /** Else who was asked goes on to whoever has the address next. */
    @Test
    void the_kernel_remembers_none_of_its_flows() {
        Outcome run = ROOM.bash("""
                flows() { grep -cE "(src|dst)=(10\\.200\\.|fd5e:)" /proc/net/nf_conntrack || true; }
                $SECFILT --net=nat --publish=83:80 --allowed-port=8001,8002 bash -c '
                    for to in 10.77.1.1 fd77:1::1; do exec 3<>/dev/tcp/$to/8001 4<>/dev/udp/$to/8002; echo >&4; done'
                flows
                $SECFILT --net=nat --allowed-netmask=10.77.1.1 python3 -c '
                import socket
                for n in range(3000, 23000):
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(b"", ("10.77.1.1", n))'
                flows""".replace("\n                ", "\n")).run().exited(0);
        assertEquals("0\n0\n", run.stdout(), run::toString);
        ROOM.arrived();
    }

    /** They may be behind its default route, and have addresses as those of runs: their connections would break. */
    @Test
    void what_the_host_translates_for_its_own_clients_stays() {
        Outcome run = ROOM.bash("""
                iptables -t nat -A POSTROUTING -s 192.168.50.0/24 -j MASQUERADE; ip address add 192.168.50.2/32 dev lo
                python3 -c '
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("192.168.50.2", 4123)); s.sendto(b"", ("10.77.1.1", 8002))'
                ip address del 192.168.50.2/32 dev lo
                $SECFILT --net=nat true
                iptables -t nat -D POSTROUTING -s 192.168.50.0/24 -j MASQUERADE
                grep -o "src=192.168.50.2 .*sport=4123" /proc/net/nf_conntrack""".replace("\n                ", "\n")).run().exited(0);
        assertEquals("src=192.168.50.2 dst=10.77.1.1 sport=4123\n", run.stdout(), run::toString);
        ROOM.arrived();
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            nc -l 10105 & sleep 0.3 | port 10105/tcp of this host is in use
            mount --bind /dev/null $(readlink -f $(command -v ip)) | the program ip is missing (on Debian: apt-get install iproute2)
            mount --bind /bin/false /usr/bin/nsenter | /usr/bin/nsenter -t
            for p in /usr/sbin/xtables-nft-multi; do mount --bind /bin/false $p; done | iptables-save: exit code 1
            """)
    void a_step_that_fails_is_named_and_all_is_unmade(String breaking, String message) {
        Outcome run = ROOM.bash("mount --make-rprivate /; " + breaking
                + "; $SECFILT --net=nat --publish=10105:80 echo ran; echo $?; kill %1 2>/dev/null; true").run().exited(0);
        assertEquals("125\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains(message), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--no-supervisor --firewall=require --allowed-netmask=10.77.1.1"})
    void where_nobody_supervises_no_java_stays(String options) {
        Outcome run = ROOM.bash("$SECFILT --net=nat --publish=10105:80 " + options + " " + """
                bash -c 'for i in $(seq 100); do pgrep -f "org.secfilt.cli.Main [0-9]+ $$\\$" > /dev/null || break; sleep 0.05; done
                    pgrep -f "org.secfilt.cli.Main [0-9]+ $$\\$"; pgrep -cf "^secfilt-reaper network sfn$(printf %x $$)"
                    exec 3<>/dev/tcp/10.77.1.1/8001 && echo reached'""").run().exited(0);
        assertEquals("1\nreached\n", run.stdout(), run::toString);
        ROOM.arrived();
    }

    @ParameterizedTest(name = "{0}, then {1}")
    @CsvSource({"'', ''", "'', --allowed-port=8001", "--allowed-port=8001, ''"})
    void the_last_to_leave_undoes_what_those_before_have_left(String first, String second) {
        Outcome run = ROOM.bash("""
                coproc $SECFILT --net=nat $1 bash -c 'echo in; read'
                read -u ${COPROC[0]} in
                ip link add late0 type veth peer name late1; echo $(cat /proc/sys/net/ipv4/conf/late0/forwarding)
                $SECFILT --net=nat $2 true
                for i in $(seq 100); do [ $(ip -o link | grep -c sfn) = 1 ] && break; sleep 0.05; done
                echo $(cat /proc/sys/net/ipv4/conf/late0/forwarding)
                echo >&${COPROC[1]}; wait
                for i in $(seq 100); do [ $(cat /proc/sys/net/ipv4/conf/late0/forwarding) = 0 ] && break; sleep 0.05; done
                echo $(cat /proc/sys/net/ipv4/conf/late0/forwarding); ip link del late0""".replace("$1", first).replace("$2", second)).run().exited(0);
        assertEquals("0\n1\n0\n", run.stdout(), run::toString);
    }

    @Test
    void what_a_killed_reaper_left_the_next_run_removes() {
        Outcome run = ROOM.bash("""
                coproc $SECFILT --net=nat --publish=81:80 bash -c 'echo in; read'
                read -u ${COPROC[0]} in
                kill -KILL $(pgrep -f "^secfilt-reaper network sfn$(printf %x $COPROC_PID)")
                echo >&${COPROC[1]}; wait; for i in $(seq 100); do ip -o link | grep -q sfn || break; sleep 0.05; done
                iptables-save -t nat | grep -c 'dport 81'; $SECFILT --net=nat true""").run().exited(0);
        assertEquals("2\n", run.stdout(), run::toString);
    }

    @Test
    void many_starts_and_ends_leave_nothing() {
        List<String> ended = new ArrayList<>();
        Outcome run = ROOM.bash("for i in $(seq 20); do $SECFILT --net=nat --publish=10105:80 --allowed-port=1 true; echo $?; done")
                .timeoutMillis(120_000).run().exited(0);
        run.stdout().lines().forEach(ended::add);
        assertEquals(20, ended.stream().filter("0"::equals).count(), run::toString);
        STATE.assertAsFound();
    }
}
