package org.secfilt.tracer;

import java.util.Arrays;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.DescriptorJudge;
import org.secfilt.verdict.Verdict;

/**
 * The descriptors that a unix peer hands over, unix(7) "SCM_RIGHTS": each is judged as an inherited one is, when the call that brought it
 * has ended and before the thread that made it goes on. A socket that is connected elsewhere than allowed is disconnected; one that
 * cannot be, and what carries traffic past every call, costs all of the run their lives: others may share the descriptors (clone(2) CLONE_FILES).
 *
 * <p>Where the kernel writes the numbers is known beforehand, and cleared, so that neither stale bytes nor an EFAULT hides them: the
 * kernel installs the descriptors before it finds out that it cannot write the rest (net/core/scm.c scm_detach_fds). Memory is the
 * tracee's: its other threads have the microseconds until the stop to use a number they guess, or to overwrite it. A call whose own
 * results would overwrite it is EFAULT, and does not run.
 */
final class HandedOver {
    /** What else the kernel puts before the descriptors is shorter: times, credentials, a security label. */
    private static final int CONTROL_BYTES = 16 << 10;
    /** A recvmmsg receives no more at a time, or one message could be written over another's numbers; callers must handle a short count. */
    private static final int MESSAGES = 1;
    private static final int TIMESPEC_BYTES = 16;

    /** What may be kept of all rooms at once: who has more of them waiting finds zeros where nothing came. */
    private static final int MOST_KEPT = 4 << 20;

    private static final byte[] CLEAR = new byte[CONTROL_BYTES];
    private static final byte[] MARK = new byte[CONTROL_BYTES];

    static {
        Arrays.fill(MARK, (byte) 0xa5);
    }

    /** Where a call that is under way may write numbers of descriptors. */
    static final class Room {
        final long[] addresses = new long[MESSAGES];
        final int[] lengths = new int[MESSAGES];
        /** What stood there, as far as it is kept. */
        final byte[][] before = new byte[MESSAGES][];
        int count;
        /** The number of messages as the tracee gave it, if it was changed; else -1. */
        long messages;
    }

    /** What {@link #prepare} answers of a call that can bring nothing, and of one whose exit must be seen. */
    private static final int NOTHING = 0;
    private static final int EXIT = 1;
    /** Likewise of one that is answered later. */
    private static final int LATER = 2;

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final Replies replies;
    private final AddressJudge addresses;
    private final DescriptorJudge judge;
    private final Crossing crossing;
    private final ExecStops stops;
    private final Listeners listeners;
    private final Verdict.Deny unseen;
    private final byte[] headers = new byte[MESSAGES * Msghdr.MMSGHDR_BYTES];
    private final byte[] control = new byte[CONTROL_BYTES];
    private boolean denied;
    private int kept;

