package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Requirements;

/** The firewall where cgroups of version 2 cannot be had: packets are known by a class of net_cls. */
class NetClassIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** The iptables of the first word, and the hierarchy mounted at $point. */
    private static final String BEGIN = ". " + Built.fixture("net-cls.sh") + """

            shopt -s expand_aliases
            mkdir -p bin-$1; for v in '' 6; do for p in '' -save -restore; do
                ln -sf /usr/sbin/ip${v}tables-$1$p bin-$1/ip${v}tables$p; done; done
            export PATH=$PWD/bin-$1:/usr/sbin:/usr/bin:/sbin:/bin; shift
            point=$PWD/classes; mkdir -p $point; mount_net_cls $point || exit 77
            alias run='$SECFILT --cgroups=net_cls --firewall=require --allowed-netmask=10.77.1.1 --allowed-netmask=fd77:1::1'
            """;

    private static Outcome bash(String backend, String script, String... arguments) {
        Requirements.program("iptables");
        String[] words = new String[arguments.length + 1];
        words[0] = backend;
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        return ROOM.bash(BEGIN + script, words).timeoutMillis(120_000).run();
    }

    @AfterEach
    void nothing_is_left() {
        for (String backend : List.of("nft", "legacy")) {
            assertEquals("0\n", bash(backend, "{ iptables-save; ip6tables-save; find $point -name \"secfilt-$(stat -L -c %i /proc/self/ns/net)-*\"; }"
                    + " | grep -ci secfilt; true").exited(0).stdout());
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            nft    | echo    | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            nft    | echo    | fd77:1::1 | fd77:2::1 | ip-58 fd77:1::1
            nft    | raw-253 | 10.77.1.1 | 10.77.2.1 | ip-253 10.77.1.1
            nft    | udplite | fd77:1::1 | fd77:2::1 | ip-136 fd77:1::1
            legacy | echo    | 10.77.1.1 | 10.77.2.1 | ip-1 10.77.1.1
            legacy | header  | 10.77.1.1 | 10.77.2.1 | udp 10.77.1.1:8001
            legacy | raw-253 | fd77:1::1 | fd77:2::1 | ip-253 fd77:1::1
            """)
    void packets_reach_allowed_hosts_alone(String backend, String kind, String allowed, String denied, String arrives) {
        Outcome run = bash(backend, "run /usr/bin/python3 \"$@\"", Built.fixture("packets.py"), kind, allowed, denied).exited(0);
        assertEquals(kind + " " + allowed + " ok\n" + kind + " " + denied + " EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of(arrives), ROOM.arrived(), run::toString);
    }

    /** Connections that the kernel adds to one, to addresses that the peer names, bear no class. */
    @ParameterizedTest
    @CsvSource({"net_cls, EPERM", "unified, ok"})
    void what_the_kernel_connects_by_itself_is_refused(String cgroups, String answer) {
        Outcome run = bash("nft", """
                $SECFILT --cgroups=$1 --firewall=require --allowed-netmask=10.77.1.1 /usr/bin/python3 -c '
                import errno, socket
                try:
                    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
                    print("ok")
                except OSError as e:
                    print(errno.errorcode[e.errno])'""", cgroups).exited(0);
        assertEquals(answer + "\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"net_cls, 0", "auto, 1"})
    void sockets_that_are_open_already_follow_into_the_class(String cgroups, int arrived) {
        Outcome run = bash("nft", "exec 7<>/dev/udp/10.77.2.1/8001; echo -n one >&7; exec 8<>/dev/udp/10.77.1.1/8001;"
                + " $SECFILT --cgroups=$1 --firewall=require --allowed-netmask=10.77.1.1 --inherit=keep"
                + " bash -c 'echo -n two >&7; echo -n two >&8'; true", cgroups).exited(0);
        assertEquals(1 + arrived, ROOM.arrived().stream().filter("udp 10.77.2.1:8001"::equals).count(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nft", "legacy"})
    void each_run_has_a_class_of_its_own(String backend) {
        Outcome run = bash(backend, """
                for i in $(seq 12); do
                    run bash -c 'cut -d: -f2- /proc/self/cgroup | sed -n "s/^net_cls:.//p"; read; exec /usr/bin/python3 "$0" raw-253 10.77.1.1 10.77.2.1' "$1" \\
                        < <(for j in $(seq 400); do [ -e go ] && break; sleep 0.1; done; echo) >> all &
                done
                for j in $(seq 300); do [ "$(wc -l < all)" = 12 ] && break; sleep 0.1; done
                sort -u all | while read name; do cat $point/$name/net_cls.classid; done | sort -u | wc -l
                iptables-save | grep -c -- '--cgroup 15[0-9]* -j SECFILT-R-'
                touch go; wait; grep raw all | sort | uniq -c | tr -s ' '; rm go all""", Built.fixture("packets.py")).exited(0);
        assertEquals("12\n12\n 12 raw-253 10.77.1.1 ok\n 12 raw-253 10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(12, ROOM.arrived().size());
    }

    @Test
    void root_cannot_leave_its_class() {
        Outcome run = bash("nft", """
                exec 5< $point
                run bash -c '
                    try() { echo "$1: $(bash -c "$2" 2>&1 > /dev/null && echo LEFT)" | grep -o "^.*LEFT"; }
                    try write "echo 0 > $0/tasks"; try procs "echo 0 > $0/cgroup.procs"; try class "echo 7 > $0$(sed -n s/.*:net_cls:// /proc/self/cgroup)/net_cls.classid"
                    try remount "mount -o remount,rw,bind $0 && echo 0 > $0/tasks"
                    try mount "mkdir -p other; mount -t cgroup -o net_cls none other && echo 0 > other/tasks"
                    try descriptor "echo 0 > /proc/self/fd/5/tasks"; try init "echo 0 > /proc/1/root$0/tasks"
                    try parent "echo 0 > /proc/$PPID/root$0/tasks"
                    try setns "nsenter -t 1 -m true"
                    sed -n s/.*net_cls:.secfilt-.*/inside/p /proc/self/cgroup
                    /usr/bin/python3 "$1" echo 10.77.1.1 10.77.2.1' $point "$1"
                """, Built.fixture("packets.py")).exited(0);
        assertEquals("inside\necho 10.77.1.1 ok\necho 10.77.2.1 EPERM\n", run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
    }

    @ParameterizedTest
    @ValueSource(strings = {"$SECFILT gc -q", "run true"})
    void what_a_crash_has_left_goes_and_what_lives_stays(String later) {
        Outcome run = bash("nft", """
                coproc run bash -c 'echo in; read; exec /usr/bin/python3 "$0" echo 10.77.2.1' "$1"
                read -u ${COPROC[0]} in
                run sleep 60 & command=$!
                for i in $(seq 200); do [ $(cat /proc/$command/comm) = sleep ] && break; sleep 0.05; done
                kill -KILL $(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$command/status); wait $command; echo $?
                iptables-save | grep -c -- '-j SECFILT-R-'
                LATER; iptables-save | grep -c -- '-j SECFILT-R-'
                $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true; iptables-save | grep -c -- '-j SECFILT-R-'
                echo >&${COPROC[1]}; cat <&${COPROC[0]}; wait""".replace("LATER", later), Built.fixture("packets.py")).exited(0);
        assertEquals("137\n2\n1\n1\necho 10.77.2.1 EPERM\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nft", "legacy"})
    void without_a_supervisor_the_class_holds_and_all_goes_at_the_end(String backend) {
        Outcome run = bash(backend, """
                run --no-supervisor bash -c 'grep TracerPid /proc/self/status; /usr/bin/python3 "$0" echo 10.77.1.1 10.77.2.1; exit 7' "$1"; echo $?
                for i in $(seq 100); do iptables-save | grep -q SECFILT || ip6tables-save | grep -q SECFILT || break; sleep 0.05; done
                for i in $(seq 100); do ls $point | grep -q "secfilt-$(stat -L -c %i /proc/self/ns/net)" || break; sleep 0.05; done""",
                Built.fixture("packets.py")).exited(0);
        assertEquals("TracerPid:\t0\necho 10.77.1.1 ok\necho 10.77.2.1 EPERM\n7\n", run.stdout(), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1"), ROOM.arrived());
    }

    @Test
    void it_is_taken_where_version_2_is_neither_mounted_nor_can_be() {
        Outcome run = bash("nft", """
                mount --make-rprivate /; umount -a -t cgroup2
                capsh --drop=cap_sys_admin -- -c '$SECFILT --firewall=require --allowed-netmask=10.77.1.1 bash -c "grep -c net_cls:/secfilt- /proc/self/cgroup"'
                """).exited(0);
        assertEquals("1\n", run.stdout(), run::toString);
    }

    @Test
    void a_process_that_has_a_class_keeps_it() {
        Outcome run = bash("nft", """
                mkdir $point/taken-$$; echo 4711 > $point/taken-$$/net_cls.classid
                (echo $BASHPID > $point/taken-$$/tasks; run echo ran; echo $?)
                for i in $(seq 100); do rmdir $point/taken-$$ && break; sleep 0.05; done 2> /dev/null""").exited(0);
        assertEquals("2\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("for want of a net class: this process has that of the cgroup /taken-"), run::toString);
    }
}
