package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;

/** The number of this process. ProcessHandle would tell it too, after making a thread pool, which a start need not pay for. */
final class OwnProcess {
    static final int PID = (int) Libc.SYSCALL.call(Arch.current().syscalls().nr("getpid"), 0, 0, 0, 0, 0);

    private OwnProcess() {}
}