    HandedOver(Ptrace ptrace, Tracees tracees, Watch watch, Replies replies, AddressJudge addresses, Crossing crossing, ExecStops stops,
            Listeners listeners, Plan plan) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.watch = watch;
        this.replies = replies;
        this.addresses = addresses;
        this.crossing = crossing;
        this.stops = stops;
        this.listeners = listeners;
        this.judge = new DescriptorJudge(plan);
        this.unseen = new Verdict.Deny(plan.policy().denial(),
                "descriptors may have come that cannot be seen, for their room was unmapped or made unreadable meanwhile: all processes killed",
                Origin.DEFAULT);
    }

    static boolean bringsMany(TracedCall call) {
        return call == TracedCall.RECVMMSG;
    }

    /** At the seccomp-stop of a receiving call, which is saved in {@code task.call}. */
    void answer(Task task, TracedCall call) {
        int rc = prepare(task, call, task.call);
        if (rc == -Errno.EPERM.number()) {
            replies.deny(task, call, Optional.empty(), addresses.denyUnreadable());
        } else if (rc < 0) {
            replies.skip(task, rc);
        } else if (rc == EXIT) {
            task.phase = Task.Phase.RECEIVING;
            crossing.receives(task);
            if (!stops.needEnd(task.tid) || ptrace.resumeToExit(task.tid) < 0) {
                abandon(task); // killed in its stop: the call does not run
                task.phase = Task.Phase.RUNNING;
            }
        } else if (rc == NOTHING) {
            ptrace.resume(task.tid, 0);
        }
    }

    /**
     * @return {@link #NOTHING}; {@link #EXIT}, with the room in the task; {@link #LATER}; or a negative error number, where it cannot be seen
     *     and must not run
     */
    private int prepare(Task task, TracedCall call, SyscallStop stop) {
        int step = bringsMany(call) ? Msghdr.MMSGHDR_BYTES : Msghdr.BYTES;
        long given = bringsMany(call) ? stop.argument(2) & 0xffff_ffffL : 1;
        int messages = (int) Math.min(given, MESSAGES);
        if (messages == 0) {
            return NOTHING;
        }
        int got = tracees.memory().read(task.tid, stop.argument(1), headers, messages * step);
        if (got < step) {
            return got < 0 ? got : -Errno.EFAULT.number();
        }
        Room room = new Room();
        for (int at = 0; at + step <= got; at += step) {
            long control = ControlMessages.longAt(headers, at + Msghdr.CONTROL);
            add(room, control, ControlMessages.longAt(headers, at + Msghdr.CONTROLLEN));
        }
        room.messages = given > got / step ? given : -1;
        boolean limited = room.messages > 0;
        if (room.count == 0 && !limited || !isUnix(task.tid, (int) stop.argument(0))) {
            return NOTHING;
        }
        if (room.count > 0 && crossing.holdsReception(task)) {
            return LATER;
        }
        if (room.count > 0 && !clear(task.tid, room, new long[] {
            stop.argument(1), ControlMessages.longAt(headers, 0), bringsMany(call) ? stop.argument(4) : 0,
        }, new int[] {
            step, (int) Math.min(ControlMessages.intAt(headers, Msghdr.NAMELEN) & 0xffff_ffffL, Sockaddr.MAX_LENGTH), TIMESPEC_BYTES,
        })) {
            return -Errno.EFAULT.number();
        }
        if (limited && ptrace.setArgument(task.tid, 2, got / step) < 0) {
            return -Errno.ENOSYS.number();
        }
        for (int i = 0; i < room.count; i++) {
            if (kept + room.before[i].length > MOST_KEPT) {
                room.before[i] = new byte[0];
            }
            kept += room.before[i].length;
        }
        task.room = Optional.of(room);
        return EXIT;
    }

    /**
     * Clears the room, if it can be written and nothing that the kernel writes later lies in it, be it by the same address or by another
     * one of the same memory: the header, the sender's name, the time left.
     */
    private boolean clear(int tid, Room room, long[] later, int[] lengths) {
        byte[][] before = new byte[later.length][];
        for (int i = 0; i < later.length; i++) {
            before[i] = later[i] == 0 ? new byte[0] : bytes(tid, later[i], lengths[i]);
        }
        for (int i = 0; i < room.count; i++) {
            room.before[i] = bytes(tid, room.addresses[i], room.lengths[i]);
        }
        boolean apart = write(tid, room, MARK);
        for (int i = 0; i < later.length && apart; i++) {
            if (later[i] != 0) {
                apart = Arrays.equals(before[i], bytes(tid, later[i], lengths[i]))
                        && (before[i].length == lengths[i] || tracees.memory().write(tid, later[i] + before[i].length, CLEAR, 1) != 1);
            }
        }
        if (!write(tid, room, CLEAR) || !apart) {
            for (int i = 0; i < room.count; i++) {
                tracees.memory().write(tid, room.addresses[i], room.before[i], room.before[i].length);
            }
            return false;
        }
        return true;
    }

    private boolean write(int tid, Room room, byte[] text) {
        for (int i = 0; i < room.count; i++) {
            if (tracees.memory().write(tid, room.addresses[i], text, room.lengths[i]) != room.lengths[i]) {
                return false;
            }
        }
        return true;
    }

    /** As many as can be read; what can be written and not read does not count as apart. */
    private byte[] bytes(int tid, long address, int length) {
        byte[] read = new byte[length];
        int got = length == 0 ? 0 : tracees.memory().read(tid, address, read, length);
        return Arrays.copyOf(read, Math.max(got, 0));
    }

    private static void add(Room room, long address, long length) {
        boolean fits = Long.compareUnsigned(length, Msghdr.CMSG_DATA + Integer.BYTES) >= 0;
        if (address != 0 && fits) {
            room.addresses[room.count] = address;
            room.lengths[room.count] = Long.compareUnsigned(length, CONTROL_BYTES) < 0 ? (int) length : CONTROL_BYTES;
            room.count++;
        }
    }

    private boolean isUnix(int tid, int fd) {
        Optional<SocketCopy> socket = tracees.sockets().copy(tid, fd);
        if (socket.isEmpty()) {
            return true; // cannot be told
        }
        try (SocketCopy copy = socket.get()) {
            return copy.describe(fd).domain() == Family.UNIX.number();
        }
    }

    /** The call is over, or the task is. */
    void abandon(Task task) {
        crossing.received(task);
        if (task.room.isPresent()) {
            for (int i = 0; i < task.room.get().count; i++) {
                kept -= task.room.get().before[i].length;
            }
            task.room = Optional.empty();
        }
    }

    /**
     * At the syscall-exit-stop, whatever the result: EFAULT comes after the descriptors. Or at the stop at its end of one that was killed in its
     * call: who shares its descriptors has what came, and these and its memory are there still.
     */
    void exit(Task task, TracedCall call) {
        if (look(task, call)) {
            replies.tellDenied();
        }
    }

    /** @return whether one was denied */
    private boolean look(Task task, TracedCall call) {
        Room room = task.room.orElseThrow();
        abandon(task);
        denied = false;
        if (room.messages > 0) {
            ptrace.setArgument(task.tid, 2, room.messages);
        }
        for (int i = 0; i < room.count; i++) {
            int got = tracees.memory().read(task.tid, room.addresses[i], control, room.lengths[i]);
            if (got != room.lengths[i]) { // it was cleared, and has vanished since; or the process died
                if (mayHaveBrought(task, call)) {
                    refuse(task.tid, call);
                }
                return denied;
            }
            byte[] after = Arrays.copyOf(room.before[i], got);
            lookAt(task.tid, call, got, after);
            // Programs look for what they put there themselves, to see that nothing came.
            if (room.before[i].length == got) {
                tracees.memory().write(task.tid, room.addresses[i], after, got);
            }
        }
        return denied;
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
                        && (tracees.memory().read(task.tid, task.call.argument(1), headers, step) != step
                                || ControlMessages.longAt(headers, Msghdr.CONTROLLEN) != 0);
    }

    private void refuse(int tid, TracedCall call) {
        denied = true;
        watch.deniedAfterwards(tid, call.syscall(), Optional.empty(), SocketKind.UNKNOWN, unseen);
        replies.killAll();
    }

    /** @param after gets the messages, in the place where the kernel put them */
    private void lookAt(int tid, TracedCall call, int length, byte[] after) {
        int at = 0;
        while (length - at >= Msghdr.CMSG_DATA) {
            long messageLength = Math.min(ControlMessages.longAt(control, at), length - at);
            if (messageLength < Msghdr.CMSG_DATA) {
                return;
            }
            System.arraycopy(control, at, after, at, (int) messageLength);
            if (ControlMessages.intAt(control, at + Msghdr.CMSG_LEVEL) == Msghdr.SOL_SOCKET
                    && ControlMessages.intAt(control, at + Msghdr.CMSG_TYPE) == Msghdr.SCM_RIGHTS) {
                for (int number = at + Msghdr.CMSG_DATA; number + Integer.BYTES <= at + messageLength; number += Integer.BYTES) {
                    judge(tid, call, ControlMessages.intAt(control, number));
                }
            }
            at += (int) Msghdr.aligned(messageLength);
        }
    }

    private void judge(int tid, TracedCall call, int fd) {
        Optional<SocketCopy> socket = tracees.sockets().copy(tid, fd);
        if (socket.isEmpty()) {
            Optional<OpenDescriptor> carrier = tracees.sockets().carrier(tid, fd);
            if (carrier.isPresent()) {
                refuse(tid, call, carrier.get(), judge.denial(carrier.get()), false);
            }
            return;
        }
        try (SocketCopy copy = socket.get()) {
            OpenDescriptor descriptor = copy.describe(fd, judge.care());
            if (descriptor.isInternet()) {
                addresses.outsiderCame();
            }
            Optional<Verdict.Deny> denial = judge.denial(descriptor);
            if (denial.isPresent() && judge.denial(descriptor.withoutPeer()).isEmpty() && listeners.letIn(copy)) {
                return;
            }
            refuse(tid, call, descriptor, denial, denial.isPresent() && judge.disconnectMends(descriptor) && disconnect(copy));
        }
    }

    private boolean disconnect(SocketCopy copy) {
        addresses.disconnects(copy);
        return copy.disconnect();
    }

    private void refuse(int tid, TracedCall call, OpenDescriptor descriptor, Optional<Verdict.Deny> denial, boolean disconnected) {
        if (denial.isEmpty()) {
            return;
        }
        denied = true;
        String end = disconnected ? "; handed over by a unix peer, now unconnected" : "; handed over by a unix peer: all processes killed";
        watch.deniedAfterwards(tid, call.syscall(), descriptor.peer(), descriptor.socket(),
                new Verdict.Deny(denial.get().errno(), denial.get().why() + end, denial.get().origin()));
        if (!disconnected) {
            replies.killAll();
        }
    }
}
