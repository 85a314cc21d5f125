package org.secfilt.filter;

import java.util.OptionalInt;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;

/**
 * Keeps root's command in the cgroup whose packets the firewall judges. The cgroup files it can see are read-only; here stand the calls that
 * would show it others.
 *
 * <table>
 * <caption>Refused</caption>
 * <tr><th>call</th><th>could</th><th>answer</th></tr>
 * <tr><td>mount of a file system, or again with other flags; fsopen, fspick, fsconfig, fsmount, mount_setattr, open_tree_attr</td>
 *     <td>mount cgroups writable, also by a descriptor that came along. Binding, moving and unmounting stay</td><td>EPERM</td></tr>
 * <tr><td>setns into a network or mount namespace, or without saying of which kind</td>
 *     <td>send where the rules are not; see other mounts</td><td>EPERM</td></tr>
 * <tr><td>open_by_handle_at, and XFS's ioctl that is the same</td><td>open a directory in the mount of any descriptor that came along, such as
 *     standard input; from there ".." leads to cgroups as they are mounted outside, writable</td><td>EPERM</td></tr>
 * <tr><td>fanotify_init, fanotify_mark</td><td>get what processes outside open, directories too, in their mounts</td><td>EPERM</td></tr>
 * <tr><td>clone3</td><td>CLONE_INTO_CGROUP, for which a directory open for reading is enough</td><td>ENOSYS: {@link CloneCalls}</td></tr>
 * </table>
 */
final class CgroupSeal {
    // linux/mount.h
    private static final int MS_REMOUNT = 32;
    private static final int MS_BIND_OR_MOVE = 4096 | 8192;
    private static final int MS_PROPAGATION = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20;
    private static final int MS_MGC_MSK = 0xffff0000;
    private static final int MS_MGC_VAL = 0xc0ed0000;
    // linux/sched.h
    private static final int CLONE_NEWNS = 0x00020000;

    private static final String[] REFUSED = {
        "fsopen", "fspick", "fsconfig", "fsmount", "mount_setattr", "open_tree_attr", "open_by_handle_at"
    };

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    CgroupSeal(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        if (!plan.sealsCgroup()) {
            return;
        }
        Node refuse = actions.errno(Errno.EPERM);
        dispatch.add(syscalls.nr("fanotify_init"), refuse, "fanotify_init: nothing that is opened outside comes in");
        dispatch.add(syscalls.nr("fanotify_mark"), refuse, "fanotify_mark: nor by a descriptor that was open at the start");
        if (!plan.policy().restrictsFiles()) { // else no mount at all is left, and no handle: FileCalls
            keepMounts(dispatch, syscalls, refuse);
        }
        if (plan.confinesToNetwork()) {
            return; // all of setns is refused: WaysRound
        }
        dispatch.add(syscalls.nr("setns"), NamespaceCalls.setns(assembler, actions, CLONE_NEWNS | NamespaceCalls.NETWORK),
                "setns: the firewall's namespace stays");
    }

    private void keepMounts(Dispatch dispatch, SyscallTable syscalls, Node refuse) {
        for (String name : REFUSED) {
            OptionalInt nr = syscalls.find(name);
            if (nr.isPresent()) {
                dispatch.add(nr.getAsInt(), refuse, name + ": the cgroup stays");
            }
        }
        dispatch.add(syscalls.nr("mount"), mount(refuse), "mount: the cgroup stays");
    }

    /** As path_mount() in fs/namespace.c looks at the flags, the magic number of old programs among them. */
    private Node mount(Node refuse) {
        Node propagation = assembler.and(MS_MGC_MSK,
                assembler.jump(JumpOp.EQ, MS_MGC_VAL, refuse,
                        assembler.jump(JumpOp.SET, MS_PROPAGATION, actions.allow(), refuse)));
        return assembler.load(SeccompData.low(3),
                assembler.jump(JumpOp.SET, MS_REMOUNT, refuse,
                        assembler.jump(JumpOp.SET, MS_BIND_OR_MOVE, actions.allow(), propagation)));
    }
}
