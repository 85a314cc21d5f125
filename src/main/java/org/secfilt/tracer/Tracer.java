package org.secfilt.tracer;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.SocketJudge;

/**
 * Supervises one command and all it starts, until the last of them has died. Everything here happens on the thread that made the
 * tracer; it must be a platform thread, and the one that seizes. What the listener is told of is answered on another: {@link NotifiedRun}.
 */
public final class Tracer {
    private static final int OPTIONS = Ptrace.PTRACE_O_EXITKILL
            | Ptrace.PTRACE_O_TRACESYSGOOD
            | Ptrace.PTRACE_O_TRACESECCOMP
            | Ptrace.PTRACE_O_TRACEFORK
            | Ptrace.PTRACE_O_TRACEVFORK
            | Ptrace.PTRACE_O_TRACECLONE;
    /** Of a process namespace. pid_namespaces(7): it takes all others along, and the supervisor. */
    public static final int INIT = 1;
    private static final int RUNG = -Errno.EINTR.number();

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final KeeperStop keeper;
    private final Plan plan;
    private final int root;
    private final int options;
    private final ExecStops execs;
    private final Tasks tasks;
    private final Calls calls;
    private final WaitEvent event = new WaitEvent();
    private final SyscallStop stop = new SyscallStop();
    private final Replies replies;
    private final AddressStop addresses;
    private final VaultGuard guard;
    private final ProcessGuard processes;
    private final ReceiveStop receptions;
    private final ListenStop listeners;
    private final WaitStop waits;
    private final RestrictStop restricts;
    private final SocketStop sockets;
    private final Waiting waiting;
    private final Crossing crossing;
    private final Turns turns = new Turns();
    private final Newborns newborns;
    private final FileStop files;
    private final ExitStop exits;
    private final Endings endings;
    private final Remake remake;
    private final Handover.Desk desk = new Handover.Desk();
    private final NotifiedRun notified;
    private final Unheard unheard;
    private boolean executed;
    private boolean ready;

    /**
     * @param keeper of the files of unix sockets, where the plan judges their paths
     * @param root the process that will become the command; nothing else may trace it
     * @param notifies whether the filter has the supervisor notified of judged calls
     * @param outsiders whether it inherits internet sockets
     * @param writable where files may be changed: paths without symbolic links, as the command sees them
     */
    public Tracer(
            Kernel kernel, Vault vault, Optional<Keeper> keeper, Plan plan, Watch watch, int root, boolean notifies, boolean outsiders,
            List<ByteString> writable) {
        this.ptrace = kernel.ptrace();
        this.tracees = kernel.tracees();
        this.watch = watch;
        this.plan = plan;
        this.root = root;
        this.options = root == INIT ? OPTIONS | Ptrace.PTRACE_O_TRACEEXIT : OPTIONS;
        this.tasks = new Tasks(plan.traces(TracedCall.LANDLOCK_RESTRICT_SELF));
        this.unheard = new Unheard(tracees.status(), tasks.restrictions());
        this.execs = new ExecStops(ptrace, tracees.status(), plan.arch().syscalls(), options);
        this.calls = new Calls(plan, notifies);
        this.remake = new Remake(ptrace, plan.vault(), calls, new IgnoredSignal(ptrace, tracees, plan.arch()),
                new Remainder(ptrace, tracees, plan.arch()));
        this.replies = new Replies(ptrace, tracees.sockets(), watch, remake);
        this.keeper = new KeeperStop(ptrace, keeper, tasks, replies, watch);
        this.crossing = new Crossing(ptrace, tracees.status());
        FormerPeers former = new FormerPeers(plan);
        this.addresses = new AddressStop(
                ptrace, tracees, execs, vault, keeper, plan, watch, replies, remake, tasks.restrictions(), crossing, former, outsiders);
        this.guard = new VaultGuard(ptrace, replies, addresses.judge(), plan.vault(), plan.arch());
        this.processes = new ProcessGuard(ptrace, tracees.numbers(), replies, !plan.traces(TracedCall.KILL) ? Optional.empty()
                : Optional.of(new SignalStop(ptrace, tracees, kernel.signalTargets(), replies, remake, keeper, plan.arch().syscalls())));
        this.receptions = new ReceiveStop(ptrace, tracees, replies, addresses.judge(), crossing, execs, new ReceivedDescriptors(
                tracees.sockets(), watch, replies, addresses.judge(), new Listeners(tasks, tracees.sockets(), tracees.status()), plan));
        this.listeners = new ListenStop(ptrace, tracees, replies, addresses.judge(), execs);
        this.restricts = new RestrictStop(ptrace, tracees.status(), tasks);
        this.sockets = new SocketStop(new SocketJudge(plan), ptrace, replies, watch);
        this.waiting = new Waiting(ptrace, kernel.affinity(), tracees.status());
        this.newborns = new Newborns(ptrace, tasks, execs);
        this.files = new FileStop(replies, tracees, kernel.fileChanges(), plan, writable, watch);
        this.exits = new ExitStop(ptrace, tracees.status(), replies, watch, calls, tasks, plan, root);
        this.endings = new Endings(ptrace, tracees.status(), watch, tasks, exits, this.keeper, addresses, receptions, root);
        this.waits = new WaitStop(ptrace, tracees, replies, this.keeper, tasks, endings);
        this.notified = new NotifiedRun(
                kernel, ptrace, plan, calls, tasks.numbers(), tasks.restrictions().marked(), former, desk, replies, watch);
        tasks.of(root);
    }

