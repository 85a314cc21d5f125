package org.secfilt.filter;

import java.util.OptionalInt;
import org.secfilt.abi.Errno;
import org.secfilt.abi.FileOwner;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;

/**
 * The calls that would get round everything else, each with what it could do.
 *
 * <table>
 * <caption>Refused</caption>
 * <tr><th>call</th><th>could</th><th>answer</th></tr>
 * <tr><td>io_uring_*</td><td>connect and send without a system call that a filter sees</td>
 *     <td>EPERM, as with kernel.io_uring_disabled=2: programs know it and fall back</td></tr>
 * <tr><td>ptrace</td><td>make outside processes act; where nobody traces, be the tracer of a child, and wave its RET_TRACE stops through</td>
 *     <td>EPERM, as for any process that is traced already; by the tracer, where there is one</td></tr>
 * <tr><td>process_vm_writev, pidfd_getfd</td><td>make outside processes act; take their sockets</td><td>EPERM</td></tr>
 * <tr><td>bpf</td><td>rewrite addresses in cgroup hooks</td><td>EPERM</td></tr>
 * <tr><td>seccomp with NEW_LISTENER</td><td>USER_NOTIF outranks TRACE, and its CONTINUE skips the tracer</td>
 *     <td>EBUSY, as the kernel answers where a listener is</td></tr>
 * <tr><td>prctl PR_SET_MM</td><td>say that the heap's end lies behind the vault; brk then unmaps it. PR_SET_MM_MAP needs no privilege</td>
 *     <td>EPERM</td></tr>
 * <tr><td>prctl PR_SET_TAGGED_ADDR_CTRL, arch_prctl ARCH_ENABLE_TAGGED_ADDR</td><td>give the vault other addresses</td><td>EPERM</td></tr>
 * <tr><td>process_madvise, but for hints</td><td>MADV_DONTFORK (6.13 on its own process): a child without the vault</td>
 *     <td>EINVAL, as before 6.13</td></tr>
 * <tr><td>io_setup</td><td>move a page of its ring to below the vault: io_destroy unmaps the ring's whole length from there on</td>
 *     <td>ENOSYS, as kernels without CONFIG_AIO: programs know it and fall back</td></tr>
 * <tr><td>uselib</td><td>map over the vault</td><td>ENOSYS, as nearly all kernels</td></tr>
 * <tr><td>request_key with callout_info</td><td>have root's request-key(8) resolve a name outside of the sandbox</td><td>EPERM</td></tr>
 * <tr><td>keyctl KEYCTL_SESSION_TO_PARENT</td><td>take its keys from the shell outside, and give it others</td><td>EPERM</td></tr>
 * <tr><td>ioctl TIOCSTI, TIOCLINUX</td><td>type commands into the terminal, for the shell outside to run</td><td>EPERM</td></tr>
 * <tr><td>ioctl TIOCVHANGUP, vhangup (root)</td><td>have the kernel send SIGHUP to who has that terminal, outside too</td><td>EPERM</td></tr>
 * <tr><td>ioctl TUNSETIFF</td><td>send packets through a tunnel that root left open to this user</td><td>EPERM</td></tr>
 * <tr><td>ioctl XFS_IOC_OPEN_BY_HANDLE, for root that must stay in its cgroup</td><td>as open_by_handle_at: CgroupSeal</td><td>EPERM</td></tr>
 * <tr><td>setns, for root in a network of its own</td><td>enter the host's network again</td><td>EPERM</td></tr>
 * <tr><td>setns into a network or user namespace, or without saying into what, where internet addresses are restricted</td>
 *     <td>reach another machine by an allowed address, 127.0.0.1 too: there, or by a link that is fetched from there</td><td>EPERM</td></tr>
 * </table>
 *
 * <table>
 * <caption>Looked at and left alone</caption>
 * <tr><th>call</th><th>because</th></tr>
 * <tr><td>write, sendfile, splice, vmsplice, io_submit, send</td><td>go where connect was judged to go</td></tr>
 * <tr><td>accept, read, recvfrom</td><td>give what others sent, and no descriptors</td></tr>
 * <tr><td>setns (else), unshare, clone but for {@link CloneCalls}</td><td>addresses are judged in every namespace; a fresh one has no way
 *     out</td></tr>
 * <tr><td>execve, personality</td><td>no_new_privs; the filter stays, the architecture is checked at every call</td></tr>
 * <tr><td>seccomp, prctl PR_SET_SECCOMP</td><td>further filters only take away</td></tr>
 * <tr><td>userfaultfd, mseal, process_mrelease</td><td>cannot register, or change, a mapping that may not be written</td></tr>
 * <tr><td>init_module, iopl, kexec_load, reboot</td><td>root's command has lost the capabilities where addresses or files are restricted, or
 *     it is to stay in a network or a profile; elsewhere it keeps them, as under families alone</td></tr>
 * <tr><td>mount, fsopen (root)</td><td>NOT stopped: root can have the kernel itself connect, by mounting NFS, CIFS, 9p</td></tr>
 * <tr><td>open of /proc/sys/kernel/core_pattern and the like (root)</td><td>NOT stopped here: a matter of files</td></tr>
 * </table>
 */
