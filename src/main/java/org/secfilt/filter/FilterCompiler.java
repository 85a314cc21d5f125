package org.secfilt.filter;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/**
 * Plan in, filter out.
 *
 * <pre>
 *   arch? ── foreign ──> TRACE, which tells it; ENOSYS without a tracer
 *     │
 *    nr ── sendto ──> ALLOW without an address, else TRACE     first of all: send(2) is the most frequent call that is looked at
 *     │ ── x32 ──> as foreign
 *     │ ── newer than this program ──> ENOSYS                  nr is the vault's ──> the supervisor
 *     │
 *   tree ── a call it does not know ──> ALLOW
 *     ├── connect, bind, listen, sendmsg, sendmmsg, recvmsg, recvmmsg ──> TRACE
 *     ├── exit, exit_group ──> TRACE if denials decide the exit code
 *     ├── wait4, waitid ──> TRACE with WNOHANG for one process, and for any where the command is process 1, else ALLOW
 *     ├── mmap, munmap, ... ──> TRACE if it could reach the vault, else ALLOW
 *     ├── prlimit64, setpriority, ... ──> TRACE if it is of another process, ptrace, landlock_restrict_self ──> TRACE
 *     ├── socket, socketpair, setsockopt, ... ──> ALLOW, ERRNO, or TRACE of what is refused and told, by their scalar arguments;
 *     │                                           TRACE of a raw socket that the firewall must know of
 *     ├── chmod, utimensat, ... ──> TRACE, mount, swapon, ... ──> ERRNO, where files are read-only
 *     └── io_uring_setup, bpf, ... ──> ERRNO
 * </pre>
 *
 * Where the supervisor can be notified fast enough, the filter of a run says USER_NOTIF in place of TRACE to connect, bind and sendto, but
 * for calls with the mark, {@link VaultRange#mark}.
 */
public final class FilterCompiler {
    private static final int NEGATIVE = 1 << 31;

    private final Plan plan;
    private final Assembler assembler = new Assembler();
    private final Actions actions;
    private final AddressCalls addressCalls;
    private final boolean ofInit;

    private FilterCompiler(Plan plan, boolean notifies, boolean ofInit) {
        this.plan = plan;
        this.ofInit = ofInit;
        this.actions = new Actions(assembler, plan.vault(), notifies);
        this.addressCalls = new AddressCalls(plan, assembler, actions);
    }

    /** The filter of a plan; one that restricts nothing has a filter that allows everything. */
    public static Assembled compile(Plan plan) {
        return compile(plan, false, false);
    }

    /**
     * The filter of a run.
     *
     * @param notifies whether it answers some judged calls by SECCOMP_RET_USER_NOTIF, and by RET_TRACE those that have the mark
     * @param ofInit whether the command is process 1 of its PID namespace
     */
    public static Assembled compile(Plan plan, boolean notifies, boolean ofInit) {
        FilterCompiler compiler = new FilterCompiler(plan, notifies, ofInit);
        return compiler.assembler.assemble(compiler.program());
    }

    private Node program() {
        if (!plan.supervised()) {
            return plan.guardsOutside() ? new OutsideCalls(plan, assembler, actions).program() : actions.allow();
        }
        return checkArch(loadNr(addressCalls.send(refuseX32(refuseUnknown(dispatch())))));
    }

    private Node dispatch() {
        SyscallTable syscalls = SyscallTable.of(plan.arch());
        Dispatch dispatch = new Dispatch(assembler);
        addressCalls.addTo(dispatch);
        new VaultCalls(plan, assembler, actions).addTo(dispatch, syscalls);
        traceExits(dispatch, syscalls);
        new TracerCalls(plan, ofInit, assembler, actions).addTo(dispatch, syscalls);
        new SocketCalls(plan, assembler, actions).addTo(dispatch, syscalls);
        new FileCalls(plan, assembler, actions).addTo(dispatch, syscalls);
        new WaysRound(plan, assembler, actions).addTo(dispatch, syscalls);
        new CgroupSeal(plan, assembler, actions).addTo(dispatch, syscalls);
        new CloneCalls(plan, assembler, actions).addTo(dispatch, syscalls);
        return dispatch.tree(newest(), actions.allow());
    }

    /** Of every process, for a filter cannot tell the first one. */
    private void traceExits(Dispatch dispatch, SyscallTable syscalls) {
        for (TracedCall call : new TracedCall[] {TracedCall.EXIT, TracedCall.EXIT_GROUP}) {
            if (plan.traces(call)) {
                dispatch.add(syscalls.nr(call.syscall()), actions.trace(call), call.syscall() + ": its code becomes violation-exit's after a denial");
            }
        }
    }

    /** i386 by int 0x80, and any other: its numbers mean other calls. ENOSYS is what a kernel without it answers, and what the tracer does. */
    private Node checkArch(Node next) {
        Arch arch = plan.arch();
        return assembler.comment("no other architecture than " + arch,
                assembler.load(SeccompData.ARCH,
                        assembler.jump(JumpOp.EQ, arch.audit(), next, foreign())));
    }

    private Node foreign() {
        return plan.traced() ? actions.traceForeign() : actions.errno(Errno.ENOSYS);
    }

    private Node loadNr(Node next) {
        return assembler.load(SeccompData.NR, next);
    }

    /** x32 comes with the arch of x86-64. A number of -1, which a tracer makes of a call it skips, fails like this without us. */
    private Node refuseX32(Node next) {
        Node none = actions.errno(Errno.ENOSYS);
        return plan.arch() == Arch.X86_64
                ? assembler.comment("no x32",
                        assembler.jump(JumpOp.GE, Arch.X32_SYSCALL_BIT,
                                plan.traced() ? assembler.jump(JumpOp.SET, NEGATIVE, none, foreign()) : none, next))
                : next;
    }

    /** A call that a later kernel brings may be one more way to the network. Programs expect ENOSYS of new calls. */
    private Node refuseUnknown(Node next) {
        return assembler.comment("no call newer than this program",
                assembler.jump(JumpOp.GT, newest(), actions.errno(Errno.ENOSYS), next));
    }

    /** The highest number this program knows. */
    private int newest() {
        int[] known = SyscallTable.of(plan.arch()).all();
        return known[known.length - 1];
    }
}