    /** @return 0, or the negative error number of PTRACE_SEIZE */
    public int seize() {
        return ptrace.seize(root, options | Ptrace.PTRACE_O_TRACEEXEC);
    }

    /** Answers stops until no tracee is left. */
    public void run() {
        int rc = waiting.await(event);
        for (; rc == 0 || rc == RUNG; rc = crossing.isWaitedAt() ? crossing.poll(event) : waiting.await(event)) {
            if (rc == 0) {
                int tid = event.tid();
                handle();
                if (turns.isOver(tasks.count(), waiting.tookLong())) {
                    serveOthers(tid);
                }
                if (unheard.any()) {
                    hearMaker();
                }
            }
            for (Handover left = desk.take(); left != null; left = desk.take()) {
                remake.begin(tasks.find(left.tid()), left);
            }
            if (crossing.isWaitedAt()) {
                letCross();
            }
        }
        if (rc != -Errno.ECHILD.number()) {
            throw new KernelException("waitid", -rc);
        }
    }

    private void letCross() {
        for (Task next = crossing.next(); next != null; next = crossing.next()) {
            judge(next, calls.traced(next.call));
        }
    }

    private void judge(Task task, TracedCall call) {
        if (call.receives()) {
            receptions.answer(task, call);
        } else {
            addresses.answer(task, call);
        }
    }

    /** SIGKILL to all tracees, and to those that they make meanwhile; returns when none is left. For a supervisor that can go on no more. */
    public void killAll() {
        ptrace.killAll();
        for (int rc = ptrace.await(event); rc == 0 || rc == RUNG; rc = ptrace.await(event)) {
            if (rc == 0 && event.ended()) {
                ptrace.reap(event.tid());
            } else if (rc == 0) {
                ptrace.kill(event.tid());
                ptrace.killInStop(event.tid(), event);
            }
        }
    }

    private void handle() {
        if (keeper.is(event.tid())) {
            keeper.answer(event);
            return;
        }
        newborns.seen(event.tid());
        Task task = tasks.of(event.tid());
        if (event.ended()) {
            endings.ended(task, event);
        } else {
            answer(task);
        }
    }

    /** All that have stopped, each once. */
    private void serveOthers(int served) {
        for (Task other : List.copyOf(tasks.all())) {
            if (other.tid != served && ptrace.poll(other.tid, event)) {
                handle();
            }
        }
        waiting.tookLong(); // be that so: the next stop is anybody's
    }

    /** Another such one that shows meanwhile will show again. */
    private void hearMaker() {
        Task made = unheard.first();
        serveOthers(made.tid);
        if (unheard.settle() && tasks.find(made.tid) == made) {
            addresses.answer(made, calls.traced(made.call));
        }
    }

    /** No task is known and no slot in use: so it is when {@link #run} has returned. */
    boolean isIdle() {
        return tasks.count() == 0 && addresses.isIdle();
    }

    /** One duty for each kind of stop. ptrace(2) "Stopped states". */
    private void answer(Task task) {
        if (replies.killedAll() && event.event() != Ptrace.PTRACE_EVENT_EXIT) {
            ptrace.killInStop(task.tid, event);
            return;
        }
        boolean known = task.known;
        task.known = true;
        switch (event.event()) {
            case Ptrace.PTRACE_EVENT_SECCOMP -> seccompStop(task);
            case Ptrace.PTRACE_EVENT_EXEC -> exec(task);
            case Ptrace.PTRACE_EVENT_CLONE -> {
                int thread = (int) ptrace.eventMessage(task.tid);
                if (thread > 0 && tasks.find(thread) == null) {
                    newborns.made(thread);
                }
                made(task, thread);
            }
            case Ptrace.PTRACE_EVENT_FORK, Ptrace.PTRACE_EVENT_VFORK ->
                made(task, tasks.restrictions().mayBeAny() ? (int) ptrace.eventMessage(task.tid) : 0);
            case Ptrace.PTRACE_EVENT_EXIT -> exitEvent(task);
            case Ptrace.PTRACE_EVENT_STOP -> {
                if (event.isGroupStop()) {
                    remake.groupStop(task);
                } else if (known && execs.isNew(task.tid)) {
                    endings.forget(task);
                    begin(tasks.of(task.tid));
                } else if (!remake.stopped(task, known)) {
                    begin(task);
                }
            }
            case 0 -> {
                if (event.isSyscallStop()) {
                    syscallStop(task);
                } else {
                    remake.signal(task, event.signal());
                }
            }
            default -> ptrace.resume(task.tid, 0);
        }
    }

