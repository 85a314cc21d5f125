package org.secfilt.filter;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;

/**
 * The filter of a command that no rule restricts, but that has something of its own: a network, a user, a /tmp. It must not have its caller's
 * shell, or root's helper, act in its place, outside. All else is as without a filter, whatever the architecture of the call.
 *
 * <table>
 * <caption>Refused</caption>
 * <tr><th>call</th><th>could</th><th>answer</th></tr>
 * <tr><td>ioctl TIOCSTI, TIOCLINUX</td><td>type commands into the terminal, for the shell outside to run, which may be root's; before Linux 6.2,
 *     and with sysctl dev.tty.legacy_tiocsti, whoever has the terminal</td><td>EPERM</td></tr>
 * <tr><td>request_key with callout_info</td><td>have root's request-key(8) resolve a name in the host's network</td><td>EPERM</td></tr>
 * </table>
 */
final class OutsideCalls {
    // asm-generic/ioctls.h
    static final int TIOCSTI = 0x5412;
    static final int TIOCLINUX = 0x541c;
    // asm/unistd.h: of x32, which has an ioctl of its own, of i386, and of 32-bit ARM
    private static final int X32_IOCTL = Arch.X32_SYSCALL_BIT | 514;
    private static final int COMPAT_IOCTL = 54;
    private static final int I386_REQUEST_KEY = 287;
    private static final int ARM_REQUEST_KEY = 310;

    private final Arch arch;
    private final Assembler assembler;
    private final Actions actions;

    OutsideCalls(Plan plan, Assembler assembler, Actions actions) {
        this.arch = plan.arch();
        this.assembler = assembler;
        this.actions = actions;
    }

    Node program() {
        SyscallTable own = arch.syscalls();
        int requestKey = own.nr("request_key");
        boolean x86 = arch == Arch.X86_64;
        int[] ioctls = x86 ? new int[] {own.nr("ioctl"), X32_IOCTL} : new int[] {own.nr("ioctl")};
        int[] requests = x86 ? new int[] {requestKey, Arch.X32_SYSCALL_BIT | requestKey} : new int[] {requestKey};
        return assembler.comment("nobody outside acts in the command's place",
                assembler.load(SeccompData.ARCH,
                        assembler.jump(JumpOp.EQ, arch.audit(), calls(ioctls, requests),
                                calls(new int[] {COMPAT_IOCTL}, new int[] {x86 ? I386_REQUEST_KEY : ARM_REQUEST_KEY}))));
    }

    private Node calls(int[] ioctls, int[] requests) {
        Node refuse = actions.errno(Errno.EPERM);
        Node types = assembler.load(SeccompData.low(1), assembler.jumpIfAny(new int[] {TIOCSTI, TIOCLINUX}, refuse, actions.allow()));
        Node calls = assembler.load(SeccompData.low(2),
                assembler.jump(JumpOp.EQ, 0,
                        assembler.load(SeccompData.high(2), assembler.jump(JumpOp.EQ, 0, actions.allow(), refuse)), refuse));
        return assembler.load(SeccompData.NR,
                assembler.jumpIfAny(ioctls, types, assembler.jumpIfAny(requests, calls, actions.allow())));
    }
}
