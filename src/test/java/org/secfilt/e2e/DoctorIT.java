package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

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

    @Test
    void finds_that_they_cannot_under_another_tracer() {
        Outcome run = ROOM.secfilt("-q", "--allowed-port=1", Built.program().toString(), "doctor").run()
                .exited(1);
        assertTrue(run.stdout().contains("\nno      tracers: process "), run.stdout());
        assertTrue(run.stdout().contains("cannot hold network policies here, for want of:\n  tracers, trial run\n"), run.stdout());
    }
}
