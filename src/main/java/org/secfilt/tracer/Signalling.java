package org.secfilt.tracer;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.SyscallStop;

/** A signal to many, of which one gets it after the other. */
final class Signalling {
    // asm-generic/signal.h
    private static final int SIGKILL = 9;
    private static final int SIGSTOP = 19;
    /** So often new members are looked for. */
    private static final int MOST_LOOKS = 100;

    /** As the tracee made it. */
    private final SyscallStop made = new SyscallStop();
    private final SignalCall call;
    private final boolean everybody;
    private final int group;
    private final int self;
    private final Set<Integer> seen = new HashSet<>();
    private final Queue<Integer> left = new ArrayDeque<>();
    private int looks;
    private boolean any;
    private long error = -Errno.ESRCH.number();

    /** @param call for one of them, whoever that is */
    Signalling(SyscallStop made, SignalCall call, boolean everybody, SignalTargets.Group group) {
        this.made.copy(made);
        this.call = call;
        this.everybody = everybody;
        this.group = group.number();
        this.self = group.self();
        add(group);
    }

    /** Whether it is the very call that the tracee has wound back; a handler may make another in between, of SIGSYS. */
    boolean isOf(SyscallStop stop) {
        return made.isSameCall(stop);
    }

    void add(SignalTargets.Group group) {
        for (int number : group.inside()) {
            if (seen.add(number)) {
                left.add(number);
            }
        }
    }

    boolean isDone() {
        return left.isEmpty();
    }

    /** For the next one. */
    SignalCall take() {
        return call.to(left.remove());
    }

    /** How the last one ended. */
    void ended(long result) {
        any |= result == 0;
        error = result < 0 ? result : error;
    }

    /**
     * Whether to look once more who is there, when all have got it: a fork may have been quicker. Only of SIGKILL and SIGSTOP: with others a member
     * may be one that a handler has just made.
     */
    boolean looksAgain() {
        return (call.second() == SIGKILL || call.second() == SIGSTOP) && looks++ < MOST_LOOKS;
    }

    boolean everybody() {
        return everybody;
    }

    int group() {
        return group;
    }

    /** The caller's own process, which comes last; {@link SignalTargets#NONE} if it is not meant. */
    int self() {
        return self;
    }

    SignalCall toSelf() {
        return call.to(self);
    }

    int nr() {
        return call.nr();
    }

    /** What the kernel answers: of all that it may signal, -1 tells nothing. */
    long result() {
        return any || everybody ? 0 : error;
    }
}
