package org.secfilt.tracer;

import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.FileChanges;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * Answers the calls that change files past Landlock. None of them runs: what the policy allows is done here, on the very file that was
 * looked at, for a path that the kernel walked again could lead elsewhere by then.
 */
final class FileStop {
    private static final String NOT_LISTED = "not below allow-write";

    private final Replies replies;
    private final Tracees tracees;
    private final FileChanges changes;
    private final Plan plan;
    private final List<ByteString> writable;
    private final Watch watch;

    FileStop(Replies replies, Tracees tracees, FileChanges changes, Plan plan, List<ByteString> writable, Watch watch) {
        this.replies = replies;
        this.watch = watch;
        this.tracees = tracees;
        this.changes = changes;
        this.plan = plan;
        this.writable = List.copyOf(writable);
    }

    /** Opens what is writable as this process sees it. @return 0 or a negative error number */
    int permit(int pid) {
        for (ByteString path : writable) {
            int rc = changes.permit(pid, path.toBytes());
            if (rc < 0) {
                return rc;
            }
        }
        return 0;
    }

    /** At the seccomp-stop. */
    void answer(Task task, FileCall call, SyscallStop stop) {
        replies.skip(task, make(task.tid, call, stop));
    }

    /** @return what the call answers; a denial was told */
    private int make(int tid, FileCall call, SyscallStop stop) {
        if (!tracees.rights().hasOurLabel(tid)) {
            return deny(tid, call, new byte[0], "its security label (SELinux, AppArmor) is another than secfilt's, which would make the change");
        }
        FileRequest request;
        try {
            request = FileRequest.read(tracees.memory(), tid, call, stop);
        } catch (FileRequest.Unreadable e) {
            return e.errno() == Errno.EPERM.number()
                    ? deny(tid, call, new byte[0], AddressJudge.unreadable(tracees, tid))
                    : -e.errno();
        }
        FileChanges.Outcome outcome = changes.make(tid, request.target(), request.change());
        if (outcome instanceof FileChanges.Made made) {
            return made.result();
        }
        FileChanges.Refused refused = (FileChanges.Refused) outcome;
        return deny(tid, call, refused.path(), refused.why().isEmpty() ? NOT_LISTED : refused.why());
    }

    private int deny(int tid, FileCall call, byte[] path, String why) {
        if (!replies.cancel(tid)) {
            return -plan.fileDenial().number();
        }
        replies.tellDenied();
        Origin origin = plan.policy().files().readOnly().orElse(Origin.DEFAULT);
        String full = origin.line() == 0 ? why : why + " (" + origin + ")";
        watch.deniedFile(tid, call.syscall(), ByteString.of(path), new Verdict.Deny(plan.fileDenial(), full, origin));
        return -plan.fileDenial().number();
    }
}
