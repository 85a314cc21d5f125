package org.secfilt.filter;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;

/**
 * The filter of a command that nothing restricts, but that is another user's than its caller: it does not type commands into the terminal, for
 * the shell outside to run, which is root's. (Before Linux 6.2, and with sysctl dev.tty.legacy_tiocsti, the kernel lets whoever has the terminal.)
 */
final class TerminalGuard {
    // asm-generic/ioctls.h
    static final int TIOCSTI = 0x5412;
    static final int TIOCLINUX = 0x541c;
    private static final int FOREIGN_IOCTL = 54; // of i386 and of 32-bit ARM alike, whatever they call it
    private static final int X32_IOCTL = Arch.X32_SYSCALL_BIT | 514;

    private TerminalGuard() {}

    static Node program(Arch arch, Assembler assembler, Actions actions) {
        Node typing = assembler.load(SeccompData.low(1),
                assembler.jumpIfAny(new int[] {TIOCSTI, TIOCLINUX}, actions.errno(Errno.EPERM), actions.allow()));
        List<Integer> own = new ArrayList<>(List.of(arch.syscalls().nr("ioctl")));
        if (arch == Arch.X86_64) {
            own.add(X32_IOCTL);
        }
        return assembler.comment("ioctl: no typing into the terminal",
                assembler.load(SeccompData.ARCH,
                        assembler.jump(JumpOp.EQ, arch.audit(),
                                assembler.load(SeccompData.NR,
                                        assembler.jumpIfAny(own.stream().mapToInt(Integer::intValue).toArray(), typing, actions.allow())),
                                assembler.load(SeccompData.NR, assembler.jump(JumpOp.EQ, FOREIGN_IOCTL, typing, actions.allow())))));
    }
}
