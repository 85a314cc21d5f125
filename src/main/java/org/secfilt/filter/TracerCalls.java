package org.secfilt.filter;

import org.secfilt.abi.FileOwner;
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
 * asks without waiting would hear that nothing has ended: it asks through the tracer, which lets go of what has. Calls that wait for any
 * child are left alone: shells make one for each SIGCHLD, and that the parent gets only from the tracer's hands.
 *
 * <p>Calls that change another process go by its number, so the tracer can tell whether they mean one outside of the run, be it the
 * supervisor. What holds the rest:
 *
 * <table>
 * <caption>What a command could do to its supervisor</caption>
 * <tr><th>call</th><th>root</th><th>same user</th></tr>
 * <tr><td>prlimit64, sched_setaffinity, sched_setscheduler, sched_setparam, sched_setattr, setpriority, ioprio_set</td>
 *     <td>tracer</td><td>tracer</td></tr>
 * <tr><td>perf_event_open: SIGTRAP, for root, whose CAP_SYS_ADMIN asks no Landlock</td><td>tracer</td><td>tracer, and it is not dumpable</td></tr>
 * <tr><td>kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal</td><td>Landlock from ABI 6 on, before it the tracer</td>
 *     <td>the same</td></tr>
 * <tr><td>fcntl F_SETOWN, F_SETOWN_EX; ioctl FIOSETOWN, SIOCSPGRP: SIGIO, or any other signal</td><td>the same</td><td>the same</td></tr>
 * <tr><td>O_ASYNC of a terminal without an owner: the kernel takes its foreground group</td>
 *     <td>Landlock from ABI 6 on, before it nothing: but the supervisor is in the foreground of none</td><td>the same</td></tr>
 * <tr><td>ptrace, pidfd_getfd, process_vm_writev</td><td>filter</td><td>filter</td></tr>
 * <tr><td>process_vm_readv, move_pages, migrate_pages, kcmp, setns, /proc/PID/mem, fd</td>
 *     <td>Landlock, and no CAP_SYS_PTRACE</td><td>it is not dumpable</td></tr>
 * <tr><td>process_madvise</td><td>nothing but the filter, which leaves hints alone: they change no contents</td>
 *     <td>it is not dumpable</td></tr>
 * <tr><td>/proc/PID/oom_score_adj, clear_refs, coredump_filter, autogroup, timerslack_ns</td>
 *     <td>nothing: it may become slow, or be the first to die, and all with it</td><td>it is not dumpable: root owns them</td></tr>
 * </table>
 */
final class TracerCalls {
    private static final int WNOHANG = 1; // linux/wait.h
    private static final int ANY = -1; // wait4(2)
    private static final int P_ALL = 0; // linux/wait.h
    private static final int P_PID = 1; // linux/wait.h
    private static final int P_PIDFD = 3; // linux/wait.h
    private static final int PRIO_PROCESS = 0; // linux/resource.h
    private static final int IOPRIO_WHO_PROCESS = 1; // linux/ioprio.h
    private static final int PERF_FLAG_PID_CGROUP = 4; // linux/perf_event.h

    private static final TracedCall[] BY_THREAD = {
        TracedCall.SCHED_SETAFFINITY, TracedCall.SCHED_SETSCHEDULER, TracedCall.SCHED_SETPARAM, TracedCall.SCHED_SETATTR,
    };

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    private final boolean ofInit;

