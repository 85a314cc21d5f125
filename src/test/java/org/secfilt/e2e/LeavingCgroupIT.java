package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Root's command under the host's packet filter, which knows its packets by its cgroup. */
class LeavingCgroupIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

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

    /** From it is reached what the receiver reaches by its path. */
    @Test
    void a_directory_of_the_runs_own_may_be_handed_over_in_it() {
        Outcome run = ROOM.secfilt("--firewall=require", "--allowed-netmask=10.77.1.1", "/usr/bin/python3", "-c", """
                import os, socket
                a, b = socket.socketpair()
                if os.fork() == 0:
                    fds = socket.recv_fds(b, 1, 1)[1]
                    print(os.path.samestat(os.fstat(fds[0]), os.stat("/usr")), flush=True)
                    os._exit(0)
                socket.send_fds(a, [b"x"], [os.open("/usr", os.O_RDONLY)])
                os.wait()""").run().exited(0);
        assertEquals("True\n", run.stdout(), run::toString);
        assertEquals(List.of(), run.reports());
    }

    /** The calls that begin such a way are refused; these go on from where somebody else began. */
    @ParameterizedTest
    @CsvSource({"fscontext, 'fsconfig EPERM\nfsmount EPERM\n', 'fsconfig ok\nfsmount ok\nenter ok\nleft\n'", "fanotify, 'fanotify_mark EPERM\n', ''"})
    void root_cannot_leave_its_cgroup_by_what_another_has_begun(String kind, String refused, String bare) {
        String fixture = Fixtures.compile("came-along").toString();
        if (!bare.isEmpty()) {
            Outcome run = ROOM.bash("""
                    mkdir cgroups; mount -t cgroup2 none cgroups; mkdir cgroups/came-along-$$; echo $$ > cgroups/came-along-$$/cgroup.procs
                    "$1" $2 open "$1" $2 use; rmdir cgroups/came-along-$$; umount cgroups; rmdir cgroups""", fixture, kind).run().exited(0);
            assertEquals(bare, run.stdout(), run::toString);
        }
        Outcome run = ROOM.bash("\"$1\" $2 open $SECFILT --firewall=require --allowed-netmask=10.77.1.1 \"$1\" $2 use", fixture, kind).run().exited(0);
        assertEquals(refused + "stayed\n", run.stdout(), run::toString);
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
}