final class WaysRound {
    private static final int SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3; // linux/seccomp.h
    private static final int PR_SET_MM = 35; // linux/prctl.h
    private static final int PR_SET_TAGGED_ADDR_CTRL = 55; // linux/prctl.h
    private static final int ARCH_ENABLE_TAGGED_ADDR = 0x4002; // asm/prctl.h
    private static final int KEYCTL_SESSION_TO_PARENT = 18; // linux/keyctl.h
    private static final int TIOCVHANGUP = 0x5437; // asm-generic/ioctls.h
    private static final int TUNSETIFF = 0x400454ca; // linux/if_tun.h
    private static final int XFS_IOC_OPEN_BY_HANDLE = 0xc038586b; // xfs/xfs_fs.h

    /** MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE: all that process_madvise(2) took before 6.13. // asm-generic/mman-common.h */
    private static final int[] HINTS = {3, 20, 21, 25};

    private static final String[] REFUSED = {
        "io_uring_setup", "io_uring_enter", "io_uring_register", "process_vm_writev", "pidfd_getfd", "bpf",
    };

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    WaysRound(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        Node refuse = actions.errno(Errno.EPERM);
        if (!plan.traced()) {
            dispatch.add(syscalls.nr("ptrace"), refuse, "ptrace: a way round the filter");
        }
        for (String name : REFUSED) {
            dispatch.add(syscalls.nr(name), refuse, name + ": a way round the tracer");
        }
        dispatch.add(syscalls.nr("seccomp"), load(1,
                assembler.jump(JumpOp.SET, SECCOMP_FILTER_FLAG_NEW_LISTENER, actions.errno(Errno.EBUSY), actions.allow())),
                "seccomp: no second listener");
        int[] requests = plan.sealsCgroup()
                ? new int[] {OutsideCalls.TIOCSTI, OutsideCalls.TIOCLINUX, TIOCVHANGUP, TUNSETIFF, XFS_IOC_OPEN_BY_HANDLE}
                : new int[] {OutsideCalls.TIOCSTI, OutsideCalls.TIOCLINUX, TIOCVHANGUP, TUNSETIFF};
        Node others = plan.policy().restrictsFiles() ? new FileCalls(plan, assembler, actions).ioctl() : actions.allow();
        if (plan.traces(TracedCall.IOCTL)) {
            others = assembler.jumpIfAny(FileOwner.IOCTLS, actions.trace(TracedCall.IOCTL), others);
        }
        dispatch.add(syscalls.nr("ioctl"), load(1, assembler.jumpIfAny(requests, refuse, others)),
                "ioctl: no typing into the terminal, no tunnels"
                        + (plan.traces(TracedCall.IOCTL) ? ", no file signals processes outside" : "")
                        + (plan.policy().restrictsFiles() ? ", no change of files: " + plan.policy().files().readOnly().get() : ""));
        dispatch.add(syscalls.nr("vhangup"), refuse, "vhangup: no signals to others at the terminal");
        dispatch.add(syscalls.nr("request_key"),
                load(2, assembler.jump(JumpOp.EQ, 0,
                        assembler.load(SeccompData.high(2), assembler.jump(JumpOp.EQ, 0, actions.allow(), refuse)), refuse)),
                "request_key: no program that runs outside");
        dispatch.add(syscalls.nr("keyctl"), load(0, assembler.jumpIfAny(new int[] {KEYCTL_SESSION_TO_PARENT}, refuse, actions.allow())),
                "keyctl: the parent keeps its keys");
        if (plan.confinesToNetwork()) {
            dispatch.add(syscalls.nr("setns"), refuse, "setns: no way back into the host's network");
        } else if (plan.limitsInet() && !plan.sealsCgroup()) {
            dispatch.add(syscalls.nr("setns"), NamespaceCalls.setns(assembler, actions, NamespaceCalls.NETWORK),
                    "setns: in another network the same address, 127.0.0.1 too, is another machine; and a link may lead there");
        }
        if (plan.traced()) {
            keepVaultInPlace(dispatch, syscalls, refuse);
        }
    }

    private void keepVaultInPlace(Dispatch dispatch, SyscallTable syscalls, Node refuse) {
        dispatch.add(syscalls.nr("prctl"), load(0, assembler.jumpIfAny(new int[] {PR_SET_MM, PR_SET_TAGGED_ADDR_CTRL}, refuse, actions.allow())),
                "prctl: the vault stays");
        dispatch.add(syscalls.nr("process_madvise"), load(3, assembler.jumpIfAny(HINTS, actions.allow(), actions.errno(Errno.EINVAL))),
                "process_madvise: the vault stays");
        if (plan.bringsVault()) {
            dispatch.add(syscalls.nr("io_setup"), actions.errno(Errno.ENOSYS), "io_setup: the vault stays");
        }
        OptionalInt archPrctl = syscalls.find("arch_prctl");
        if (archPrctl.isPresent()) {
            dispatch.add(archPrctl.getAsInt(), load(0, assembler.jumpIfAny(new int[] {ARCH_ENABLE_TAGGED_ADDR}, refuse, actions.allow())),
                    "arch_prctl: the vault stays");
        }
        OptionalInt uselib = syscalls.find("uselib");
        if (uselib.isPresent()) {
            dispatch.add(uselib.getAsInt(), actions.errno(Errno.ENOSYS), "uselib: the vault stays");
        }
    }

    /** The low word of an argument that is an {@code int}, or the low word of a pointer. */
    private Node load(int argument, Node next) {
        return assembler.load(SeccompData.low(argument), next);
    }
}
