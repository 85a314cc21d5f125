package org.secfilt.tracer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.FileOwner;
import org.secfilt.abi.SyscallTable;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.TraceeNumbers.Whose;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * Judges whom a file is to signal, where Landlock does not scope what it then sends: processes of the run, and groups that have no other members.
 * The kernel holds them by themselves, not by their numbers.
 *
 * <pre>
 *   fcntl(FD, F_SETOWN, PID or -GROUP)                        a register: it runs as it was made
 *   fcntl(FD, F_SETOWN_EX, process or group)                  memory, which others may change: F_SETOWN runs in its place, which means the same
 *   ioctl(SOCKET, FIOSETOWN or SIOCSPGRP, PID or -GROUP)      likewise
 *   fcntl(FD, F_SETOWN_EX, thread)                            has no such form: made by the supervisor, for threads of the caller's process alone
 * </pre>
 *
 * The supervisor's user would be the one by whose right the kernel signals: so it names nobody whom the caller could not signal itself.
 */
final class OwnerStop {
    private static final Verdict.Deny OUTSIDE =
            new Verdict.Deny(Errno.EPERM, "the file would signal processes outside of the run", Origin.DEFAULT);
    private static final Verdict.Deny NOT_OWN =
            new Verdict.Deny(Errno.EPERM, "by F_OWNER_TID a file may signal threads of the caller's own process alone", Origin.DEFAULT);

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final SignalTargets targets;
    private final Replies replies;
    private final Replacement replacement;
    private final int fcntl;
    private final byte[] bytes = new byte[FileOwner.BYTES];

    OwnerStop(Ptrace ptrace, Tracees tracees, SignalTargets targets, Replies replies, Replacement replacement, SyscallTable syscalls) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.targets = targets;
        this.replies = replies;
        this.replacement = replacement;
        this.fcntl = syscalls.nr(TracedCall.FCNTL.syscall());
    }

    /** The call is saved in {@code task.call}. @param keeper as {@link SignalTargets} has it */
    void answer(Task task, TracedCall call, int keeper) {
        int request = (int) task.call.argument(1);
        if (call == TracedCall.FCNTL && request == FileOwner.F_SETOWN) {
            judge(task, call, (int) task.call.argument(2), keeper);
        } else if (call == TracedCall.FCNTL && request == FileOwner.F_SETOWN_EX) {
            if (reads(task, FileOwner.BYTES, Optional.empty())) {
                ByteBuffer owner = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
                ofKind(task, owner.getInt(), owner.getInt(), keeper);
            }
        } else if (call == TracedCall.IOCTL && (request == FileOwner.FIOSETOWN || request == FileOwner.SIOCSPGRP)) {
            if (reads(task, Integer.BYTES, Optional.of(Errno.ENOTTY))) {
                judge(task, call, ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getInt(), keeper);
            }
        } else {
            replies.skip(task, -Errno.ENOSYS.number()); // a filter of the tracee's own asks for a tracer, and we are not it
        }
    }

    /** What the third argument points to. @param noSocket the answer if the descriptor is none, where it must be @return whether it is there */
    private boolean reads(Task task, int length, Optional<Errno> noSocket) {
        int error = tracees.sockets().noSocket(task.tid, fd(task));
        if (error == -Errno.EBADF.number()) {
            replies.skip(task, error);
        } else if (error < 0 && noSocket.isPresent()) {
            replies.skip(task, -noSocket.get().number()); // not resumed: it may be one by then
        } else if (tracees.memory().read(task.tid, task.call.argument(2), bytes, length) != length) {
            replies.skip(task, -Errno.EFAULT.number());
        } else {
            return true;
        }
        return false;
    }

    private void ofKind(Task task, int kind, int number, int keeper) {
        if (kind != FileOwner.F_OWNER_TID && kind != FileOwner.F_OWNER_PID && kind != FileOwner.F_OWNER_PGRP) {
            replies.skip(task, -Errno.EINVAL.number());
        } else if (number < 0) {
            replies.skip(task, -Errno.ESRCH.number());
        } else if (kind == FileOwner.F_OWNER_TID && number != SignalTargets.NONE) {
            thread(task, number, keeper);
        } else {
            judge(task, TracedCall.FCNTL, kind == FileOwner.F_OWNER_PGRP ? -number : number, keeper);
        }
    }

    /** @param who as F_SETOWN has it: nobody by 0, a group by its number with a minus */
    private void judge(Task task, TracedCall call, int who, int keeper) {
        Whose whose = who == SignalTargets.NONE || who == Integer.MIN_VALUE ? Whose.OURS // which is refused
                : who > 0 ? targets.one(task.tid, who, keeper) : group(task, -who, keeper);
        if (whose != Whose.OURS) {
            refuse(task, call, whose);
        } else if (call == TracedCall.FCNTL && (int) task.call.argument(1) == FileOwner.F_SETOWN) {
            ptrace.resume(task.tid, 0);
        } else {
            replacement.run(task, new SignalCall(fcntl, task.call.argument(0), FileOwner.F_SETOWN, who, task.call.argument(3)));
        }
    }

    /** One by whose number there is a process outside may become that one's. */
    private Whose group(Task task, int number, int keeper) {
        Whose leader = targets.one(task.tid, number, keeper);
        if (leader == Whose.OTHERS) {
            return leader;
        }
        SignalTargets.Group group = targets.group(task.tid, number, keeper);
        return group.outside() ? Whose.OTHERS : group.empty() ? leader : Whose.OURS;
    }

    private void thread(Task task, int number, int keeper) {
        Whose whose = targets.one(task.tid, number, keeper);
        if (whose != Whose.OURS) {
            refuse(task, TracedCall.FCNTL, whose);
            return;
        }
        int rc = targets.ownByThread(task.tid, fd(task), number);
        if (rc == -Errno.EPERM.number()) {
            replies.deny(task, TracedCall.FCNTL, Optional.empty(), NOT_OWN);
        } else {
            replies.skip(task, rc);
        }
    }

    private void refuse(Task task, TracedCall call, Whose whose) {
        int error = tracees.sockets().noSocket(task.tid, fd(task));
        if (error == -Errno.EBADF.number() || whose == Whose.NOBODYS) {
            replies.skip(task, error == -Errno.EBADF.number() ? error : -Errno.ESRCH.number()); // not resumed: somebody may have the number by then
        } else {
            replies.deny(task, call, Optional.empty(), OUTSIDE);
        }
    }

    private static int fd(Task task) {
        return (int) task.call.argument(0);
    }
}
