package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Requirements;

/** Lasting profiles where the kernel has no net_cls, told by who receives the packets of those in them. */
class UnifiedProfileIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** The iptables of the first word; this shell in a cgroup of its own, mounted at $two, which goes with it. */
    private static final String BEGIN = """
            mkdir -p bin-$1; for v in '' 6; do for p in '' -save -restore; do ln -sf /usr/sbin/ip${v}tables-$1$p bin-$1/ip${v}tables$p; done; done
            export PATH=$PWD/bin-$1:/usr/sbin:/usr/bin:/sbin:/bin; shift
            mount --make-rprivate /; umount -a -t cgroup2,cgroup; mkdir -p two-$$; two=$PWD/two-$$; mount -t cgroup2 none $two; mkdir -p $two/own-$$/job
            leave() { # who has ended leaves its cgroup a moment later
                echo $$ > $two/cgroup.procs; for i in $(seq 100); do rmdir $two/own-$$/job && break; sleep 0.02; done; rmdir $two/own-$$; umount $two; rmdir $two
            } 2> /dev/null; trap leave EXIT
            echo $$ > $two/own-$$/job/cgroup.procs
            profile() { $SECFILT profile "$@" --cgroups=unified; }; assign() { $SECFILT assign --cgroups=unified "$@"; }
            run() { $SECFILT --cgroups=unified "$@"; }
            """;
    private static final String SENDER = """
            import errno, socket, sys
            def send(address, s, line):
                try:
                    s.sendto(line.encode(), (address, 8001))
                    print(line, address, "ok", flush=True)
                except OSError as e:
                    print(line, address, errno.errorcode[e.errno], flush=True)
            def made(address):
                return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            before = [(address, made(address)) for address in sys.argv[1:]]
            for address, s in before:
                s.connect((address, 8001))
            print("ready", flush=True)
            for line in sys.stdin:
                for address, s in before:
                    send(address, s, line.strip() + "-before")
                    send(address, made(address), line.strip() + "-new")
            """;

    @BeforeAll
    static void makeFiles() throws IOException {
        for (String program : List.of("iptables", "ip6tables", "ping")) {
            Requirements.program(program);
        }
        Files.writeString(ROOM.directory().resolve("sender.py"), SENDER);
        Files.writeString(ROOM.directory().resolve("near.yaml"), "version: 1\nconnect:\n  allow: [10.77.1.1, \"fd77:1::1\"]\n");
        Files.writeString(ROOM.directory().resolve("far.yaml"), "version: 1\nconnect:\n  mode: allow\n  deny: [10.77.2.1, \"fd77:2::1\"]\n");
    }

    private static Command bash(Backend backend, String script) {
        return ROOM.bash(BEGIN + script, backend.toString().toLowerCase()).timeoutMillis(60_000);
    }

    private static Command near(Backend backend, String script) {
        return bash(backend, "profile install -q t near.yaml || exit 99; " + script);
    }

    @AfterEach
    void removeAll() {
        Outcome run = bash(Backend.NFT, "profile list | tail -n +2 | while read name _; do profile remove $name --force -q; done; find $two -name '*secfilt*'"
                + " | grep -- \"-$(stat -L -c %i /proc/self/ns/net)-\\|profile-t\"; for s in iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do $s-save | grep SECFILT; done; true").run();
        assertEquals("", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void what_is_in_a_profile_reaches_what_its_rules_allow(Backend backend) {
        Outcome run = near(backend, "run --profile=t /usr/bin/python3 " + Built.fixture("packets.py")
                + " echo,udplite 10.77.1.1 10.77.2.1 fd77:1::1 fd77:2::1; profile show t | head -5 | sed 's/[0-9]\\{3,\\}/N/; s/own-[0-9]*/own/'; profile list").run().exited(0);
        assertEquals(List.of("echo 10.77.1.1 ok", "echo 10.77.2.1 EPERM", "echo fd77:1::1 ok", "echo fd77:2::1 EPERM", "udplite 10.77.1.1 ok",
                "udplite 10.77.2.1 EPERM", "udplite fd77:1::1 ok", "udplite fd77:2::1 EPERM"), run.stdout().lines().limit(8).sorted().toList());
        assertEquals("""
                profile    t
                enter      root
                cgroup     /secfilt-profiles-N/profile-t
                chain      SECFILT-P-t
                judges     the processes in it
                NAME  PROCESSES  WHO MAY ENTER
                t     0          root
                """, String.join("\n", run.stdout().lines().skip(8).toList()) + "\n");
        assertEquals(List.of("ip-1 10.77.1.1", "ip-136 10.77.1.1", "ip-136 fd77:1::1", "ip-58 fd77:1::1"),
                ROOM.arrived().stream().sorted().toList());
    }

    @ParameterizedTest
    @EnumSource
    void the_shipped_profiles_hold(Backend backend) {
        Outcome run = bash(backend, """
                profile install lan -q && profile install blocked -q || exit 99
                run --profile=lan bash -c 'ping -q -c1 10.77.1.1 > /dev/null && ping -q -c1 fd77:1::1 > /dev/null && echo pinged
                    echo x > /dev/udp/198.51.100.1/8001; echo x > /dev/udp/2001:db8::1/8001; : > /dev/tcp/198.51.100.1/8001'
                run --profile=blocked bash -c 'for a in 10.77.1.1 fd77:1::1 127.0.0.1; do echo x > /dev/udp/$a/8001; done'
                """).run();
        assertEquals("pinged\n", run.stdout(), run::toString);
        assertEquals(5, run.stderr().split("write error: Operation not permitted", -1).length - 1, run::toString);
        assertTrue(run.stderr().contains("connect: Connection refused"), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived());
        assertEquals(List.of(), ROOM.arrivedInside());
    }

    @ParameterizedTest
    @EnumSource
    void only_members_of_an_inverted_profile_may_talk(Backend backend) {
        Outcome run = bash(backend, """
                profile install t far.yaml --inverted -q; profile show t | grep judges
                echo outside | python3 sender.py 10.77.2.1 fd77:2::1 10.77.1.1 | grep new
                echo member | run --profile=t python3 sender.py 10.77.2.1 fd77:2::1
                """).run().exited(0);
        assertEquals("""
                judges     all but the processes in it
                outside-new 10.77.2.1 EPERM
                outside-new fd77:2::1 EPERM
                outside-new 10.77.1.1 ok
                ready
                member-before 10.77.2.1 ok
                member-new 10.77.2.1 ok
                member-before fd77:2::1 ok
                member-new fd77:2::1 ok
                """, run.stdout());
        assertEquals(6, ROOM.arrived().size());
    }

    @ParameterizedTest
    @EnumSource
    void sockets_that_are_made_after_a_move_follow_and_the_others_are_told(Backend backend) {
        Outcome run = near(backend, """
                mkfifo lines-$$; python3 sender.py 10.77.2.1 < lines-$$ > said-$$ & pid=$!
                exec 3> lines-$$; rm lines-$$
                until grep -q ready said-$$; do sleep 0.1; done
                say() { echo $1 >&3; until [ $(grep -c "^$1-" said-$$) = 2 ]; do sleep 0.1; done; }
                assign t $pid; echo $?; say within
                assign --out $pid; echo $?; grep -c ^0::/own /proc/$pid/cgroup; say after
                exec 3>&-; wait $pid; cat said-$$; rm said-$$; sleep 60 & assign t $!; kill $!
                """).run().exited(0);
        assertEquals("0\n0\n1\nready\nwithin-before 10.77.2.1 ok\nwithin-new 10.77.2.1 EPERM\nafter-before 10.77.2.1 ok\nafter-new 10.77.2.1 ok\n", run.stdout());
        assertEquals(2, run.reports().size(), run::toString);
        assertTrue(run.reports().get(0).contains(" has 1 socket open already, which stays out of the profile: this host has cgroups of version 2 alone"),
                run::toString);
        assertEquals(3, ROOM.arrived().size());
    }

    /** Of a thread that parted from the first one's, and of one that goes on where the first has ended. */
    @ParameterizedTest
    @ValueSource(strings = {"parted", "ended"})
    void sockets_are_told_whoevers_descriptors_they_are_among(String whose) {
        Outcome run = near(Backend.NFT, """
                cat > own.py <<'END'
                import ctypes, os, socket, sys, threading, time
                def work():
                    if sys.argv[1] == "parted": ctypes.CDLL(None).unshare(0x400)
                    s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(2)]
                    for one in s: one.connect(("10.77.2.1", 8001))
                    print(os.getpid(), flush=True); time.sleep(9); os._exit(0)
                threading.Thread(target=work).start()
                if sys.argv[1] == "ended": ctypes.CDLL(None).syscall(60, 0)
                time.sleep(9)
                END
                exec 5< <(python3 own.py %s); read pid <&5; sleep 0.2; assign t $pid; kill $pid""".formatted(whose)).run().exited(0);
        assertTrue(run.reports().get(0).contains(" has 2 sockets open already, which stay out of the profile: "), run::toString);
    }

    @Test
    void a_process_in_a_profile_is_refused_and_root_does_not_leave() {
        Outcome run = near(Backend.NFT, """
                run --profile=t $SECFILT --cgroups=unified --profile=t echo ran; echo $?
                run --profile=t bash -c '
                    for point in $(sed -n "s/.* \\\\(.*\\\\) cgroup2 .*/\\\\1/p" /proc/self/mounts) $(mktemp -d); do
                        mount -t cgroup2 none $point; echo $$ > $point/cgroup.procs; mount -o remount,rw,bind $point && echo $$ > $point/cgroup.procs
                    done 2> /dev/null
                    echo 0 > /proc/1/root'$two'/cgroup.procs; echo x > /dev/udp/10.77.2.1/8001; echo x > /dev/udp/10.77.1.1/8001' 2> /dev/null
                true""").run().exited(0);
        assertEquals("125\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: already assigned to a net class: profile t"), run.reports());
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
    }

    /** cgroups(7) "Cgroup delegation containment" */
    @Test
    void members_enter_where_the_cgroup_above_is_theirs_and_are_told_what_to_do_elsewhere() {
        String user = "setpriv --reuid=54771 --regid=54771 --clear-groups ";
        Outcome run = bash(Backend.NFT, """
                profile install -q t near.yaml --group=54771
                $USER $SECFILT --cgroups=unified --profile=t echo ran; echo $?; profile remove t -q
                chown 54771 $two/own-$$ $two/own-$$/cgroup.procs
                profile install -q t near.yaml --group=54771 --below=/own-$$ || exit 99; profile list | tail -1; profile show t | grep -c /own-$$/secfilt
                $USER $SECFILT --cgroups=unified --profile=t bash -c 'echo x > /dev/udp/10.77.1.1/8001; echo x > /dev/udp/10.77.2.1/8001; grep -o profile-t /proc/self/cgroup'
                for options in '' '--read-only --allow-write=/dev/null'; do
                    $USER $SECFILT -q --cgroups=unified --profile=t $options bash -c 'echo $$ > '$two/own-$$'/cgroup.procs; grep -c profile-t /proc/self/cgroup' 2> /dev/null
                done
                profile install -q t near.yaml --below=/elsewhere; profile install -q t near.yaml --below=/; profile remove t -q; ls -d $two/own-$$/secfilt*
                """.replace("$USER", user)).run();
        assertEquals("125\nt     0          group 54771, root\n1\nprofile-t\n0\n1\n", run.stdout(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
        assertTrue(run.reports().get(0).contains("cannot enter the profile t") && run.reports().get(0).contains("EACCES"), run::toString);
        assertTrue(run.reports().get(0).contains("may write to cgroup.procs of the cgroup / too"), run::toString);
        assertEquals(List.of("secfilt: there is no cgroup /elsewhere"), run.reports().subList(1, 2));
        assertTrue(run.stderr().contains("write error: Operation not permitted"), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "keep", "refuse"})
    void sockets_from_before_the_profile_do_not_come_along(String inherit) {
        for (String user : List.of("", "setpriv --reuid=54771 --regid=54771 --clear-groups ")) {
            Outcome run = bash(Backend.NFT, """
                    chown 54771 $two/own-$$ $two/own-$$/cgroup.procs; profile install -q t near.yaml --group=54771 --below=/own-$$
                    exec 7<>/dev/udp/10.77.2.1/8001
                    """ + user + "$SECFILT --cgroups=unified --profile=t --inherit=" + inherit + " bash -c 'echo x >&7'; profile remove t -q").run();
            assertEquals(inherit.equals("keep") ? 1 : 0, ROOM.arrived().size(), run::toString);
            assertTrue(run.stderr().contains("inherited descriptor 7: a socket from before the profile, which has no say over it"), run::toString);
        }
    }

    @Test
    void the_policy_of_a_run_holds_besides_its_profile_and_the_profile_has_all_processes() {
        Outcome run = near(Backend.NFT, """
                run --profile=t --firewall=require --allowed-netmask=10.77.2.1 --allowed-netmask=fd77:1::1 bash -c '
                    for a in 10.77.2.1 10.77.1.1 fd77:1::1; do echo x > /dev/udp/$a/8001; done; ping -qc1 10.77.2.1 > /dev/null; ping -qc1 fd77:1::1 > /dev/null && echo pinged
                    read' 2> /dev/null < <(for i in $(seq 200); do [ -e go ] && break; sleep 0.1; done) &
                until profile list | grep -q '^t *1 '; do sleep 0.1; done; profile remove t; echo $?; sleep 1; touch go; wait; rm go
                profile remove t""").run().exited(0);
        assertEquals(List.of("125", "pinged", "removed profile t"), run.stdout().lines().filter(line -> !line.contains("bytes")).sorted().toList(), run::toString);
        assertTrue(ROOM.arrived().stream().allMatch(line -> line.contains("fd77:1::1")), run::toString);
    }

    @Test
    void version_2_is_taken_where_net_cls_is_neither_mounted_nor_can_be() {
        Outcome run = bash(Backend.NFT, """
                without() { capsh --drop=cap_sys_admin -- -c "$1"; }
                without "$SECFILT profile install t near.yaml && $SECFILT profile show t | grep -o '/secfilt-profiles'"
                without "$SECFILT assign t $$"; (echo x > /dev/udp/10.77.2.1/8001); without "$SECFILT profile list" | tail -1
                assign --out $$; without "$SECFILT profile remove t"
                """).run();
        assertEquals("installed profile t from near.yaml\n/secfilt-profiles\nt     1          root\nremoved profile t\n", run.stdout().replaceAll("(t +)\\d", "$11"), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Unless somebody has made profiles of version 2. */
    @Test
    void who_does_not_see_net_cls_is_told_so_and_not_that_there_is_no_profile() {
        Outcome run = bash(Backend.NFT, "user='setpriv --reuid=54771 --regid=54771 --clear-groups'; $user $SECFILT --profile=t echo ran; echo $?; $user $SECFILT profile list; echo $?;"
                + "profile install t near.yaml -q; $user $SECFILT profile list | tail -1").run();
        assertEquals("125\n125\nt     0          root\n", run.stdout(), run::toString);
        String why = "secfilt: no net_cls hierarchy is mounted in sight, so only root can use profiles here: install them with --group";
        assertEquals(List.of(why, why), run.reports());
    }

    @ParameterizedTest(name = "{0} cgroups may be made")
    @ValueSource(ints = {0, 1})
    void what_was_made_of_a_profile_goes_again_where_the_rest_cannot_be_made(int made) {
        Outcome run = bash(Backend.NFT, "echo $((2 + MADE)) > $two/own-$$/cgroup.max.descendants; mkdir $two/own-$$/other; profile install t near.yaml --below=own-$$; echo $?"
                .replace("MADE", String.valueOf(made)) + "; ls -d $two/own-$$/secfilt*; profile list; iptables-save | grep SECFILT; rmdir $two/own-$$/other").run();
        assertEquals("125\n", run.stdout(), run::toString);
        assertTrue(run.reports().get(0).startsWith("secfilt: mkdir(cgroup /own-") && run.reports().get(0).contains("EAGAIN"), run::toString);
    }
}
