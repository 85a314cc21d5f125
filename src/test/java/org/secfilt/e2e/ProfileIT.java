package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.secfilt.e2e.ProfileHost.GROUP;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Lasting profiles, told by who receives the packets of those in them. */
class ProfileIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(ProfileHost::furnish);

    @RegisterExtension
    static final ProfileHost HOST = new ProfileHost(ROOM);

    @ParameterizedTest
    @EnumSource
    void what_is_in_a_profile_reaches_what_its_rules_allow(Backend backend) {
        String packets = "/usr/bin/python3 " + Built.fixture("packets.py") + " echo,udplite ";
        Outcome run = HOST.near(backend, "$SECFILT --profile=t " + packets + "10.77.1.1 10.77.2.1 fd77:1::1 fd77:2::1").run().exited(0);
        assertEquals("""
                echo 10.77.1.1 ok
                udplite 10.77.1.1 ok
                echo 10.77.2.1 EPERM
                udplite 10.77.2.1 EPERM
                echo fd77:1::1 ok
                udplite fd77:1::1 ok
                echo fd77:2::1 EPERM
                udplite fd77:2::1 EPERM
                """.lines().sorted().toList(), run.stdout().lines().sorted().toList());
        assertEquals(List.of("ip-1 10.77.1.1", "ip-136 10.77.1.1", "ip-136 fd77:1::1", "ip-58 fd77:1::1"),
                ROOM.arrived().stream().sorted().toList());
    }

    @ParameterizedTest
    @EnumSource
    void the_lan_answers_and_a_public_address_is_not_sent_to(Backend backend) {
        Outcome run = HOST.bash(backend, """
                $SECFILT profile install lan -q
                $SECFILT --profile=lan bash -c 'ping -q -c1 10.77.1.1 > /dev/null && ping -q -c1 fd77:1::1 > /dev/null && echo pinged
                    echo x > /dev/udp/198.51.100.1/8001; echo x > /dev/udp/2001:db8::1/8001; : > /dev/tcp/198.51.100.1/8001'
                """).run();
        assertEquals("pinged\n", run.stdout(), run::toString);
        assertEquals(2, run.stderr().split("write error: Operation not permitted", -1).length - 1, run::toString);
        assertTrue(run.stderr().contains("connect: Connection refused"), run::toString);
        assertEquals(List.of("ip-1 10.77.1.1", "ip-58 fd77:1::1"), ROOM.arrived());
    }

    @Test
    void nothing_leaves_a_blocked_command_and_nothing_is_resolved() {
        ROOM.resolvConf("nameserver " + NetworkRoom.NEAR + "\n");
        Outcome run = HOST.bash(Backend.NFT, """
                $SECFILT profile install blocked -q
                $SECFILT --profile=blocked bash -c 'getent ahosts host.example; for a in 10.77.1.1 fd77:1::1 127.0.0.1; do echo x > /dev/udp/$a/8001; done'
                """).run();
        assertEquals("", run.stdout());
        assertEquals(3, run.stderr().split("Operation not permitted", -1).length - 1, run::toString);
        assertEquals(List.of(), ROOM.arrived());
        assertEquals(List.of(), ROOM.arrivedInside());
    }

    @ParameterizedTest
    @EnumSource
    void the_traffic_of_a_process_that_is_moved_follows_at_once(Backend backend) {
        Outcome run = HOST.near(backend, """
                mkfifo lines-$$; python3 sender.py 10.77.2.1 fd77:2::1 < lines-$$ > said-$$ & pid=$!
                exec 3> lines-$$; rm lines-$$
                until grep -q ready said-$$; do sleep 0.1; done
                say() { echo $1 >&3; until [ $(grep -c "^$1 " said-$$) = 2 ]; do sleep 0.1; done; }
                say before
                $SECFILT assign t $pid || exit 1; say within
                $SECFILT assign --out $pid || exit 1; say after
                exec 3>&-; wait $pid; cat said-$$; rm said-$$
                """).run().exited(0);
        assertEquals("""
                ready
                before 10.77.2.1 ok
                before fd77:2::1 ok
                within 10.77.2.1 EPERM
                within fd77:2::1 EPERM
                after 10.77.2.1 ok
                after fd77:2::1 ok
                """, run.stdout());
        assertEquals(List.of("udp 10.77.2.1:8001", "udp [fd77:2::1]:8001", "udp 10.77.2.1:8001", "udp [fd77:2::1]:8001"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void only_members_of_an_inverted_profile_may_talk(Backend backend) {
        Outcome run = HOST.bash(backend, """
                $SECFILT profile install t far.yaml --inverted -q
                echo outside | python3 sender.py 10.77.2.1 fd77:2::1 10.77.1.1
                echo member | $SECFILT --profile=t python3 sender.py 10.77.2.1 fd77:2::1
                """).run().exited(0);
        assertEquals("""
                ready
                outside 10.77.2.1 EPERM
                outside fd77:2::1 EPERM
                outside 10.77.1.1 ok
                ready
                member 10.77.2.1 ok
                member fd77:2::1 ok
                """, run.stdout());
        assertEquals(List.of("udp 10.77.1.1:8001", "udp 10.77.2.1:8001", "udp [fd77:2::1]:8001"), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void who_is_in_a_profile_is_in_it_for_good(User user) {
        assertEquals("", HOST.near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0).stderr());
        Outcome twice = ROOM.bash("$SECFILT --profile=t $SECFILT --profile=t echo ran").as(user).run().exited(125);
        assertEquals("", twice.stdout());
        assertEquals(List.of("secfilt: already assigned to a net class: profile t"), twice.reports());
        Outcome leave = ROOM.bash("""
                $SECFILT --profile=t bash -c '
                    $SECFILT assign --out $$
                    for point in $(sed -n "s/.* \\\\(.*\\\\) cgroup .*net_cls.*/\\\\1/p" /proc/self/mounts) $(mktemp -d); do
                        mount -t cgroup -o net_cls none $point
                        echo $$ > $point/cgroup.procs; echo $$ > $point/tasks
                    done 2> /dev/null
                    echo x > /dev/udp/10.77.2.1/8001; (echo x > /dev/udp/10.77.2.1/8001); echo x > /dev/udp/10.77.1.1/8001'
                """).as(user).run();
        assertEquals(2, leave.stderr().split("Operation not permitted", -1).length - 1 - (leave.stderr().contains("fsmount") ? 1 : 0), leave::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
    }

    @Test
    void a_member_of_the_group_enters_without_privilege_and_others_do_not() {
        assertEquals("", HOST.near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0).stderr());
        assertEquals("ran\n", ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(0).stdout());
        Outcome assigned = ROOM.bash("$SECFILT assign t $$ && echo x > /dev/udp/10.77.2.1/8001").as(User.ORDINARY).run().exited(1);
        assertTrue(assigned.stderr().contains("Operation not permitted"), assigned::toString);
        HOST.near(Backend.NFT, "$SECFILT profile install -q t near.yaml --group=" + (Command.ORDINARY_UID + 1)).run().exited(0);
        Outcome refused = ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(125);
        assertEquals("", refused.stdout());
        assertTrue(refused.stderr().contains("cannot enter the profile t") && refused.stderr().contains("EACCES"), refused::toString);
        assertTrue(refused.stderr().contains("it is open to root and group " + (Command.ORDINARY_UID + 1)), refused::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void the_policy_of_a_run_holds_besides_its_profile(User user) {
        HOST.near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0);
        Outcome run = ROOM.bash("""
                $SECFILT --profile=t --allowed-netmask=10.77.2.1 --allowed-netmask=fd77:1::1 bash -c '
                    for a in 10.77.2.1 10.77.1.1 fd77:1::1; do echo x > /dev/udp/$a/8001; done'
                """).as(user).run();
        assertEquals(List.of("udp [fd77:1::1]:8001"), ROOM.arrived(), run::toString);
    }

    @Test
    void sockets_that_the_supervisor_looks_at_stay_in_the_profile() {
        Outcome run = HOST.bash(Backend.NFT, """
                $SECFILT profile install -q t near.yaml || exit 99; exec 7<>/dev/udp/10.77.2.1/8001
                $SECFILT --profile=t --allowed-port=8001 --inherit=keep bash -c 'echo x >&7; echo x > /dev/udp/10.77.1.1/8001'""").run();
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }

    @Test
    void the_supervisor_of_a_command_that_is_moved_in_moves_along() throws IOException {
        Files.writeString(ROOM.directory().resolve("protocol.yaml"),
                "version: 1\nfirewall: off\nconnect:\n  allow:\n    - {port: 8001, protocol: udp}\n");
        Outcome run = HOST.bash(Backend.NFT, """
                rm -f go; $SECFILT profile install -q t near.yaml || exit 99
                $SECFILT --policy protocol.yaml bash -c 'until [ -e go ]; do sleep 0.1; done
                    exec 5<>/dev/udp/10.77.2.1/8001; echo x >&5; echo x > /dev/udp/10.77.1.1/8001' 2>/dev/null & run=$!
                until grep -qs until /proc/$run/cmdline && grep -q 'TracerPid:.[1-9]' /proc/$run/status; do sleep 0.05; done
                $SECFILT assign t $(sed -n 's/^TracerPid:.//p' /proc/$run/status) || exit 98
                touch go; wait; $SECFILT profile list | grep -c '^t *0 '
                """).run().exited(0);
        assertEquals("1\n", run.stdout(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            --policy sockets.yaml | unix EPERM unix EPERM unix ok touch ok touch ok chmod ok
            --read-only --allow-write=/dev/null --allow-write=may | unix ok unix ok unix ok touch EACCES touch ok chmod EPERM
            --read-only --allow-write=/dev/null --allow-write=may --policy sockets.yaml | unix EPERM unix EPERM unix ok touch EACCES touch ok chmod EPERM
            """)
    void roots_command_is_kept_in_its_profile_under_rules_for_files_and_sockets_too(String options, String outcome) throws IOException {
        HOST.policy("sockets.yaml", "unix:\n  deny: [" + ROOM.directory() + "/denied.sock]\n");
        Files.writeString(ROOM.directory().resolve("deeds.py"), """
                import errno, os, socket
                def attempt(name, deed):
                    try:
                        deed()
                        print(name, "ok", end=" ")
                    except OSError as e:
                        print(name, errno.errorcode[e.errno], end=" ")
                def write(path):
                    with open(path, "w") as file:
                        file.write("0")
                for mount in open("/proc/self/mounts").read().splitlines():
                    if "net_cls" in mount:
                        try: write(mount.split()[1] + "/tasks")
                        except OSError: pass
                for path in "denied.sock", "link.sock", "allowed.sock":
                    attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect(path))
                attempt("touch", lambda: write("touched")); attempt("touch", lambda: write("may/touched")); attempt("chmod", lambda: os.chmod("deeds.py", 0o600))
                for address in "10.77.2.1", "10.77.1.1":
                    try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (address, 8001))
                    except OSError: pass
                """);
        Outcome run = HOST.near(Backend.NFT, """
                mount --make-rprivate /; mkdir -p classes may; mount -t cgroup -o net_cls none classes; rm -f *.sock touched
                for s in denied allowed; do nc -lkU $s.sock & done; ln -s denied.sock link.sock; until [ -e denied.sock -a -e allowed.sock ]; do sleep 0.05; done
                $SECFILT -q --profile=t $1 python3 deeds.py; kill %1 %2""".replace("$1", options)).run();
        assertEquals(outcome + " ", run.stdout(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }
}
