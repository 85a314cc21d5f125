package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** What the command has of its own: a network with loopback alone, a /tmp, a user, by themselves and together with rules. */
class SurroundingsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String SEND = "for a in 10.77.1.1 10.77.2.1 fd77:1::1; do echo x 2>/dev/null >/dev/udp/$a/8001; done;"
            + " exec 3<>/dev/tcp/10.77.1.1/8001";

    @ParameterizedTest
    @EnumSource
    void a_network_of_ones_own_reaches_nobody(User user) {
        ROOM.bash(SEND).as(user).run().exited(0);
        assertEquals(4, ROOM.arrived().size());
        Outcome run = ROOM.secfilt("--net=none", "bash", "-c", SEND).as(user).run().exited(1);
        assertTrue(run.stderr().contains("Network is unreachable"), run::toString);
        assertEquals(List.of(), ROOM.arrived());
        assertEquals(List.of(), ROOM.arrivedInside());
    }

    @ParameterizedTest
    @EnumSource
    void a_network_of_ones_own_has_loopback_and_its_own_ports(User user) {
        Outcome run = ROOM.secfilt("--net=none", "/usr/bin/python3", "-c", """
                import socket
                for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
                    server = socket.create_server((address, 8001), family=family)
                    client = socket.create_connection((address, 8001))
                    client.sendall(b"hi")
                    print(server.accept()[0].recv(2))
                print(open("/proc/net/dev").read().count(":"))
                """).as(user).run();
        assertEquals("b'hi'\nb'hi'\n1\n", run.exited(0).stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    @Test
    void the_hosts_network_cannot_be_entered_again() {
        String enter = Fixtures.compile("enter-network").toString();
        String script = "exec 9</proc/self/ns/net; exec \"$@\"";
        Outcome bare = ROOM.bash(script, "unshare", "-n", enter, NetworkRoom.NEAR, "8001").run().exited(0);
        assertEquals("entered\nsent\n", bare.stdout());
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
        for (User user : User.values()) {
            for (String options : List.of("--net=none", "--net=none --allowed-netmask=10.77.0.0/16")) {
                Outcome run = ROOM.bash("exec 9</proc/self/ns/net; $SECFILT " + options + " \"$@\"", enter, NetworkRoom.NEAR, "8001")
                        .as(user).run().exited(1);
                assertEquals("EPERM\nENETUNREACH\n", run.stdout(), run::toString);
                assertEquals(List.of(), ROOM.arrived());
            }
        }
    }

    /** There 127.0.0.1 is another machine, as is every address that is allowed; and who is in the user namespace may fetch a link from there. */
    @ParameterizedTest
    @CsvSource({"ROOT, --firewall=off", "ROOT, --firewall=require", "ORDINARY, --landlock=off"})
    void no_other_network_can_be_entered(User user, String option) {
        String script = """
                mkfifo made; unshare -Urn bash -c 'ip link set lo up; echo > made; sleep 20' & other=$!
                read < made; rm made
                exec 8< /proc/$other/ns/user 9< /proc/$other/ns/net
                "${@:2}" /usr/bin/python3 -c "$1"; kill $other""";
        String inside = """
                import ctypes, errno, os
                libc = ctypes.CDLL(None, use_errno=True)
                for fd, kind in ((8, 0x10000000), (9, 0x40000000), (9, 0)):
                    print(libc.setns(fd, kind), errno.errorcode.get(ctypes.get_errno()))
                """;
        Outcome bare = ROOM.bash(script, inside).as(user).run();
        assertEquals("0 None\n".repeat(3), bare.stdout(), bare::toString);
        Outcome run = ROOM.bash(script, inside, Built.program().toString(), option, "--allowed-netmask=127.0.0.0/8").as(user).run();
        assertEquals("-1 EPERM\n".repeat(3), run.stdout(), run::toString);
    }

    /** By rtnetlink, which finds a network by any process that is in it, and asks for no right to look at that. */
    @Test
    void root_cannot_give_its_network_a_card_of_the_hosts() {
        String script = """
                "$@" /usr/bin/python3 %s $$ $(ip -o link show dev veth0 | cut -d: -f1) 10.77.1.77 10.77.1.1 8001
                ip -o link show dev theirs0 2> /dev/null | grep -o theirs0; true""".formatted(Built.fixture("own-card.py"));
        Outcome bare = ROOM.bash(script, "unshare", "-n").run().exited(0);
        assertTrue(bare.stdout().startsWith("RTM_NEWNSID ok\nveth ok\nmacvlan ok\nsent\n"), bare::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), bare::toString);
        for (String options : List.of("--net=none", "--net=none --read-only", "--net=none --landlock=off", "--net=nat --firewall=off",
                "--net=none --allowed-netmask=10.77.0.0/16")) {
            List<String> words = new ArrayList<>(List.of(Built.program().toString(), "-q"));
            words.addAll(List.of(options.split(" ")));
            Outcome run = ROOM.bash(script, words.toArray(new String[0])).run().exited(0);
            assertTrue(run.stdout().startsWith("RTM_NEWNSID EPERM\nveth EPERM\nmacvlan EPERM\nipvlan EPERM\n"), run::toString);
            assertTrue(!run.stdout().contains("theirs0"), run::toString);
            // Behind the host's addresses the neighbour is reached as the host reaches him.
            assertEquals(options.startsWith("--net=nat") ? List.of("udp 10.77.1.1:8001") : List.of(), ROOM.arrived(), run::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void sockets_of_the_hosts_network_do_not_come_along(User user) {
        String[] command = {"/usr/bin/python3", Built.fixture("inherit.py"), "udp:10.77.1.1:8001", "listen", "pair", "--",
            Built.program().toString(), "--net=none", "bash", "-c", "for fd in 5 6 7; do [ -e /proc/self/fd/$fd ] && echo $fd; done; echo x >&5"};
        Outcome run = ROOM.command(command).as(user).run().exited(1);
        assertEquals("7\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: closed inherited descriptor 5: a socket of the host's network",
                "secfilt: closed inherited descriptor 6: a socket of the host's network"), run.reports());
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Whose shell would run it, in the host's network, or as root. */
    @ParameterizedTest
    @CsvSource({"ROOT, --net=none", "ORDINARY, --net=none", "ORDINARY, --private-tmp", "ROOT, --user=nobody"})
    void nobody_types_into_the_terminal_from_inside(User user, String option) {
        String[] type = {"/usr/bin/python3", "-c", "import errno, fcntl, termios\ntry: fcntl.ioctl(1, termios.TIOCSTI, b'x')\n"
                + "except OSError as e: print(errno.errorcode[e.errno])"};
        assertEquals("ENOTTY\n", ROOM.command(type).as(user).run().exited(0).stdout());
        List<String> words = new ArrayList<>(List.of(option));
        words.addAll(List.of(type));
        assertEquals("EPERM\n", ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout());
    }

    /** Such as sudo; and a debugger. */
    @ParameterizedTest
    @CsvSource({"ORDINARY, --net=none", "ORDINARY, --private-tmp", "ROOT, --user=nobody"})
    void without_rules_nothing_else_is_refused(User user, String option) {
        Outcome run = ROOM.secfilt(option, "/usr/bin/python3", "-c", "import ctypes\nprint(ctypes.CDLL(None).ptrace(0, 0, 0, 0))\n"
                + "print([line for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])").as(user).run().exited(0);
        assertEquals("0\n['NoNewPrivs:\\t0\\n']\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void rules_hold_in_a_network_of_ones_own(User user) {
        Outcome run = ROOM.secfilt("--net=none", "--allowed-port=8001", "bash", "-c",
                "exec 3<>/dev/udp/127.0.0.1/8001 && echo open; exec 3<>/dev/udp/127.0.0.1/8002").as(user).run().exited(1);
        assertEquals("open\n", run.stdout(), run::toString);
        assertTrue(run.reports().get(0).startsWith("secfilt: denied connect 127.0.0.1:8002/udp by bash"), run::toString);
    }

    @Test
    void an_ordinary_user_stays_who_he_is() {
        Outcome run = ROOM.secfilt("--net=none", "--private-tmp", "bash", "-c", "id -u; id -g; grep CapEff /proc/self/status")
                .as(User.ORDINARY).run().exited(0);
        assertEquals("54771\n54771\nCapEff:\t0000000000000000\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void a_private_tmp_is_fresh_and_nobody_elses(User user) throws IOException {
        Path mark = Files.createTempFile("secfilt-tmp", "");
        try {
            Outcome run = ROOM.bash("""
                    cd /
                    $SECFILT --private-tmp bash -c '
                        ls -A /tmp; stat -c "%a %u" /tmp; findmnt -no OPTIONS -T /tmp | tr , "\\n" | grep ^no[esd] | sort | xargs
                        echo in > /tmp/mine; cp /bin/true /tmp; /tmp/true 2>/dev/null; echo $?; cat /tmp/mine'
                    ls /tmp/mine 2>/dev/null; echo out""").as(user).run().exited(0);
            assertEquals("700 " + (user == User.ROOT ? 0 : 54771) + "\nnodev noexec nosuid\n126\nin\nout\n", run.stdout(), run::toString);
            assertEquals("0\n", ROOM.bash("cd /; $SECFILT --private-tmp=exec bash -c 'cp /bin/true /tmp; /tmp/true; echo $?'")
                    .as(user).run().exited(0).stdout());
        } finally {
            Files.delete(mark);
        }
    }

    @Test
    void two_private_tmps_are_two() {
        Outcome run = ROOM.bash("""
                cd /
                for i in 1 2; do
                    $SECFILT --private-tmp bash -c "echo $i > /tmp/f; sleep 0.5; cat /tmp/f" &
                done
                wait""").as(User.ORDINARY).run().exited(0);
        assertEquals(List.of("1", "2"), run.stdout().lines().sorted().toList(), run::toString);
    }

    @Test
    void a_command_in_the_hosts_tmp_is_not_there_and_told() throws IOException {
        Path there = Files.createTempFile("secfilt-tmp", "");
        try {
            Files.writeString(there, "#!/bin/sh\necho ran\n");
            Files.setPosixFilePermissions(there, PosixFilePermissions.fromString("rwxr-xr-x"));
            Outcome run = ROOM.secfilt("--private-tmp", there.toString()).run().exited(127);
            assertEquals("secfilt: " + there + ": it, or the interpreter it names, is missing in the private /tmp\n", run.stderr());
        } finally {
            Files.delete(there);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rules_for_unix_sockets_hold_with_a_private_tmp(User user) throws IOException {
        String policy = Files.writeString(ROOM.directory().resolve("unix-" + user + ".yaml"), """
                version: 1
                private-tmp: true
                unix:
                  deny: [/tmp/denied, /run/*.outside]
                """).toString();
        Outcome run = ROOM.secfilt("--policy", policy, "/usr/bin/python3", "-c", """
                import os, socket
                os.chdir("/")
                servers = []
                def reach(path, listen):
                    try:
                        if listen:
                            s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(); servers.append(s)
                        socket.socket(socket.AF_UNIX).connect(path)
                        print(path, "reached")
                    except OSError as e:
                        print(path, os.strerror(e.errno))
                reach("/tmp/allowed", True)
                reach("/tmp/denied", True)
                os.symlink("/tmp/denied", "/tmp/link")
                reach("/tmp/link", False)
                os.chdir("/tmp")
                reach("denied", False)
                reach("allowed", False)
                """).as(user).run().exited(0);
        assertEquals("/tmp/allowed reached\n/tmp/denied Operation not permitted\n/tmp/link Operation not permitted\n"
                + "denied Operation not permitted\nallowed reached\n",
                run.stdout(), run::toString);
    }

    /** As a user of a made-up /etc/passwd, which the caller's mount namespace has in place of the host's. */
    private static Outcome asUser(String options, String command) throws IOException {
        Path passwd = Files.writeString(ROOM.directory().resolve("passwd"),
                "root:x:0:0:root:/root:/bin/sh\nworker:x:54773:54774:A worker:/home/worker:/bin/sh\n");
        Path group = Files.writeString(ROOM.directory().resolve("group"), "root:x:0:\nworkers:x:54774:\ntools:x:54775:worker\nother:x:54776:\n");
        return ROOM.bash("mount --make-rprivate /; mount --bind " + passwd + " /etc/passwd; mount --bind " + group + " /etc/group; $SECFILT "
                + options + " bash -c '" + command + "'").run();
    }

    @ParameterizedTest(name = "--user={0}")
    @CsvSource({
        "worker, 54773 54774 54774 54775 /home/worker worker",
        "54773, 54773 54774 54774 54775 /home/worker worker",
        "worker:other, 54773 54776 54774 54775 54776 /home/worker worker",
        "worker:54799, 54773 54799 54774 54775 54799 /home/worker worker",
    })
    void root_becomes_the_user_with_all_its_groups(String name, String expected) throws IOException {
        for (String options : List.of("", "--allowed-netmask=127.0.0.1 ", "--net=none --private-tmp ")) {
            Outcome run = asUser(options + "--user=" + name,
                    "echo $(id -u) $(id -g) $(id -G | tr \" \" \"\\n\" | sort) $HOME $LOGNAME; grep -E \"Cap(Prm|Eff|Inh|Amb)\" /proc/self/status");
            assertEquals(expected + "\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
                    + "CapAmb:\t0000000000000000\n", run.exited(0).stdout(), run::toString);
        }
    }

    /** Root's PATH may have directories that are closed to others. execvp(3) */
    @ParameterizedTest
    @ValueSource(strings = {"", "--allowed-netmask=127.0.0.1", "--net=none", "--net=nat"})
    void the_command_is_looked_for_where_the_user_may(String options) {
        Outcome run = ROOM.bash("""
                mkdir -p closed open; printf '#!/bin/sh\\necho closed' > closed/which-one; printf '#!/bin/sh\\nid -un' > open/which-one
                chmod 755 open open/which-one closed/which-one; chmod 700 closed; PATH=$PWD/closed:open:$PATH
                for command in which-one ./open/which-one ./closed/which-one; do $SECFILT $1 --user=nobody $command; done; echo $?
                chmod 700 open/which-one; $SECFILT $1 --user=nobody which-one; echo $?
                chmod 700 closed/which-one; chown -R 4242 closed; $SECFILT $1 --user=root which-one; chown -R 0 closed""", options).run().exited(0);
        assertEquals("nobody\nnobody\n126\n126\nclosed\n", run.stdout(), run::toString);
    }

    @Test
    void rules_hold_for_the_user_root_became() {
        Outcome run = ROOM.secfilt("--user=nobody", "--private-tmp", "--allowed-netmask=10.77.1.1", "bash", "-c",
                "stat -c %U /tmp; (exec 3<>/dev/tcp/10.77.1.1/8001) && echo reached; exec 3<>/dev/tcp/10.77.2.1/8001").run().exited(1);
        assertEquals("nobody\nreached\n", run.stdout(), run::toString);
        assertEquals(List.of("tcp 10.77.1.1:8001"), ROOM.arrived());
        assertTrue(run.reports().get(0).startsWith("secfilt: denied connect 10.77.2.1:8001/tcp by bash"), run::toString);
    }

    @ParameterizedTest(name = "{0} as {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            --user=no-such-user | ROOT | --user=no-such-user: this host knows no user 'no-such-user'; those it knows are told by getent passwd
            --user=nobody:no-such | ROOT | --user=nobody:no-such: this host knows no group 'no-such'; those it knows are told by getent group
            --user=4294967295:0 | ROOT | --user=4294967295:0: this host knows no user '4294967295'; numbers end at 4294967294
            --user=0:99999999999 | ROOT | --user=0:99999999999: this host knows no group '99999999999'; numbers end at 4294967294
            --user=54799 | ROOT | --user=54799: this host knows no user '54799'; for a number without an account write the group too, 54799:GROUP
            --user=root | ORDINARY | --user=root: only root can become another user; run secfilt as root, or leave it out
            --net=nat | ORDINARY | --net=nat: only root can join a network to this host's; run secfilt as root, or write --net=none, which needs no root
            --publish=1:2 | ROOT | --publish=1:2: a port is published only from a network behind this host's addresses; add --net=nat (in a policy file, net: nat)
            """)
    void what_cannot_be_had_is_told_and_nothing_is_run(String option, User user, String message) {
        Outcome run = ROOM.secfilt(option, "echo", "ran").as(user).run().exited(2);
        assertEquals("secfilt: " + message + "\n", run.stderr());
        assertEquals("", run.stdout());
    }

    @Test
    void a_step_that_fails_is_named_and_nothing_is_run() {
        Outcome run = ROOM.bash("unshare -Ur bash -c '"
                + "echo 0 > /proc/sys/user/max_net_namespaces; $SECFILT --net=none echo ran'").as(User.ORDINARY).run().exited(125);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().matches("secfilt: unshare\\(.*network namespace\\): ENOSPC .*\n"), run::toString);
    }

    /** As a service manager gives one to an ordinary user. */
    @Test
    void capabilities_that_redirect_nothing_stay() {
        List<String> words = new ArrayList<>(User.TO_ORDINARY);
        words.addAll(List.of("--inh-caps=+net_bind_service,+net_raw", "--ambient-caps=+net_bind_service,+net_raw"));
        words.addAll(List.of(Built.program().toString(), "-q", "--firewall=off", "--allowed-netmask=127.0.0.1", "grep", "Cap[IA][nm]", "/proc/self/status"));
        Outcome run = ROOM.command(words.toArray(new String[0])).run().exited(0);
        assertEquals("CapInh:\t0000000000000400\nCapAmb:\t0000000000000400\n", run.stdout(), run::toString);
    }
}
