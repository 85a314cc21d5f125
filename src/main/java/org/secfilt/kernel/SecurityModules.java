package org.secfilt.kernel;

/** The security modules of this kernel that matter to every run. landlock(7), ptrace(2) "/proc/sys/kernel/yama/ptrace_scope". */
public interface SecurityModules {
    /** The ABI that landlock_create_ruleset(2) tells; 0 without Landlock. */
    int landlockAbi();

    /** kernel.yama.ptrace_scope; 0, which restricts nothing, where there is no Yama. */
    int yamaScope();

    /** True where prctl(PR_SET_PTRACER) means something. */
    boolean hasYama();
}
