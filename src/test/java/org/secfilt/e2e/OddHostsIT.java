package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What hides from secfilt: parts of /proc, the cgroups of others, mounts that come later, a command that comes late. */
class OddHostsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** proc(5) "subset": no /proc/net, no /proc/sys. */
    private static final String WITHOUT_PROC_NET = "mount -t proc -o subset=pid proc /proc; [ ! -e /proc/net/dev ] || exit 99; ";

    /** Waits for a condition, up to ten seconds. */
    private static final String AWAIT = "await() { for i in $(seq 400); do eval \"$1\" && return; sleep 0.025; done; echo \"no $1\"; }; ";

    @Test
    void both_families_are_judged_where_proc_does_not_tell_of_them() {
        Outcome run = ROOM.command("unshare", "-m", "bash", "-c", WITHOUT_PROC_NET
                + "$SECFILT -q --no-supervisor --allowed-netmask=10.77.1.1 --allowed-netmask=fd77:1::1 bash -c"
                + " 'for a in 10.77.1.1 fd77:1::1 fd77:2::1 10.77.2.1; do : >/dev/udp/$a/8002; echo x >/dev/udp/$a/8002; done'").run();
        assertEquals(List.of("udp 10.77.1.1:8002", "udp [fd77:1::1]:8002"), ROOM.arrived(), run::toString);
    }

    /** Its packets are to be judged alone, and nobody raised the firewall for a command that was not there. */
    @Test
    void a_command_that_comes_late_does_not_run_unjudged() {
        Outcome run = ROOM.bash("""
                printf '#!/bin/bash\\necho ran\\necho x >/dev/udp/10.77.2.1/8002\\n' > job; chmod 755 job
                while [ -e going ] || [ ! -e over ]; do mv job away; mv away job; done 2>/dev/null & flips=$!
                touch going
                for i in $(seq 40); do $SECFILT -q --no-supervisor --allowed-netmask=10.77.1.1 ./job >/dev/null 2>&1; done
                touch over; rm going; wait $flips
                $SECFILT -q --no-supervisor --allowed-netmask=10.77.1.1 ./job 2>/dev/null; rm over job""").timeoutMillis(60_000).run().exited(0);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        assertEquals("ran\n", run.stdout(), run::toString);
    }

    /** Their paths are as they are seen from there. cgroup_namespaces(7) */
    @Test
    void runs_in_another_cgroup_namespace_are_left_alone_in_both_directions() {
        Outcome run = ROOM.bash(AWAIT + """
                chains() { iptables-save | grep -c '^:SECFILT-R-'; }
                mkdir -p cg; mount -t cgroup2 none cg; mkdir -p cg/sfodd$$
                bash -c 'echo $$ > cg/sfodd'$$'/cgroup.procs; umount cg; exec unshare -Cm bash -c "
                    umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none cg
                    $SECFILT -q --allowed-netmask=10.77.1.1 sh -c \\"touch running; until [ -e over ]; do sleep 0.05; done\\" &
                    until [ -e look ]; do sleep 0.05; done; $SECFILT gc; touch looked; wait"' & inner=$!
                await '[ -e running ]'; chains
                $SECFILT gc; chains
                $SECFILT -q --allowed-netmask=10.77.1.1 sh -c 'touch beside; until [ -e over ]; do sleep 0.05; done' & outer=$!
                await '[ -e beside ]'; chains
                touch look; await '[ -e looked ]'; chains
                touch over; wait $inner $outer; await '[ $(chains) = 0 ]'; chains
                $SECFILT gc -q; rmdir cg/sfodd$$; umount cg; rm -f running beside over look looked""").timeoutMillis(60_000).run().exited(0);
        assertEquals("1\n1\n2\n2\n0\n", run.stdout(), run::toString);
    }

    /** As beside another run on a host of old kind: it mounts its own, and takes it away. */
    @Test
    void cgroups_may_be_mounted_and_unmounted_while_runs_begin() {
        Outcome run = ROOM.command("unshare", "-m", "bash", "-c", """
                while [ ! -e over ]; do mkdir fleeting; mount -t cgroup2 none fleeting; umount -l fleeting; rmdir fleeting; done & mounts=$!
                for i in $(seq 20); do $SECFILT --firewall=require --allowed-netmask=10.77.1.1 true || echo failed; done
                touch over; wait $mounts; rm over""").timeoutMillis(60_000).run().exited(0);
        assertEquals("", run.stdout() + run.stderr());
    }

    /** By a cgroup hierarchy that root's command can write to it would leave its cgroup, and with it the rules. */
    @Test
    void root_gets_no_cgroups_that_are_mounted_later() {
        Outcome run = ROOM.command("unshare", "-m", "--propagation", "shared", "bash", "-c", AWAIT + """
                umount -R /sys/fs/cgroup 2>/dev/null; umount -R /run/secfilt/net_cls 2>/dev/null; mkdir -p later
                $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 bash -c 'touch inside; until [ -e mounted ]; do sleep 0.05; done
                    [ -e later/cgroup.procs ] && echo seen; echo $$ 2>/dev/null >later/cgroup.procs && echo left; echo done' &
                await '[ -e inside ]'; mount -t cgroup2 none later; touch mounted; wait
                umount later; rm -rf inside mounted later""").run().exited(0);
        assertTrue(run.stdout().endsWith("done\n"), run::toString);
        assertFalse(run.stdout().contains("seen") || run.stdout().contains("no ["), run::toString);
    }

    @Test
    void gc_takes_no_network_for_dead_that_it_cannot_see() {
        Outcome run = ROOM.bash(AWAIT + """
                rules() { (iptables-save; ip6tables-save) | grep -c -- '-[io] sfn'; }
                $SECFILT -q --net=nat sh -c 'touch up; until [ -e over ]; do sleep 0.05; done' &
                await '[ -e up ]'; was=$(rules); [ $was -gt 0 ] || echo none
                unshare -m bash -c '"$@"' - bash -c '""" + WITHOUT_PROC_NET + """
                $SECFILT gc -q'; echo $?
                [ $(rules) = $was ] && echo same; touch over; wait; rm up over""").run().exited(0);
        assertEquals("125\nsame\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("nobody knows which networks are alive"), run::toString);
    }

    /** /proc/PID/status has more than 64 KiB then, and tells capabilities at its end. */
    @Test
    void who_is_in_twelve_thousand_groups_runs_as_who_is_in_one() {
        Outcome run = ROOM.bash("""
                in_groups() { python3 -c 'import os, sys; os.setgroups(range(100000, 100000 + int(sys.argv[1]))); os.execvp(sys.argv[2], sys.argv[2:])' "$@"; }
                for options in --net=none '--allowed-port=1-9999 --firewall=off' --read-only; do
                    for groups in 1 12000; do
                        in_groups $groups $SECFILT -q $options python3 -c 'import socket, sys
                text = open("/proc/self/status").read()
                sys.stdout.write(text[text.index("CapInh"):text.index("Seccomp")])
                socket.socket().bind(("127.0.0.1", 79))' > of-$groups 2>&1; echo $? >> of-$groups
                    done
                    cat of-1 >&2; cmp of-1 of-12000 && tail -n 1 of-1
                done""").timeoutMillis(60_000).run();
        assertEquals("0\n0\n0\n", run.stdout(), run::toString);
    }
}
