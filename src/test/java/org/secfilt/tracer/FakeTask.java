package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A scripted tracee of a {@link FakeKernel}. */
final class FakeTask {
    /** Behind every call. */
    static final long INSTRUCTION_POINTER = 0x1002;

    enum State {
        RUNNING,
        NOTIFIED,
        ENTER_STOP,
        SECCOMP_STOP,
        EXIT_STOP,
        SIGNAL_STOP,
        EVENT_STOP,
        ZOMBIE,
        DEAD
    }

    final int tid;
    final List<Deed> deeds;
    int at;
    State state = State.RUNNING;
    String made = "";
    int audit;
    long number;
    long[] arguments = new long[6];
    long result;
    boolean rewound;
    boolean mapped;
    boolean forgetsVaultAtExec;
    int status;
    /** Results of the vault call that come before a good one: a signal arrived, no descriptor was free. */
    final List<Long> vaultAnswers = new ArrayList<>();
    /** What a filter of its own answers to vault calls in the supervisor's place. */
    final List<Long> forgeries = new ArrayList<>();
    boolean vaultPlaceTaken;
    /** So often another thread closes the vault's descriptor first. */
    int losses;
    int vaultFd = Task.NONE;
    /** The calls that a filter of its own traps. */
    Set<String> traps = Set.of();
    /** One was, and the signal is yet to come. */
    boolean trapped;
    /** Of another's process. */
    boolean thread;
    /** The one that it makes, if not the one that all make. */
    int child;
    /** What the next one does that has its number. */
    List<Deed> successor = List.of();
    /** PTRACE_O_TRACEEXEC. */
    boolean tellsExec = true;
    int execsTold;
    /** A group-stop ends when it has the vault's descriptor, and it goes on with something else. */
    boolean stopsWithDescriptor;
    /** What interrupts its vault call is the end of a group-stop, of which it tells (SIGCONT). */
    boolean continued;
    /** Signals that come when a notified call is handed over, each with a handler. */
    final List<Integer> signals = new ArrayList<>();
    /** The call is made again when no signal is left. */
    boolean restarts;
    /** It stops for no tracer when it begins: it has done so, or never will. */
    boolean untraced;
    boolean blocked;
    /** It stands in a stop that is shown no more. */
    boolean held;
    boolean isFinal;
    boolean noted;
    /** Its notified call is left to the tracer, which has interrupted it. */
    boolean left;
    boolean interrupts;
    /** What its call is when it is made again: its code was changed meanwhile. */
    String becomes = "";
    long instructionPointer = INSTRUCTION_POINTER;

    FakeTask(int tid, List<Deed> deeds) {
        this.tid = tid;
        this.deeds = deeds;
    }
}
