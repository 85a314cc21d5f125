package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/**
 * Has judged calls run on the vault: what was judged is written to a slot, the call's registers point there, and at its exit-stop they are
 * put back. The ABI promises that a call changes none of them but for its result.
 */
final class VaultRun {
    /** What became of a call that was to run. */
    enum Begun {
        /** It owes an exit-stop. */
        UNDER_WAY,
        /** As many calls are under way as there are slots. */
        NO_SLOT,
        /** The socket's file cannot be kept for it, {@link #why}. */
        NOT_KEPT,
        /** Its registers cannot be set: most likely the task died. It must not run on its own memory. */
        GONE
    }

    // linux/in.h, linux/in6.h: sizeof(struct sockaddr_in), and SIN6_LEN_RFC2133
    private static final int INET_BYTES = 16;
    private static final int INET6_BYTES = 24;

    private static final int SIGSYS = 31; // asm-generic/signal.h
    private static final String TRAPPED = "a filter of the process's own stands before sendmsg, as which it was to run";

    /** Servers bind anew once; somebody who never ceases is to end too. */
    private static final int MOST_OUTDATED = 64;

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Slots slots;
    private final AddressCall address;
    private final Keeping keeping;
    private final Remake remake;
    private final SyscallStop exit = new SyscallStop();
    private final int sendmsg;
    private String why = "";
    /** The kernel does not look at the address of the call that begins. */
    private boolean overlooked;

    /** @param address holds the call that is judged */
    VaultRun(Ptrace ptrace, Tracees tracees, Slots slots, AddressCall address, Keeping keeping, Arch arch, Remake remake) {
        this.ptrace = ptrace;
        this.tracees = tracees;
        this.slots = slots;
        this.address = address;
        this.keeping = keeping;
        this.remake = remake;
        this.sendmsg = arch.syscalls().nr("sendmsg");
    }

    /**
     * At the seccomp-stop of an allowed call, saved in {@code task.call}.
     *
     * @param room whether its socket can be held, to be looked at afterwards: without that no path is walked that may lead elsewhere by then
     */
    Begun begin(Task task, TracedCall call, Verdict.Allow allow, boolean room) {
        task.slot = slots.take();
        if (task.slot == Task.NONE) {
            return Begun.NO_SLOT;
        }
        why = keeping.keep(task);
        if (!why.isEmpty()) {
            giveBack(task);
            return Begun.NOT_KEPT;
        }
        if (!room && Aftermath.mayLeadElsewhere(task, call) && task.kept.isEmpty()) {
            giveBack(task);
            return Begun.NO_SLOT;
        }
        task.givenLength = address.nameLength;
        overlooked = isOverlooked(task, call);
        Optional<Sockaddr> name = task.kept.isPresent() ? Optional.of(keeping.name(task)) : allow.rewritten();
        task.nameless = overlooked || task.foreign || isWaitedFor(task, call);
        if (overlooked) {
            address.dropName();
        } else if (task.nameless) {
            address.nameNobody(!task.foreign && tracees.rights().familyMatters());
            name = Optional.empty();
        }
        fill(task.slot, call, name);
        if (point(task, call) < 0) {
            giveBack(task);
            return Begun.GONE;
        }
        remake.release(task);
        task.phase = Task.Phase.IN_CALL;
        return Begun.UNDER_WAY;
    }

    /**
     * Whether the call goes to where the socket is connected: one of TCP does not look at the address, unless it is to connect at the same time
     * (MSG_FASTOPEN), and does not by now. A UDP socket that is put in its place is to find no address either.
     */
    private boolean isOverlooked(Task task, TracedCall call) {
        return address.named && AddressCall.action(call) == Action.SEND
                && (task.toPeer || task.connecting || isOfTcp(task) && !AddressCall.isFastOpen(task.call, call));
    }

    private static boolean isOfTcp(Task task) {
        return task.protocol == Protocol.TCP.number() || task.protocol == Protocol.MPTCP;
    }

    /**
     * Likewise of a TCP socket that connects by now. Another that is put in its place is to find nobody there, where a rule is for TCP alone.
     */
    private boolean isWaitedFor(Task task, TracedCall call) {
        return call == TracedCall.CONNECT && task.connecting && (task.apart || task.protocol == Protocol.TCP.number())
                && address.isInternet();
    }

    /** Why the last call was not begun. */
    String why() {
        return why;
    }

    /** The kernel is to refuse this call: it finds nothing at the address, or does not even look because of the length. */
    Begun beginOnNothing(Task task, TracedCall call) {
        task.lengthChanged = false;
        task.protocol = Task.NONE;
        task.followedPath = false;
        if (ptrace.setArgument(task.tid, AddressCall.pointer(call), AddressCall.NOWHERE) < 0) {
            return Begun.GONE;
        }
        remake.release(task);
        task.phase = Task.Phase.IN_CALL;
        return Begun.UNDER_WAY;
    }

    /** Points the call's registers at the slot. @return 0 or a negative error number */
    private int point(Task task, TracedCall call) {
        int pointer = AddressCall.pointer(call);
        boolean header = AddressCall.hasHeader(call);
        int rc = ptrace.setArgument(task.tid, pointer, overlooked && !header ? 0 : slots.addressOf(task.slot, header ? 0 : Slots.NAME));
        task.lengthChanged = !header && address.nameLength != (int) task.call.argument(pointer + 1);
        if (rc == 0 && task.lengthChanged) {
            rc = ptrace.setArgument(task.tid, pointer + 1, address.nameLength);
            if (rc == 0 && call.notifies()) {
                rc = remake.mark(task); // by this length the filter may take it for a call that is notified of
            }
        }
        if (rc == 0 && call == TracedCall.SENDMMSG) {
            task.lengthChanged = true;
            rc = ptrace.setArgument(task.tid, 2, task.call.argument(3));
        }
        return rc == 0 && call == TracedCall.SENDMMSG ? ptrace.setNumber(task.tid, sendmsg) : rc;
    }