    /** @param ofInit whether the command is process 1, which adopts the supervisor */
    TracerCalls(Plan plan, boolean ofInit, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.ofInit = ofInit;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        if (!plan.traced()) {
            return;
        }
        add(dispatch, syscalls, TracedCall.WAIT4, ifAnyOfInit(ifWithoutHanging(2, ifOneChild(actions.trace(TracedCall.WAIT4)))),
                "what a pidfd told of, it tells too" + (ofInit ? ", and the supervisor is no child" : ""));
        add(dispatch, syscalls, TracedCall.WAITID, ofOneProcess(actions.trace(TracedCall.WAITID)),
                "what a pidfd told of, it tells too" + (ofInit ? ", and the supervisor is no child" : ""));
        add(dispatch, syscalls, TracedCall.PTRACE, actions.trace(TracedCall.PTRACE), "refused by the tracer, which tells it");
        String why = "not of processes outside";
        Node prlimit = actions.trace(TracedCall.PRLIMIT64);
        add(dispatch, syscalls, TracedCall.PRLIMIT64, unlessZero(0, ifPointer(2, prlimit)), why);
        for (TracedCall call : BY_THREAD) {
            add(dispatch, syscalls, call, unlessZero(0, actions.trace(call)), why);
        }
        add(dispatch, syscalls, TracedCall.SETPRIORITY, ofOthers(PRIO_PROCESS, actions.trace(TracedCall.SETPRIORITY)), why);
        add(dispatch, syscalls, TracedCall.IOPRIO_SET, ofOthers(IOPRIO_WHO_PROCESS, actions.trace(TracedCall.IOPRIO_SET)), why);
        add(dispatch, syscalls, TracedCall.PERF_EVENT_OPEN, ofOtherThanCaller(actions.trace(TracedCall.PERF_EVENT_OPEN)), why);
        for (TracedCall call : TracedCall.values()) {
            if (call.signals() && plan.traces(call)) {
                add(dispatch, syscalls, call, actions.trace(call), "not to processes outside"); // a filter does not know its caller's own number
            }
        }
        if (plan.traces(TracedCall.FCNTL)) { // its ioctl(2) are WaysRound's
            add(dispatch, syscalls, TracedCall.FCNTL, assembler.load(SeccompData.low(1),
                    assembler.jumpIfAny(FileOwner.FCNTLS, actions.trace(TracedCall.FCNTL), actions.allow())), "no file signals processes outside");
        }
        if (plan.traces(TracedCall.LANDLOCK_RESTRICT_SELF)) {
            add(dispatch, syscalls, TracedCall.LANDLOCK_RESTRICT_SELF, actions.trace(TracedCall.LANDLOCK_RESTRICT_SELF),
                    "from then on the tracer makes no call in its place");
        }
    }

    private static void add(Dispatch dispatch, SyscallTable syscalls, TracedCall call, Node node, String why) {
        dispatch.add(syscalls.nr(call.syscall()), node, call.syscall() + ": " + why);
    }

    /** A process or thread by number; 0 stands for the caller. */
    private Node unlessZero(int who, Node then) {
        return assembler.load(SeccompData.low(who), assembler.jump(JumpOp.EQ, 0, actions.allow(), then));
    }

    private Node ifPointer(int argument, Node then) {
        return assembler.load(SeccompData.low(argument),
                assembler.jump(JumpOp.EQ, 0,
                        assembler.load(SeccompData.high(argument), assembler.jump(JumpOp.EQ, 0, actions.allow(), then)), then));
    }

    /** Argument 0 tells what argument 1 stands for. 0 is the caller; or its process group, or all processes of its user. */
    private Node ofOthers(int process, Node then) {
        return assembler.load(SeccompData.low(0), assembler.jump(JumpOp.EQ, process, unlessZero(1, then), then));
    }

    /** By number, and not by a descriptor of a cgroup. */
    private Node ofOtherThanCaller(Node then) {
        return assembler.load(SeccompData.low(4),
                assembler.jump(JumpOp.SET, PERF_FLAG_PID_CGROUP, then, unlessZero(1, then)));
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

    /** A filter does not know whose call it is: those of all others stop too. */
    private Node ifAnyOfInit(Node otherwise) {
        return ofInit
                ? assembler.load(SeccompData.low(0), assembler.jump(JumpOp.EQ, ANY, actions.trace(TracedCall.WAIT4), otherwise))
                : otherwise;
    }

    /** A pidfd that is not blocking is asked as with WNOHANG. pidfd_open(2) */
    private Node ofOneProcess(Node then) {
        return assembler.load(SeccompData.low(0),
                assembler.jump(JumpOp.EQ, P_PID, ifWithoutHanging(3, then), assembler.jump(JumpOp.EQ, P_PIDFD, then,
                        ofInit ? assembler.jump(JumpOp.EQ, P_ALL, then, actions.allow()) : actions.allow())));
    }
}
