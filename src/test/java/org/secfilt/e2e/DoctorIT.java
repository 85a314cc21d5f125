package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code secfilt doctor} on the built program and this host, which holds network policies: the other tests show it. */
class DoctorIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @Test
    void finds_that_policies_can_be_held_here() {
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("doctor").as(user).run().exited(0);
            assertEquals("", run.stderr());
            assertTrue(run.stdout().contains("\nyes     seccomp filter: ") && run.stdout().contains("\nyes     ptrace: "), run.stdout());
            assertTrue(run.stdout().contains("\nyes     trial run: a command ran under --no-outbound-network\n"), run.stdout());
            assertTrue(run.stdout().endsWith("\nsecfilt can hold network policies here\n"), run.stdout());
        }
    }

    @Test
    void tells_root_and_others_what_each_can_have() {
        assertTrue(ROOM.secfilt("doctor").as(User.ORDINARY).run().stdout().contains("is root's"));
        assertTrue(!ROOM.secfilt("doctor").as(User.ROOT).run().stdout().contains("is root's"));
    }

    /** Root of a user namespace has its capabilities there, and none over the host's cgroups. */
    @ParameterizedTest
    @ValueSource(strings = {"unshare -Urn", "unshare -Urpf --mount-proc"})
    void root_of_a_user_namespace_makes_no_cgroups(String within) {
        Outcome run = ROOM.bash(within + " $SECFILT doctor").as(User.ORDINARY).run().exited(0);
        assertTrue(run.stdout().contains("\npartly  cgroups: none can be made by this process\n"), run.stdout());
        assertTrue(run.stdout().contains("\nno      profiles: no cgroup for them can be made by this process\n"), run.stdout());
        ROOM.bash(within + " $SECFILT profile install lan").as(User.ORDINARY).run().exited(125);
    }

    /** Though it could make cgroups, as who was root outside can: a run finds so too. */
    @ParameterizedTest
    @EnumSource
    void root_of_a_user_namespace_judges_no_packets_of_a_network_from_outside(User user) {
        Outcome run = ROOM.bash("unshare -Ur $SECFILT doctor").as(user).run().exited(0);
        for (String finding : List.of("partly  iptables: ", "no      firewall: for want of rights over this network", "no      profiles: ",
                "no      network behind this host: this network belongs to ")) {
            assertTrue(run.stdout().contains("\n" + finding), run.stdout());
        }
        run = ROOM.bash("unshare -Ur $SECFILT --firewall=require --allowed-netmask=10.77.1.1 echo it ran").as(user).run().exited(2);
        assertEquals(List.of("secfilt: --firewall=require: packets cannot be judged here, for want of rights over this network, which belongs to "
                + "another user namespace; write --firewall=auto, which runs without"), run.reports());
        assertEquals("", run.stdout());
        ROOM.bash("unshare -Ur $SECFILT --net=nat true").as(user).run().exited(125);
        ROOM.bash("unshare -Ur $SECFILT profile install lan").as(user).run().exited(125);
    }

    /** Docker's root: what the doctor says that it has not a run is refused. */
    @ParameterizedTest
    @CsvSource({
        "sys_ptrace, partly  ptrace: without CAP_SYS_PTRACE, --user=nobody --allowed-port=1",
        "net_admin, 'no      network behind this host: without CAP_NET_ADMIN', --net=nat",
        "sys_admin, 'no      network behind this host: without CAP_SYS_ADMIN', --net=nat",
        "net_admin, 'partly  user namespaces: not needed by root', --net=none",
        "'sys_admin,-net_admin', 'partly  user namespaces: ', --user=nobody --net=none",
        "all, 'no      user namespaces: user 0 without CAP_SETFCAP', --net=none",
    })
    void root_of_fewer_capabilities_is_promised_no_more_than_it_has(String without, String finding, String refused) {
        Outcome run = ROOM.bash("setpriv --bounding-set=-" + without + " $SECFILT doctor").run().exited(0);
        assertTrue(run.stdout().contains("\n" + finding), run.stdout());
        run = ROOM.bash("setpriv --bounding-set=-" + without + " $SECFILT " + refused + " true").run().exited(125);
        if (without.equals("sys_ptrace")) {
            assertTrue(run.stderr().endsWith("; another user's process (--user) takes CAP_SYS_PTRACE (Docker: --cap-add=SYS_PTRACE)\n"), run.stderr());
        }
    }

    @Test
    void in_a_container_whose_parameters_are_read_only_no_network_is_promised() {
        Outcome run = ROOM.bash("mount --make-rprivate /; mount -o bind,ro /proc/sys /proc/sys; $SECFILT doctor; $SECFILT --net=nat true").run().exited(125);
        assertTrue(run.stdout().contains("\nno      network behind this host: /proc/sys is read-only\n"), run::toString);
        assertTrue(run.stderr().endsWith("/forwarding): Read-only file system, as in containers; mount /proc/sys anew (Docker: --privileged), or write"
                + " --net=none, which needs none of that\n"), run::toString);
    }

    @Test
    void finds_that_they_cannot_under_another_tracer() {
        Outcome run = ROOM.secfilt("-q", "--allowed-port=1", Built.program().toString(), "doctor").run()
                .exited(1);
        assertTrue(run.stdout().contains("\nno      tracers: process "), run.stdout());
        assertTrue(run.stdout().contains("cannot hold network policies here, for want of:\n  tracers, supervisor's calls, trial run\n"), run.stdout());
    }
}
