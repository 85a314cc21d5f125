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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** All that a run can have, at once. */
class CombinationsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** Everything of the room's that a run could leave behind, and of the host's what has its names. */
    private static final String TRACES = """
            for save in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do $save 2>/dev/null | grep '^-'; done
            ip -o link | grep -o 'sfn[^@]*'; cat /proc/sys/net/ipv4/conf/*/forwarding | tr -d '\\n'
            own=$(stat -L -c %i /proc/self/ns/net)
            mkdir -p trace; for kind in 'cgroup2' 'cgroup -o net_cls'; do mount -t $kind none trace && find trace -name "secfilt-$own-*"; umount trace; done
            grep -vc nsfs /proc/self/mountinfo; ls /run | grep -i secfilt; ip netns | grep -c secfilt
            for p in /proc/[0-9]*; do [ "$(stat -L -c %i $p/ns/net 2>/dev/null)" = $own ] && cat $p/comm; done | grep -c secfilt
            true""";

    private static final String TRY = """
            (exec 3<>/dev/tcp/10.77.1.1/8001) && echo near; (exec 3<>/dev/tcp/10.77.2.1/8001) 2>/dev/null || echo far is denied
            echo x > /tmp/new && cat /tmp/new; (echo x > out) 2>/dev/null || echo read-only; chmod 700 "$1" 2>/dev/null || echo its mode stays
            stat -c '%a %u' /tmp; grep ' /tmp ' /proc/self/mounts | grep -o 'nosuid.*noexec'; id -u""";

    @BeforeAll
    static void makeFiles() throws IOException {
        Files.writeString(ROOM.directory().resolve("near.yaml"), """
                version: 1
                connect:
                  allow:
                    - 10.77.1.1
                """);
        Path file = Files.writeString(ROOM.directory().resolve("kept"), "kept\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    }

    private static String traces() {
        return ROOM.bash(TRACES).run().exited(0).stdout();
    }

    @ParameterizedTest
    @CsvSource({
        "65534, --net=nat --user=nobody", "65534, --firewall=auto --user=nobody", "0, --net=nat", "0, --firewall=auto"
    })
    void all_walls_stand_together_for_root(String user, String options) {
        String before = traces();
        Outcome run = ROOM.bash("$SECFILT --read-only --allow-write=/tmp --allow-write=/dev/null --private-tmp " + options + " --policy near.yaml --log=log --violation-exit=9"
                + " bash -c '" + TRY.replace("'", "'\\''") + "' bash $PWD/kept; code=$?; grep -c denied log; rm log; exit $code").run().exited(9);
        assertEquals("near\nfar is denied\nx\nread-only\nits mode stays\n700 " + user + "\nnosuid,nodev,noexec\n" + user + "\n",
                run.stdout().replaceAll("\\d+\\n$", ""), run::toString);
        assertEquals(List.of("tcp 10.77.1.1:8001"), ROOM.arrived(), run::toString);
        assertEquals(before, traces());
    }

    @ParameterizedTest
    @EnumSource
    void what_needs_no_root_stands_together_for_everybody(User user) {
        Outcome run = ROOM.bash("$SECFILT --read-only --allow-write=/tmp --allow-write=/dev/null --private-tmp --net=none --policy near.yaml --violation-exit=9"
                + " bash -c '" + TRY.replace("'", "'\\''") + "' bash kept").as(user).run().exited(9);
        assertTrue(run.stdout().startsWith("far is denied\nx\nread-only\nits mode stays\n700 "), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }

    @Test
    void a_tmp_of_ones_own_is_read_only_unless_it_is_named() {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("--read-only", "--private-tmp", "bash", "-c", "echo x > /tmp/new").as(user).run().exited(1);
            assertTrue(run.stderr().contains("/tmp/new: Permission denied"), run::toString);
        }
    }

    @Test
    void what_a_tmp_of_ones_own_hides_cannot_be_allowed() {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("--allow-write=kept", "--private-tmp", "echo", "ran").as(user).run().exited(2);
            assertEquals("", run.stdout());
            assertEquals("secfilt: --allow-write=kept: the command's own /tmp hides it; name /tmp, which then is the command's, or leave out"
                    + " --private-tmp\n", run.stderr());
        }
    }

    @Test
    void a_user_that_root_becomes_does_not_leave_the_firewall() {
        Outcome run = ROOM.bash("""
                mkdir -p cg; mount -t cgroup2 none cg; exec 5< cg
                $SECFILT --firewall=require --user=nobody --allowed-netmask=10.77.1.1 bash -c '
                    echo 0 > cg/cgroup.procs; echo 0 > /proc/self/fd/5/cgroup.procs; unshare -n true; nsenter -t 1 -n true
                    grep -o "^0::.*/secfilt-" /proc/self/cgroup | cut -c1-3; ping -qc1 -W2 10.77.1.1 > /dev/null && echo near; ping -qc1 -W2 10.77.2.1
                    true'""").run().exited(0);
        assertTrue(run.stdout().startsWith("0::\n"), run::toString);
        assertTrue(!ROOM.arrived().contains("ip-1 10.77.2.1"), run::toString);
    }

    @Test
    void cgroups_that_are_mounted_below_tmp_are_no_way_out_of_a_tmp_of_ones_own() {
        Outcome run = ROOM.bash("""
                mkdir -p below; mount -t cgroup2 none below
                $SECFILT --firewall=require --private-tmp --allowed-netmask=10.77.1.1 bash -c '
                    umount /tmp && cd "$0" && ls -d below && echo 0 > below/cgroup.procs; grep -c "^0::.*/secfilt-" /proc/self/cgroup' $PWD""").run().exited(0);
        assertEquals("below\n1\n", run.stdout(), run::toString);
    }

    /** How it is broken | the options | what is told. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            fails ip6tables-restore | --firewall=require --allowed-netmask=10.77.1.1 | --firewall=require: packets cannot be judged here, for want of ip6tables-restore: no space
            fails ip6tables-restore | --no-supervisor --allowed-netmask=10.77.1.1 | --no-supervisor: the firewall cannot hold the rules, for want of ip6tables-restore: no space
            fails ip6tables-restore | --net=nat --publish=10105:80 | ip6tables-restore: no space
            hide iptables-restore | --firewall=require --allowed-netmask=10.77.1.1 | for want of the program iptables-restore
            hide iptables-restore | --net=nat | the program iptables-restore is missing (on Debian: apt-get install iptables)
            hide nsenter | --net=nat --private-tmp | the program nsenter is missing (on Debian: apt-get install util-linux)
            without cap_net_admin | --firewall=require --allowed-netmask=10.77.1.1 | for want of CAP_NET_ADMIN
            without cap_sys_admin | --net=nat | nsenter: reassociate to namespace
            without cap_setgid | --user=nobody --net=nat --private-tmp | setgroups: EPERM (Operation not permitted)
            without cap_setgid | --user=nobody --firewall=require --private-tmp --allowed-netmask=10.77.1.1 | setgroups: EPERM (Operation not permitted)
            without cap_sys_admin,cap_sys_chroot | --firewall=require --allowed-netmask=10.77.1.1 | for want of a cgroup hierarchy: fsmount(cgroup2): EPERM
            """)
    void a_step_that_fails_is_named_and_what_was_made_is_unmade(String breaking, String options, String message) {
        String before = traces();
        Outcome run = ROOM.bash("""
                mount --make-rprivate /; umount -a -t cgroup2,cgroup; dropped=
                fails() { mkdir -p failing; printf '#!/bin/sh\\necho no space >&2; exit 4\\n' > failing/$1; chmod 755 failing/$1; PATH=$PWD/failing:$PATH; }
                hide() { mount --bind /dev/null $(readlink -f $(PATH=/usr/sbin:/usr/bin:$PATH command -v $1)); }
                without() { dropped="capsh --drop=$1 -- -c"; }
                $1; line="$SECFILT $2 /bin/echo ran"
                ${dropped:-bash -c} "$line"; code=$?; rm -rf failing; exit $code""", breaking, options)
                .with("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").run();
        assertTrue(run.end().matches("exit (2|125)"), run::toString);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().contains(message), run::toString);
        assertEquals(before, traces());
    }

    @Test
    void a_hundred_starts_and_ends_leave_nothing_behind() {
        String before = traces();
        Outcome run = ROOM.bash("""
                for i in $(seq 20); do
                    $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true || echo failed
                    $SECFILT --net=nat --private-tmp --publish=10105:80 --allowed-port=1 true || echo failed
                    $SECFILT --no-supervisor --allowed-netmask=10.77.1.1 true || echo failed
                    $SECFILT --cgroups=net_cls --firewall=require --private-tmp --allowed-netmask=10.77.1.1 true || echo failed
                    $SECFILT --net=none --private-tmp=exec --read-only --user=nobody true || echo failed
                done""").timeoutMillis(240_000).run().exited(0);
        assertEquals("", run.stdout(), run::toString);
        for (int look = 0; look < 50 && !before.equals(traces()); look++) {
            ROOM.command("sleep", "0.1").run(); // the reaper of what nobody supervises may be a moment behind
        }
        assertEquals(before, traces());
    }

    /** Tries what a job does, and what it must not; a word each for what became of it. */
    private static final String JOB = """
            import errno, os, socket, stat
            def word(name, deed):
                try:
                    print(name, deed() or "ok")
                except OSError as e:
                    print(name, errno.errorcode[e.errno])
            def made(family=socket.AF_INET, kind=socket.SOCK_STREAM):
                s = socket.socket(family, kind); s.settimeout(5); return s
            def own():
                server = made(); server.bind(("127.0.0.1", 0)); server.listen()
                client = made(); client.connect(server.getsockname()); client.sendall(b"x"); return server.accept()[0].recv(1).decode()
            def write(path):
                with open(path, "w") as file: file.write("x")
            word("own", own)
            word("near", lambda: made().connect(("10.77.1.1", 8001)))
            word("near6", lambda: made(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("fd77:1::1", 8001)))
            word("metadata", lambda: made(kind=socket.SOCK_DGRAM).connect(("169.254.169.254", 80)))
            word("bind", lambda: made().bind(("0.0.0.0", 3000)))
            word("any", lambda: made().bind(("0.0.0.0", 0)))
            word("packet", lambda: made(socket.AF_PACKET, socket.SOCK_RAW))
            word("engine", lambda: made(socket.AF_UNIX).connect(os.environ["ENGINE"]))
            word("user", lambda: str(os.getuid()))
            word("write", lambda: write("written"))
            word("null", lambda: write("/dev/null"))
            word("mode", lambda: os.chmod("kept", 0o644))
            word("tmp", lambda: write("/tmp/job-" + str(os.getpid())) or os.unlink("/tmp/job-" + str(os.getpid())))
            word("private", lambda: str(stat.S_IMODE(os.stat("/tmp").st_mode) == 0o700))
            word("interfaces", lambda: str(len(socket.if_nameindex())))
            """;

    private static final List<String> OPTIONS = List.of("--net=none", "--net=nat", "--private-tmp", "--user=nobody",
            "--read-only --allow-write=/tmp --allow-write=/dev/null", "--firewall=require", "--profile=combined", "--violation-exit=9", "--inherit=refuse");

    /** One by one, two by two, and as many as go together. */
    static List<Arguments> combinations() {
        List<Arguments> all = new ArrayList<>();
        for (int i = 0; i < OPTIONS.size(); i++) {
            all.add(Arguments.of(User.ROOT, OPTIONS.get(i)));
            for (int j = i + 1; j < OPTIONS.size(); j++) {
                String both = OPTIONS.get(i) + " " + OPTIONS.get(j);
                if (!both.contains("--net=") || !both.matches(".*--net=.*--net=.*|.*--(profile|firewall)=.*")) {
                    all.add(Arguments.of(User.ROOT, both));
                }
            }
        }
        all.add(Arguments.of(User.ROOT, String.join(" ", OPTIONS.subList(1, 5)) + " --violation-exit=9"));
        all.add(Arguments.of(User.ROOT, String.join(" ", OPTIONS.subList(2, 9))));
        all.add(Arguments.of(User.ROOT, "--private-tmp " + String.join(" ", OPTIONS.subList(4, 9))));
        for (String options : List.of("--net=none", "--private-tmp", "--profile=combined", OPTIONS.get(4), "--net=none --private-tmp " + OPTIONS.get(4),
                "--profile=combined --private-tmp --violation-exit=9 " + OPTIONS.get(4))) {
            all.add(Arguments.of(User.ORDINARY, options));
        }
        return all;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("combinations")
    void the_policy_of_a_job_goes_with_every_option_and_they_with_each_other(User user, String options) throws IOException {
        Files.writeString(ROOM.directory().resolve("job.py"), JOB);
        boolean looks = options.split("--").length > 4; // a look takes longer than the run
        String before = looks ? traces() : "";
        Outcome run = ROOM.bash("""
                mkdir -p /run/secfilt-test-$$; ENGINE=/run/secfilt-test-$$/docker.sock; export ENGINE
                /usr/bin/python3 -c 'import os, socket; s = socket.socket(socket.AF_UNIX); s.bind(os.environ["ENGINE"]); os.chmod(os.environ["ENGINE"], 0o777); s.listen(); import time; time.sleep(30)' &
                until [ -S $ENGINE ]; do sleep 0.05; done; job=$(cat job.py); cd /run/secfilt-test-$$; chmod 777 .; touch kept; chown $1 kept
                $SECFILT profile install combined $2 -q --group=54771 || exit 99
                setpriv --reuid=$1 --regid=$1 --clear-groups $SECFILT -q --policy $3 OPTIONS /usr/bin/python3 -c "$job"; code=$?; cd /
                kill $!; rm -r /run/secfilt-test-$$; $SECFILT profile remove combined -q; exit $code""".replace("OPTIONS", options),
                user == User.ROOT ? "0" : "54771", Built.policy("profiles/lan.yaml").toString(), Built.policy("ci-job.yaml").toString()).run();
        boolean readOnly = options.contains("--read-only");
        boolean alone = options.contains("--net=none");
        boolean privateTmp = options.contains("--private-tmp");
        boolean nobody = options.contains("--user=nobody");
        boolean owned = !nobody;
        assertEquals("""
                own x
                near EPERM
                near6 EPERM
                metadata EPERM
                bind EPERM
                any ok
                packet EPERM
                engine EPERM
                user %s
                write %s
                null ok
                mode %s
                tmp ok
                private %s
                interfaces %d
                """.formatted(nobody ? "65534" : user == User.ROOT ? "0" : "54771", readOnly ? "EACCES" : "ok", readOnly || !owned ? "EPERM" : "ok",
                        privateTmp ? "True" : "False", alone ? 1 : 2), run.stdout(), run::toString);
        assertEquals(options.contains("--violation-exit") ? "exit 9" : "exit 0", run.end(), run::toString);
        assertEquals("", run.stderr(), run::toString);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        for (int look = 0; looks && look < 50 && !before.equals(traces()); look++) {
            ROOM.command("sleep", "0.1").run();
        }
        assertEquals(before, looks ? traces() : "");
    }

    /** Which two do not go together | why. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            --profile=combined --net=none   | --net=none: a profile's rules are in the host's network, which the command would not use; leave out one of the two
            --profile=combined --net=nat    | --net=nat: a profile's rules are in the host's network, which the command would not use; leave out one of the two
            --no-supervisor --errno=EACCES  | errno: who sends a packet that is refused sees EPERM, or ECONNREFUSED of TCP; leave out --no-supervisor or errno
            --no-supervisor --read-only     | modes, owners and times of files are judged call by call; leave out --no-supervisor
            --read-only --private-tmp --allow-write=kept | the command's own /tmp hides it
            --publish=1:2                   | a port is published only from a network behind this host's addresses; add --net=nat (in a policy file, net: nat)
            """)
    void what_does_not_go_together_is_told(String options, String why) {
        Outcome run = ROOM.bash("$SECFILT profile install combined $1 -q || exit 99; $SECFILT --policy $2 OPTIONS echo ran; code=$?; $SECFILT profile remove combined -q; exit $code"
                .replace("OPTIONS", options), Built.policy("profiles/lan.yaml").toString(), Built.policy("ci-job.yaml").toString()).run().exited(2);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().contains(why), run::toString);
    }
}
