package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.CgroupSight;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.launch.LaunchScript;
import org.secfilt.report.Reports;

/**
 * What the stub does to itself before its last script, which ends in execve(2), is known. Each step answers false where it cannot be done: the user
 * is told then, and the stub has its exit code.
 */
final class Preparation {
    /** Through the mounts. */
    private static final int MOST_LOOKS = 20;

    private final CgroupSight cgroups;
    private final FrontEnd frontEnd;
    private final Reports reports;
    private final SyscallTable syscalls;

    Preparation(CgroupSight cgroups, FrontEnd frontEnd, Reports reports, SyscallTable syscalls) {
        this.cgroups = cgroups;
        this.frontEnd = frontEnd;
        this.reports = reports;
        this.syscalls = syscalls;
    }

    /** Has the stub make these calls, and none of them is execve(2). */
    boolean makes(LaunchScript script) {
        return succeeds(script, failed(script));
    }

    /** Mounts of its own, in which no file of a cgroup can be written: by one that it can write to, root's command would leave its cgroup. */
    boolean sealsCgroups() {
        return makes(Scripts.separateMounts(syscalls)) && makesCgroupsReadOnly();
    }

    /** Who removes a mount point meanwhile, as another run may, has us look again. */
    private boolean makesCgroupsReadOnly() {
        for (int left = MOST_LOOKS; ; left--) {
            LaunchScript script = Scripts.readOnly(syscalls, cgroupMounts());
            Optional<FrontEnd.FailedStep> failed = failed(script);
            if (failed.isEmpty() || left == 0 || failed.get().errno() != Errno.EINVAL.number() && failed.get().errno() != Errno.ENOENT.number()) {
                return succeeds(script, failed);
            }
        }
    }

    /** Of both kinds, whichever knows the run's packets. */
    private List<byte[]> cgroupMounts() {
        List<byte[]> mounts = new ArrayList<>(cgroups.mounts(frontEnd.pid()));
        mounts.addAll(cgroups.classMounts(frontEnd.pid()));
        return mounts;
    }

    /** @return the step that failed, or the one behind the last if none did; empty if the stub died */
    private Optional<FrontEnd.FailedStep> failed(LaunchScript script) {
        frontEnd.launch(script.encode());
        return frontEnd.awaitExec();
    }

    private boolean succeeds(LaunchScript script, Optional<FrontEnd.FailedStep> failed) {
        if (failed.isPresent() && failed.get().index() < script.steps().size()) {
            reports.refusal(frontEnd, script.steps().get(failed.get().index()).name() + ": " + Errno.of(failed.get().errno()));
            frontEnd.exit(Sandbox.FAILED);
            return false;
        }
        return failed.isPresent();
    }
}
