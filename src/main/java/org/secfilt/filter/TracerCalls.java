package org.secfilt.filter;

import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/**
 * The calls by which a process could see, or would get in the way of, its being traced.
 *
 * <p>A tracee that has ended is its tracer's before it is its parent's, and a pidfd(2) tells of the end to both. A parent that then
 * asks with WNOHANG would hear that nothing has ended: it asks through the tracer, which lets go of what has. Calls that wait for any
 * child are left alone: shells make one for each SIGCHLD, and that the parent gets only from the tracer's hands.
 */
final class TracerCalls {
    private static final int WNOHANG = 1; // linux/wait.h
    private static final int P_PID = 1; // linux/wait.h
    private static final int P_PIDFD = 3; // linux/wait.h

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    TracerCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        if (!plan.traced()) {
            return;
        }
        add(dispatch, syscalls, TracedCall.WAIT4, ifWithoutHanging(2, ifOneChild(actions.trace(TracedCall.WAIT4))),
                "what a pidfd told of, it tells too");
        add(dispatch, syscalls, TracedCall.WAITID, ifWithoutHanging(3, ifOneProcess(actions.trace(TracedCall.WAITID))),
                "what a pidfd told of, it tells too");
        add(dispatch, syscalls, TracedCall.PTRACE, actions.trace(TracedCall.PTRACE), "refused by the tracer, which tells it");
    }

    private static void add(Dispatch dispatch, SyscallTable syscalls, TracedCall call, Node node, String why) {
        dispatch.add(syscalls.nr(call.syscall()), node, call.syscall() + ": " + why);
    }

    private Node ifWithoutHanging(int options, Node then) {
        return assembler.load(SeccompData.low(options), assembler.jump(JumpOp.SET, WNOHANG, then, actions.allow()));
    }

    /** A positive {@code pid}: 0, -1 and other negative ones stand for many. */
    private Node ifOneChild(Node then) {
        return assembler.load(SeccompData.low(0),
                assembler.jump(JumpOp.GT, Integer.MAX_VALUE, actions.allow(),
                        assembler.jump(JumpOp.EQ, 0, actions.allow(), then)));
    }

    private Node ifOneProcess(Node then) {
        return assembler.load(SeccompData.low(0),
                assembler.jump(JumpOp.EQ, P_PID, then, assembler.jump(JumpOp.EQ, P_PIDFD, then, actions.allow())));
    }
}
