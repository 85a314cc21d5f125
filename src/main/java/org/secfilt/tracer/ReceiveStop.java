package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;

/**
 * Answers recvmsg(2) and recvmmsg(2), for the descriptors that a unix peer hands over, unix(7) "SCM_RIGHTS": they are judged when the call that
 * brought them has ended and before the thread that made it goes on ({@link ReceivedDescriptors}).
 *
 * <p>Where the kernel writes the numbers is known beforehand, and cleared, so that neither stale bytes nor an EFAULT hides them: the
 * kernel installs the descriptors before it finds out that it cannot write the rest (net/core/scm.c scm_detach_fds). Memory is the
 * tracee's: its other threads have the microseconds until the stop to use a number they guess, or to overwrite it. A call whose own
 * results would overwrite it is EFAULT, and does not run.
 */
final class ReceiveStop {
    private static final int TIMESPEC_BYTES = 16;
    /** What may be kept of all rooms at once: who has more of them waiting finds zeros where nothing came. */
    private static final int MOST_KEPT = 4 << 20;
    /** Which argument of a recvmmsg(2) is the number of messages. */
    private static final int COUNT = 2;

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Replies replies;
    private final AddressJudge addresses;
    private final Crossing crossing;
    private final ExecStops stops;
    private final ReceivedDescriptors received;
    private final byte[] header = new byte[Msghdr.MMSGHDR_BYTES];
    private final byte[] control = new byte[ControlRoom.MOST_BYTES];
    private int kept;

    ReceiveStop(Ptrace ptrace, Tracees tracees, Replies replies, AddressJudge addresses, Crossing crossing, ExecStops stops,
            ReceivedDescriptors received) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.replies = replies;
        this.addresses = addresses;
        this.crossing = crossing;
        this.stops = stops;
        this.received = received;
    }

    private static boolean bringsMany(TracedCall call) {
        return call == TracedCall.RECVMMSG;
    }

    /** At the seccomp-stop of a receiving call, which is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        boolean many = bringsMany(call);
        int step = many ? Msghdr.MMSGHDR_BYTES : Msghdr.BYTES;
        long messages = many ? task.call.argument(COUNT) & 0xffff_ffffL : 1;
        int got = messages == 0 ? 0 : tracees.memory().read(task.tid, task.call.argument(1), header, step);
        if (messages > 0 && got < step) {
            refuse(task, call, got < 0 ? got : -Errno.EFAULT.number());
            return;
        }
        boolean room = messages > 0 && hasRoom();
        if (!room && messages <= 1 || !isUnix(task.tid, (int) task.call.argument(0))) {
            ptrace.resume(task.tid, 0);
        } else if (!room || !crossing.holdsReception(task)) {
            int rc = room ? clear(task, many, step) : 0;
            rc = rc == 0 && messages > 1 ? limit(task) : rc;
            if (rc < 0) {
                refuse(task, call, rc);
            } else {
                go(task);
            }
        }
    }

    /** One that cannot be seen, and must not run. */
    private void refuse(Task task, TracedCall call, int error) {
        abandon(task);
        if (error == -Errno.EPERM.number()) {
            replies.deny(task, call, Optional.empty(), addresses.denyUnreadable(task.tid));
        } else {
            replies.skip(task, error);
        }
    }

    /** Whether the header names a room for a descriptor. */
    private boolean hasRoom() {
        return ControlMessages.longAt(header, Msghdr.CONTROL) != 0
                && Long.compareUnsigned(ControlMessages.longAt(header, Msghdr.CONTROLLEN), Msghdr.CMSG_DATA + Integer.BYTES) >= 0;
    }

    private boolean isUnix(int tid, int fd) {
        Optional<SocketCopy> socket = tracees.sockets().copy(tid, fd);
        if (socket.isEmpty()) {
            return true; // cannot be told
        }
        try (SocketCopy copy = socket.get()) {
            return copy.domain() == Family.UNIX.number();
        }
    }

    /** What the kernel writes later: the header, the sender's name, the time left. */
    private int clear(Task task, boolean many, int step) {
        SyscallStop call = task.call;
        ControlRoom room = new ControlRoom(tracees.memory(), task.tid, ControlMessages.longAt(header, Msghdr.CONTROL),
                ControlMessages.longAt(header, Msghdr.CONTROLLEN));
        boolean clear = room.clear(
                new long[] {call.argument(1), ControlMessages.longAt(header, Msghdr.NAME), many ? call.argument(4) : 0},
                new int[] {step, (int) Math.min(ControlMessages.intAt(header, Msghdr.NAMELEN) & 0xffff_ffffL, Sockaddr.MAX_LENGTH), TIMESPEC_BYTES});
        if (!clear) {
            return -Errno.EFAULT.number();
        }
        if (kept + room.keptBytes() > MOST_KEPT) {
            room.keepNothing();
        }
        kept += room.keptBytes();
        task.room = Optional.of(room);
        return 0;
    }

    /** To one message, or one could be written over another's numbers; callers must handle a short count. */
    private int limit(Task task) {
        return ptrace.setArgument(task.tid, COUNT, 1) < 0 ? -Errno.ENOSYS.number() : 0;
    }

    private void go(Task task) {
        task.phase = Task.Phase.RECEIVING;
        crossing.receives(task);
        if (!stops.needEnd(task.tid) || ptrace.resumeToExit(task.tid) < 0) {
            abandon(task); // killed in its stop: the call does not run
            task.phase = Task.Phase.RUNNING;
        }
    }

    /** The call is over, or the task is. */
    void abandon(Task task) {
        crossing.received(task);
        if (task.room.isPresent()) {
            kept -= task.room.get().keptBytes();
            task.room = Optional.empty();
        }
    }

    /**
     * At the syscall-exit-stop, whatever the result: EFAULT comes after the descriptors. Or at the stop at its end of one that was killed in its
     * call: who shares its descriptors has what came, and these and its memory are there still.
     */
    void exit(Task task, TracedCall call) {
        Optional<ControlRoom> room = task.room;
        abandon(task);
        if (bringsMany(call)) {
            ptrace.setArgument(task.tid, COUNT, task.call.argument(COUNT));
        }
        if (room.isEmpty()) {
            return;
        }
        int length = room.get().read(control);
        if (length < 0) { // it was cleared, and has vanished since; or the process died
            if (mayHaveBrought(task, call)) {
                received.refuseUnseen(task.tid, call);
            }
            return;
        }
        received.judgeAll(task.tid, call, control, length);
        room.get().putBack(control);
    }

    /**
     * Whether descriptors may have come to where they cannot be seen. A call that fails brings none, but by EFAULT and EINVAL; one that
     * brings some says so.
     */
    private boolean mayHaveBrought(Task task, TracedCall call) {
        int step = bringsMany(call) ? Msghdr.MMSGHDR_BYTES : Msghdr.BYTES;
        return task.result == -Errno.EFAULT.number()
                || task.result == -Errno.EINVAL.number() // a header that was changed meanwhile
                || task.result >= 0
                        && (tracees.memory().read(task.tid, task.call.argument(1), header, step) != step
                                || ControlMessages.longAt(header, Msghdr.CONTROLLEN) != 0);
    }
}
