package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.DescriptorJudge;
import org.secfilt.verdict.Verdict;

/**
 * Judges what came by control messages as inherited descriptors are judged. A socket that is connected elsewhere than allowed is disconnected; one
 * that cannot be, and what carries traffic past every call, costs all of the run their lives: others may share the descriptors (clone(2)
 * CLONE_FILES).
 */
final class ReceivedDescriptors {
    private final TraceeSockets sockets;
    private final Watch watch;
    private final Replies replies;
    private final AddressJudge addresses;
    private final DescriptorJudge judge;
    private final Listeners listeners;
    private final Verdict.Deny unseen;

    ReceivedDescriptors(TraceeSockets sockets, Watch watch, Replies replies, AddressJudge addresses, Listeners listeners, Plan plan) {
        this.sockets = sockets;
        this.watch = watch;
        this.replies = replies;
        this.addresses = addresses;
        this.listeners = listeners;
        this.judge = new DescriptorJudge(plan);
        this.unseen = new Verdict.Deny(plan.policy().denial(),
                "descriptors may have come that cannot be seen, for their room was unmapped or made unreadable meanwhile: all processes killed",
                Origin.DEFAULT);
    }

    /** @param control control messages */
    void judgeAll(int tid, TracedCall call, byte[] control, int length) {
        for (int at = 0; ControlMessages.lengthAt(control, at, length) > 0; at = ControlMessages.next(control, at, length)) {
            if (ControlMessages.intAt(control, at + Msghdr.CMSG_LEVEL) == Msghdr.SOL_SOCKET
                    && ControlMessages.intAt(control, at + Msghdr.CMSG_TYPE) == Msghdr.SCM_RIGHTS) {
                int end = at + ControlMessages.lengthAt(control, at, length);
                for (int number = at + Msghdr.CMSG_DATA; number + Integer.BYTES <= end; number += Integer.BYTES) {
                    judge(tid, call, ControlMessages.intAt(control, number));
                }
            }
        }
    }

    private void judge(int tid, TracedCall call, int fd) {
        Optional<SocketCopy> socket = sockets.copy(tid, fd);
        if (socket.isEmpty()) {
            Optional<OpenDescriptor> carrier = sockets.carrier(tid, fd);
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
        replies.tellDenied();
        String end = disconnected ? "; handed over by a unix peer, now unconnected" : "; handed over by a unix peer: all processes killed";
        watch.deniedAfterwards(tid, call.syscall(), descriptor.peer(), descriptor.socket(),
                new Verdict.Deny(denial.get().errno(), denial.get().why() + end, denial.get().origin()));
        if (!disconnected) {
            replies.killAll();
        }
    }

    /** Some may have come that nobody can tell. */
    void refuseUnseen(int tid, TracedCall call) {
        replies.tellDenied();
        watch.deniedAfterwards(tid, call.syscall(), Optional.empty(), SocketKind.UNKNOWN, unseen);
        replies.killAll();
    }
}
