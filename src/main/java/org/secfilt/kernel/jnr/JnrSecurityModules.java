package org.secfilt.kernel.jnr;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.secfilt.abi.Arch;
import org.secfilt.kernel.SecurityModules;

/** Security modules by landlock_create_ruleset(2) and /proc. */
final class JnrSecurityModules implements SecurityModules {
    private static final int LANDLOCK_CREATE_RULESET_VERSION = 1; // linux/landlock.h

    @Override
    public int landlockAbi() {
        int nr = Arch.X86_64.syscalls().nr("landlock_create_ruleset");
        return (int) Math.max(0, Libc.SYSCALL.call(nr, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0));
    }

    @Override
    public int yamaScope() {
        try {
            return Integer.parseInt(Files.readString(Path.of("/proc/sys/kernel/yama/ptrace_scope")).strip());
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public boolean hasYama() {
        return new File("/proc/sys/kernel/yama").exists();
    }
}
