package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lasting profiles, told by who receives the packets of those in them. */
class ProfileIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String GROUP = "--group=" + Command.ORDINARY_UID;
    /** All of the filter tables, counters left out. */
    private static final String TABLES = "{ iptables-save -t filter; ip6tables-save -t filter; } | grep -v '^#' | sed 's/\\[.*//'";
    /** Sends a datagram to each address when a line comes; says what became of it. Its sockets are open all the time. */
    private static final String SENDER = """
            import errno, socket, sys
            sockets = []
            for address in sys.argv[1:]:
                s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
                s.connect((address, 8001))
                sockets.append((address, s))
            print("ready", flush=True)
            for line in sys.stdin:
                for address, s in sockets:
                    try:
                        s.send(line.encode())
                        print(line.strip(), address, "ok", flush=True)
                    except OSError as e:
                        print(line.strip(), address, errno.errorcode[e.errno], flush=True)
            """;

    @BeforeAll
    static void makeFiles() throws IOException {
        Backend.prepare(ROOM);
        Files.writeString(ROOM.directory().resolve("sender.py"), SENDER);
        policy("near.yaml", "connect:\n  allow: [" + NetworkRoom.NEAR + ", \"" + NetworkRoom.NEAR6 + "\"]\n");
        policy("far.yaml", "connect:\n  mode: allow\n  deny: [" + NetworkRoom.FAR + ", \"" + NetworkRoom.FAR6 + "\"]\n");
    }

    private static String policy(String name, String text) throws IOException {
        return Files.writeString(ROOM.directory().resolve(name), "version: 1\n" + text).toString();
    }

    @AfterEach
    void removeAll() {
        bash(Backend.NFT, "$SECFILT profile list | tail -n +2 | while read name _; do $SECFILT profile remove $name --force -q; done").run().exited(0);
        assertEquals("", bash(Backend.LEGACY, "{ iptables-save; ip6tables-save; iptables-nft-save; ip6tables-nft-save; } | grep SECFILT; true").run().stdout());
    }

    private static Command bash(Backend backend, String script) {
        return ROOM.bash(script).with("PATH", backend.path(ROOM));
    }

    private static Command near(Backend backend, String script) {
        return bash(backend, "$SECFILT profile install -q t near.yaml || exit 99; " + script);
    }

    @ParameterizedTest
    @EnumSource
    void what_is_in_a_profile_reaches_what_its_rules_allow(Backend backend) {
        String packets = "/usr/bin/python3 " + Built.fixture("packets.py") + " echo,udplite ";
        Outcome run = near(backend, "$SECFILT --profile=t " + packets + "10.77.1.1 10.77.2.1 fd77:1::1 fd77:2::1").run().exited(0);
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
        Outcome run = bash(backend, """
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
        Outcome run = bash(Backend.NFT, """
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
        Outcome run = near(backend, """
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
        Outcome run = bash(backend, """
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

    @Test
    void a_file_says_who_may_enter_and_whom_its_rules_are_for() throws IOException {
        String file = policy("terms.yaml", "connect: {mode: allow, deny: [" + NetworkRoom.FAR + "]}\nprofile: {group: " + Command.ORDINARY_UID
                + ", inverted: true}\n");
        ROOM.secfilt("profile", "install", "t", file).run().exited(0);
        assertEquals("ready\nx 10.77.2.1 EPERM\n", ROOM.bash("echo x | python3 sender.py 10.77.2.1").run().exited(0).stdout());
        assertEquals("ready\nx 10.77.2.1 ok\n",
                ROOM.bash("echo x | $SECFILT --profile=t python3 sender.py 10.77.2.1").as(User.ORDINARY).run().exited(0).stdout());
        Outcome run = ROOM.secfilt("--policy", file, "echo", "ran").run().exited(2);
        assertTrue(run.stderr().contains("terms.yaml:3:") && run.stderr().contains("no policy of a run"), run::toString);
        Outcome unknown = ROOM.secfilt("profile", "install", "t", policy("who.yaml", "mode: deny\nprofile: {group: no-such}\n")).run().exited(2);
        assertTrue(unknown.stderr().contains("group no-such: there is no such group"), unknown::toString);
    }

    @ParameterizedTest
    @EnumSource
    void who_is_in_a_profile_is_in_it_for_good(User user) {
        assertEquals("", near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0).stderr());
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
        assertEquals("", near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0).stderr());
        assertEquals("ran\n", ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(0).stdout());
        Outcome assigned = ROOM.bash("$SECFILT assign t $$ && echo x > /dev/udp/10.77.2.1/8001").as(User.ORDINARY).run().exited(1);
        assertTrue(assigned.stderr().contains("Operation not permitted"), assigned::toString);
        near(Backend.NFT, "$SECFILT profile install -q t near.yaml --group=" + (Command.ORDINARY_UID + 1)).run().exited(0);
        Outcome refused = ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(125);
        assertEquals("", refused.stdout());
        assertTrue(refused.stderr().contains("cannot enter the profile t") && refused.stderr().contains("EACCES"), refused::toString);
        assertTrue(refused.stderr().contains("it is open to root and group " + (Command.ORDINARY_UID + 1)), refused::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void an_ordinary_user_changes_no_profile() {
        for (String words : List.of("install t near.yaml", "remove t")) {
            Outcome run = ROOM.bash("$SECFILT profile " + words).as(User.ORDINARY).run().exited(125);
            assertEquals(List.of("secfilt: profiles cannot be changed here, for want of CAP_NET_ADMIN"), run.reports());
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_policy_of_a_run_holds_besides_its_profile(User user) {
        near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP).run().exited(0);
        Outcome run = ROOM.bash("""
                $SECFILT --profile=t --allowed-netmask=10.77.2.1 --allowed-netmask=fd77:1::1 bash -c '
                    for a in 10.77.2.1 10.77.1.1 fd77:1::1; do echo x > /dev/udp/$a/8001; done'
                """).as(user).run();
        assertEquals(List.of("udp [fd77:1::1]:8001"), ROOM.arrived(), run::toString);
    }

    @Test
    void sockets_that_the_supervisor_looks_at_stay_in_the_profile() {
        Outcome run = bash(Backend.NFT, """
                $SECFILT profile install -q t near.yaml || exit 99; exec 7<>/dev/udp/10.77.2.1/8001
                $SECFILT --profile=t --allowed-port=8001 --inherit=keep bash -c 'echo x >&7; echo x > /dev/udp/10.77.1.1/8001'""").run();
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }

    @Test
    void the_supervisor_of_a_command_that_is_moved_in_moves_along() throws IOException {
        Files.writeString(ROOM.directory().resolve("protocol.yaml"),
                "version: 1\nfirewall: off\nconnect:\n  allow:\n    - {port: 8001, protocol: udp}\n");
        Outcome run = bash(Backend.NFT, """
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

    @ParameterizedTest
    @EnumSource
    void rules_of_others_are_left_as_they_are(Backend backend) {
        Outcome run = bash(backend, """
                iptables -A OUTPUT -d 203.0.113.9 -j DROP; ip6tables -A INPUT -s 2001:db8:9::/48 -j DROP; iptables -N SECFILT-own
                """ + TABLES + " > before; $SECFILT profile install -q t near.yaml; $SECFILT profile install -q a-name-that-is-longer-than-a-chain.can_be near.yaml;"
                + TABLES + " > between; $SECFILT profile install -q t far.yaml; $SECFILT gc; $SECFILT profile list; $SECFILT profile remove t -q;"
                + "$SECFILT profile remove -q a-name-that-is-longer-than-a-chain.can_be; " + TABLES + """
                 > after; diff before after && ! cmp -s before between && grep -c -- '-A OUTPUT.*SECFILT-P' between
                iptables -F; ip6tables -F; iptables -X
                """).run().exited(0);
        assertEquals("""
                NAME                                       PROCESSES  WHO MAY ENTER
                a-name-that-is-longer-than-a-chain.can_be  0          root
                t                                          0          root
                4
                """, run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "../t", "a/b", "a b", "\u00e9", "a\"b", "a;b", "$x", "*"})
    void a_name_is_letters_digits_dots_dashes_and_underlines(String name) {
        for (List<String> words : List.of(List.of("profile", "install", name), List.of("profile", "show", name), List.of("profile", "remove", name),
                List.of("assign", name, "1"), List.of("--profile=" + name, "echo", "ran"))) {
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).run().exited(2);
            assertEquals("", run.stdout());
            assertTrue(run.stderr().contains("is no name of a profile; write letters, digits, '.', '_' and '-'"), run::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tasks", "cgroup.procs", "net_cls.classid", "a.b_c-d", "0"})
    void names_that_the_kernel_uses_too_are_fine(String name) {
        Outcome run = ROOM.bash("$SECFILT profile install " + name + " near.yaml && $SECFILT --profile=" + name + " true && $SECFILT profile remove " + name)
                .run().exited(0);
        assertEquals("installed profile " + name + " from near.yaml\nremoved profile " + name + "\n", run.stdout());
    }

    @ParameterizedTest
    @EnumSource
    void a_step_that_fails_undoes_the_others(Backend backend) throws IOException {
        Path broken = Files.createDirectories(ROOM.directory().resolve("broken"));
        Path program = Files.writeString(broken.resolve("ip6tables-restore"), "#!/bin/sh\necho 'no such match' >&2\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Outcome fresh = bash(backend, "PATH=$PWD/broken:$PATH $SECFILT profile install t near.yaml; echo $?; $SECFILT profile list; " + TABLES).run();
        assertEquals(List.of("secfilt: ip6tables-restore: no such match"), fresh.reports());
        assertTrue(fresh.stdout().startsWith("125\n") && !fresh.stdout().contains("SECFILT"), fresh::toString);
        Outcome replaced = near(backend, TABLES + " > one; PATH=$PWD/broken:$PATH $SECFILT profile install t far.yaml --inverted; "
                + TABLES + " > two; diff one two; grep -c SECFILT two").run().exited(0);
        assertEquals(List.of("secfilt: ip6tables-restore: no such match"), replaced.reports());
        assertEquals(1, replaced.stdout().lines().count(), replaced::toString);
        Outcome missing = bash(backend, "mkdir empty; PATH=$PWD/empty $SECFILT profile show nothing").run().exited(125);
        assertEquals(List.of("secfilt: there is no profile nothing in this network namespace; secfilt profile install nothing makes it"),
                missing.reports());
    }

    /** Without CAP_CHOWN the file of those who may enter cannot be given to another group. */
    @Test
    void a_group_that_cannot_be_given_leaves_the_former_one() {
        Outcome run = near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP + "; $SECFILT profile list > one; "
                + "setpriv --bounding-set=-chown --inh-caps=-chown $SECFILT profile install t far.yaml --group=" + (Command.ORDINARY_UID + 1)
                + "; echo $?; $SECFILT profile list > two; diff one two").run().exited(0);
        assertEquals("125\n", run.stdout());
        assertEquals(1, run.reports().size(), run::toString);
        assertEquals("ran\n", ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(0).stdout());
    }

    @Test
    void installing_with_another_iptables_moves_the_rules() {
        Outcome run = near(Backend.LEGACY, "PATH=${PATH/LEGACY/NFT} $SECFILT profile install -q t far.yaml; iptables-save | grep -c SECFILT; iptables-nft-save | grep -c 'OUTPUT.*SECFILT'")
                .run().exited(0);
        assertEquals("0\n1\n", run.stdout());
    }

    @Test
    void a_profile_with_processes_stays_unless_it_is_forced_away() {
        Outcome run = near(Backend.NFT, """
                sleep 60 & pid=$!
                $SECFILT assign t $pid $pid; $SECFILT assign t $$ $pid; $SECFILT assign --out $$
                $SECFILT profile show t | grep -o 'sleep'; $SECFILT profile remove t; echo $?
                $SECFILT profile remove t --force; grep net_cls /proc/$pid/cgroup | cut -d: -f3; kill $pid
                """).run();
        assertEquals("sleep\n125\nremoved profile t\n/\n", run.stdout(), run::toString);
        assertEquals(3, run.reports().size(), run::toString);
        assertTrue(run.reports().get(0).endsWith("is already assigned to a net class: profile t"), run::toString);
        assertTrue(run.reports().get(1).endsWith("is in no profile"), run::toString);
        assertTrue(run.reports().get(2).contains("the profile t has processes in it"), run::toString);
    }

    @Test
    void rules_that_somebody_flushed_are_missed() {
        Outcome run = near(Backend.NFT, "ip6tables -F OUTPUT; $SECFILT profile show t | tail -1; $SECFILT --profile=t echo ran; echo $?;"
                + "$SECFILT profile install -q t near.yaml && $SECFILT --profile=t echo ran").run().exited(0);
        assertEquals("  THE RULES ARE GONE; secfilt profile install brings them back\n125\nran\n", run.stdout());
        assertEquals(List.of("secfilt: the rules of the profile t are gone from ip6tables; secfilt profile install t brings them back"), run.reports());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            families: [inet]            | a profile judges packets, not the families of sockets
            unix: {mode: deny}          | unix sockets send no packets
            no-outbound-network: true   | unix sockets send no packets
            filesystem: {read-only: true} | a profile judges packets, not files
            private-tmp: true           | a profile gives a command no network, /tmp or user of its own
            errno: EACCES               | nobody sees which call a profile's denial meets
            mode: allow                 | it restricts no destination
            """)
    void what_no_packet_shows_is_no_matter_of_a_profile(String text, String why) throws IOException {
        Outcome run = ROOM.secfilt("profile", "install", "t", policy("odd.yaml", text + "\n")).run().exited(2);
        assertTrue(run.stderr().contains("odd.yaml: " + why), run::toString);
        assertFalse(ROOM.secfilt("profile", "list").run().exited(0).stdout().contains("t"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            --policy sockets.yaml | unix EPERM unix EPERM unix ok touch ok touch ok chmod ok
            --read-only --allow-write=/dev/null --allow-write=may | unix ok unix ok unix ok touch EACCES touch ok chmod EPERM
            --read-only --allow-write=/dev/null --allow-write=may --policy sockets.yaml | unix EPERM unix EPERM unix ok touch EACCES touch ok chmod EPERM
            """)
    void roots_command_is_kept_in_its_profile_under_rules_for_files_and_sockets_too(String options, String outcome) throws IOException {
        policy("sockets.yaml", "unix:\n  deny: [" + ROOM.directory() + "/denied.sock]\n");
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
        Outcome run = near(Backend.NFT, """
                mount --make-rprivate /; mkdir -p classes may; mount -t cgroup -o net_cls none classes; rm -f *.sock touched
                for s in denied allowed; do nc -lkU $s.sock & done; ln -s denied.sock link.sock; until [ -e denied.sock -a -e allowed.sock ]; do sleep 0.05; done
                $SECFILT -q --profile=t $1 python3 deeds.py; kill %1 %2""".replace("$1", options)).run();
        assertEquals(outcome + " ", run.stdout(), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
    }
}
