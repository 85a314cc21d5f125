package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.plan.Plan;

/**
 * Every child is traced, and stays in its cgroup. One made with CLONE_UNTRACED outlives the run, and sends on a raw socket when the run's rules are
 * gone; as a thread it executes a program in the place of its traced process, and the tracer hears nothing of that process's end. What clone3 is
 * asked for stands in memory, where another thread may change it: CLONE_UNTRACED, CLONE_INTO_CGROUP.
 */
final class CloneCalls {
    private static final int CLONE_UNTRACED = 0x00800000; // linux/sched.h

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    CloneCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        if (!plan.traced() && !plan.sealsCgroup()) {
            return;
        }
        dispatch.add(syscalls.nr("clone3"), actions.errno(Errno.ENOSYS), "clone3: as before Linux 5.3, the C library falls back to clone");
        dispatch.add(syscalls.nr("clone"), assembler.load(SeccompData.low(0),
                assembler.jump(JumpOp.SET, CLONE_UNTRACED, actions.errno(Errno.EPERM), actions.allow())),
                "clone: nobody outlives the run and its rules");
    }
}