    /** Out of its first stop; or at the end of a group-stop, of which a new tracee may have come to see the end alone. */
    private void begin(Task task) {
        task.known = true;
        task.mapped = false;
        if (task.vaultFd == Task.NONE && (executed || task.tid != root)) {
            task.vaultFailure = ""; // it is of this program, and the next one comes unseen
            execs.begin(task.tid);
        }
        ptrace.resume(task.tid, 0);
    }

    /** The child reports itself. */
    private void made(Task task, int child) {
        if (child > 0) {
            restricts.made(task, child);
        }
        ptrace.resume(task.tid, 0);
    }

    private void exitEvent(Task task) {
        if (task.isSeenToItsEnd() && ptrace.registers(task.tid, stop) == 0) {
            task.result = stop.result(); // ENOSYS where the call did not run
            if (task.phase == Task.Phase.IN_CALL) {
                addresses.atEnd(task);
            } else {
                exitStop(task);
            }
        }
        task.leaving = true;
        if (root == INIT && tracees.status().tgid(task.tid) == root) {
            new InitExit(ptrace, tracees.status(), watch, tasks, keeper, endings).answer(root, task);
        }
        ptrace.resume(task.tid, 0);
    }

    private void exec(Task task) {
        endings.replaced(task);
        if (task.tid == root && !executed) {
            executed = true;
            watch.executed();
        }
        ptrace.resume(task.tid, 0);
    }

    private void seccompStop(Task task) {
        newborns.letGo();
        if (ptrace.syscallInfo(task.tid, stop) < 0) {
            return; // killed in this stop, or in that at its end by now, which would be passed over
        }
        if (task.phase == Task.Phase.RESUMED) {
            remake.remainder().refused(task);
            return;
        }
        remake.show(task, stop);
        task.call.copy(stop);
        TracedCall call = calls.traced(stop);
        if (!ready && task.tid == root) {
            ready = true;
            if (plan.entersMounts()) {
                tracees.socketPaths().trustMounts(root);
            }
            int rc = watch.ready(notified);
            rc = rc == 0 ? keeper.seize() : rc;
            replies.skip(task, rc < 0 ? rc : files.permit(task.tid));
        } else if (call == null) {
            otherStop(task);
        } else if (call.guardsVault()) {
            guard.answer(task, call);
        } else if (call.changesProcesses() || call == TracedCall.PTRACE) {
            waiting.answering();
            processes.answer(task, call);
        } else if (call == TracedCall.LISTEN) {
            listeners.answer(task);
        } else if (call == TracedCall.SOCKET || call == TracedCall.SETSOCKOPT) {
            sockets.answer(task, call);
        } else if (call == TracedCall.LANDLOCK_RESTRICT_SELF) {
            restricts.answer(task);
        } else if (call == TracedCall.WAIT4 || call == TracedCall.WAITID) {
            waits.answer(task, call, stop);
        } else if (call.namesAddress() || call.receives()) {
            waiting.judging(task.tid);
            if (call.receives() || !unheard.holds(task)) {
                judge(task, call);
            }
        } else {
            exits.answer(task, stop);
        }
    }

    private void otherStop(Task task) {
        FileCall call = calls.file(stop);
        Optional<String> entry = calls.foreign(stop);
        if (entry.isPresent()) {
            exits.answerForeign(task, stop, entry.get());
        } else if (call == null) {
            replies.skip(task, -Errno.ENOSYS.number()); // a filter of the tracee's own asks for a tracer, and we are not it: as without one
        } else {
            waiting.judging(task.tid);
            files.answer(task, call, stop);
        }
    }

    /** At its end, or at its beginning if it was made again for that. */
    private void syscallStop(Task task) {
        if (task.isSeenToItsEnd()) {
            if (ptrace.syscallInfo(task.tid, stop) != 0) {
                return; // killed in this stop, or in that at its end by now, which would be passed over
            }
            task.result = stop.result();
        }
        switch (task.phase) {
            case REMAKING -> remake.entered(task);
            case ASKED -> remake.ended(task);
            case RESUMING -> remake.remainder().entered(task);
            case RESUMED -> remake.remainder().ended(task);
            case IN_CALL, ASKING, MAPPING, CLOSING -> goOn(task, addresses.exit(task, calls.traced(task.call)));
            case RUNNING, LISTENING, RESTRICTING, PLACING, NAMING, SIGNALLING, REPLACED, RECEIVING -> {
                exitStop(task);
                goOn(task, task.held);
            }
        }
    }

    private void goOn(Task task, boolean again) {
        if (again) {
            remake.again(task);
        } else {
            ptrace.resume(task.tid, 0);
        }
    }

    private void exitStop(Task task) {
        Task.Phase owed = task.phase;
        task.phase = Task.Phase.RUNNING;
        switch (owed) {
            case RECEIVING -> receptions.exit(task, calls.traced(task.call));
            case LISTENING -> listeners.exit(task);
            case PLACING -> guard.exit(task);
            case NAMING, SIGNALLING, REPLACED -> processes.exit(task, owed);
            case RESTRICTING -> restricts.exit(task);
            default -> { }
        }
    }
}