    private void fill(int slot, TracedCall call, Optional<Sockaddr> name) {
        if (address.named) {
            if (name.isPresent()) {
                address.rewrite(name.get());
            }
            slots.write(slot, Slots.NAME, address.name, address.nameLength);
        }
        if (AddressCall.hasHeader(call)) {
            slots.write(slot, 0, address.header, Msghdr.BYTES);
            slots.writeLong(slot, Msghdr.NAME, address.namePointer(slots.addressOf(slot, Slots.NAME)));
            slots.writeLong(slot, Msghdr.NAMELEN, address.headerNameLength() & 0xffff_ffffL);
            slots.write(slot, Slots.CONTROL, address.control, address.controlLength);
            slots.writeLong(slot, Msghdr.CONTROL, address.controlPointer(slots.addressOf(slot, Slots.CONTROL)));
        }
    }

    /** At the exit-stop, while the result is the call's own. @return why its own restrictions made it fail, if it is known only now; or else empty */
    String refused(Task task, TracedCall call) {
        if (task.kept.isEmpty() && call != TracedCall.SENDMMSG || ptrace.syscallInfo(task.tid, exit) < 0) {
            return "";
        }
        // The number is the result of what a filter traps, and as good as any number of bytes.
        task.trapped = call == TracedCall.SENDMMSG && exit.result() == sendmsg && tracees.status().isForced(task.tid, SIGSYS);
        return task.trapped ? TRAPPED
                : task.kept.isPresent() && exit.result() == -Errno.EACCES.number() && keeping.isShutOff(task) ? Keeping.SHUT_OFF
                : "";
    }

    /**
     * At the exit-stop, while the result is the call's own: has the call made anew if the kernel came to nobody by a file that was removed
     * after it was judged. A server that binds anew puts another in its place, and the kernel's own walk would have come to that.
     *
     * @return whether it is
     */
    boolean beginAnew(Task task) {
        boolean outdated = task.kept.isPresent() && ptrace.syscallInfo(task.tid, exit) == 0 && exit.result() == -Errno.ECONNREFUSED.number()
                && keeping.isOutdated(task);
        if (!outdated || ++task.outdated > MOST_OUTDATED) {
            task.outdated = 0;
            return false;
        }
        giveBack(task);
        task.phase = Task.Phase.RUNNING;
        ptrace.rewind(task.tid, task.call);
        return true;
    }

    /** At the exit-stop. */
    void finish(Task task, TracedCall call) {
        task.phase = Task.Phase.RUNNING;
        boolean lengthened = task.kept.isPresent();
        giveBack(task);
        if (ptrace.syscallInfo(task.tid, exit) < 0) {
            return; // it died
        }
        if (lengthened && exit.result() == -Errno.EAFNOSUPPORT.number() && isTooShort(task)) {
            ptrace.setResult(task.tid, -Errno.EINVAL.number());
        }
        if (exit.result() == Ptrace.ERESTARTSYS && call.notifies()) {
            ptrace.noteFinal(task.tid);
        }
        int pointer = AddressCall.pointer(call);
        ptrace.setArgument(task.tid, pointer, task.call.argument(pointer));
        if (task.lengthChanged) {
            ptrace.setArgument(task.tid, pointer + 1, task.call.argument(pointer + 1));
        }
        if (call == TracedCall.SENDMMSG) {
            finishFirstMessage(task);
        } else if (call == TracedCall.CONNECT && task.begun == (int) task.call.argument(0)) {
            finishConnecting(task);
        }
    }

    /** A socket of another family looks at the length first: the path that it was given is longer than the caller's. */
    private boolean isTooShort(Task task) {
        Optional<SocketCopy> socket = tracees.sockets().copy(task.tid, (int) task.call.argument(0));
        if (socket.isEmpty()) {
            return false;
        }
        try (SocketCopy copy = socket.get()) {
            int domain = copy.domain();
            return domain == Family.INET.number() && task.givenLength < INET_BYTES
                    || domain == Family.INET6.number() && task.givenLength < INET6_BYTES;
        }
    }

    /** The connection was begun before the call ran: to the kernel it was the second to try, and to its caller it is the first. */
    private void finishConnecting(Task task) {
        task.begun = Task.NONE;
        if (exit.result() == -Errno.EALREADY.number()) {
            ptrace.setResult(task.tid, -Errno.EINPROGRESS.number());
        }
    }

    /** sendmmsg ran as one sendmsg: it sent one message of so many bytes. If a signal interrupted it, sendmmsg is to be restarted. */
    private void finishFirstMessage(Task task) {
        ptrace.setNumber(task.tid, task.call.number());
        if (exit.result() >= 0 && !task.trapped) {
            boolean told = tracees.memory().writeInt(task.tid, task.call.argument(1) + Msghdr.LEN, (int) exit.result()) == Integer.BYTES;
            ptrace.setResult(task.tid, told ? 1 : -Errno.EFAULT.number());
        }
    }

    /** Also of a task that died or became another program. */
    void giveBack(Task task) {
        if (task.slot != Task.NONE) {
            keeping.drop(task);
            slots.give(task.slot);
            task.slot = Task.NONE;
        }
    }

    boolean isIdle() {
        return slots.allFree();
    }
}
