package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

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
            wc -l < /proc/self/mountinfo; ls /run | grep -i secfilt; ip netns | grep -c secfilt
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
            assertEquals("secfilt: --allow-write=kept: kept: the command's own /tmp hides it; name /tmp, which then is the command's, or leave out"
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
}
