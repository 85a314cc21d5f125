package org.secfilt.tracer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.verdict.Verdict;

/**
 * Supervises one command and all it starts, until the last of them has died. Everything here happens on the thread that made the
 * tracer; it must be a platform thread, and the one that seizes.
 */
public final class Tracer {
    private static final int OPTIONS = Ptrace.PTRACE_O_EXITKILL
            | Ptrace.PTRACE_O_TRACESYSGOOD
            | Ptrace.PTRACE_O_TRACESECCOMP
            | Ptrace.PTRACE_O_TRACEFORK
            | Ptrace.PTRACE_O_TRACEVFORK
            | Ptrace.PTRACE_O_TRACECLONE
            | Ptrace.PTRACE_O_TRACEEXEC;
    /** Of a process namespace. pid_namespaces(7): it takes all others along, and the supervisor. */
    private static final int INIT = 1;

    /** After so many stops for each tracee others are served, up to the greater number. To ask whether one has stopped costs a fortieth of an answer. */
    private static final int STOPS_EACH = 32;
    private static final int MOST_STOPS = 2048;

    private static final int SIGTRAP = 5;
    private static final int SIGSTOP = 19;
    private static final int SIGTTOU = 22;
    /** PTRACE_O_TRACESYSGOOD. */
    private static final int SYSCALL_STOP = SIGTRAP | 0x80;
    private static final int P_PIDFD = 3; // linux/wait.h

    private static final Verdict.Deny NO_SECOND_TRACER =
            new Verdict.Deny(Errno.EPERM, "secfilt itself traces the command, and a process has one tracer", Origin.DEFAULT);

    private final Ptrace ptrace;
    private final Tracees tracees;
    private final Watch watch;
    private final Plan plan;
    private final int root;
    private final Map<Integer, Task> tasks = new HashMap<>();
    private final Map<Integer, TracedCall> calls = new HashMap<>();
    private final Map<Integer, FileCall> fileCalls = new HashMap<>();
    private final WaitEvent event = new WaitEvent();
    private final SyscallStop stop = new SyscallStop();
    private final Replies replies;
    private final AddressStop addresses;
    private final VaultGuard guard;
    private final ProcessGuard processes;
    private final HandedOver handedOver;
    private final ListenStop listeners;
    private final Waiting waiting;
    private final Newborns newborns;
    private final FileStop files;
    private Task last;
    private boolean executed;
    private boolean ready;
    /** Since others were served. */
    private int stops;

    /**
     * @param root the process that will become the command; nothing else may trace it
     * @param writable where files may be changed: paths without symbolic links, as the command sees them
     */
    public Tracer(Kernel kernel, Vault vault, Plan plan, Watch watch, int root, List<ByteString> writable) {
        this.ptrace = kernel.ptrace();
        this.tracees = kernel.tracees();
        this.watch = watch;
        this.plan = plan;
        this.root = root;
        this.replies = new Replies(ptrace, tracees, watch);
        this.addresses = new AddressStop(ptrace, tracees, vault, plan, watch, replies);
        this.guard = new VaultGuard(plan.vault());
        this.processes = new ProcessGuard(ptrace, tracees, replies);
        this.handedOver = new HandedOver(ptrace, tracees, watch, plan);
        this.listeners = new ListenStop(ptrace, tracees, replies, addresses.judge(), tasks.values());
        this.waiting = new Waiting(ptrace, kernel.affinity(), tracees, System::nanoTime);
        this.newborns = new Newborns(ptrace);
        this.files = new FileStop(replies, tracees, kernel.fileChanges(), plan, writable);
        for (TracedCall call : TracedCall.values()) {
            if (plan.traces(call)) {
                plan.arch().syscalls().find(call.syscall()).ifPresent(nr -> calls.put(nr, call));
            }
        }
        for (FileCall call : FileCall.values()) {
            if (plan.traces(call)) {
                plan.arch().syscalls().find(call.syscall()).ifPresent(nr -> fileCalls.put(nr, call));
            }
        }
        this.last = new Task(root);
        tasks.put(root, last);
    }

    /** @return 0, or the negative error number of PTRACE_SEIZE */
    public int seize() {
        return ptrace.seize(root, root == INIT ? OPTIONS | Ptrace.PTRACE_O_TRACEEXIT : OPTIONS);
    }

    /** Answers stops until no tracee is left. */
    public void run() {
        while (waiting.await(event) == 0) {
            int tid = event.tid();
            handle();
            if (waiting.tookLong() || ++stops >= turn()) {
                serveOthers(tid);
            }
        }
    }

    private int turn() {
        return Math.max(tasks.size(), Math.min(STOPS_EACH * tasks.size(), MOST_STOPS));
    }

    /** SIGKILL to all tracees, and to those that they make meanwhile; returns when none is left. For a supervisor that can go on no more. */
    public void killAll() {
        for (Task task : tasks.values()) {
            ptrace.kill(task.tid);
        }
        while (ptrace.await(event) == 0) {
            if (event.ended()) {
                ptrace.reap(event.tid());
            } else {
                ptrace.kill(event.tid());
                ptrace.resume(event.tid(), 0);
            }
        }
    }

    private void handle() {
        newborns.seen(event.tid());
        Task task = task(event.tid());
        if (event.ended()) {
            end(task, event);
        } else {
            answer(task);
        }
    }

    /**
     * The kernel tells of the newest tracee's stop first. One that stops without end, or has each answer take long, has the next ready by
     * then; so that such ones keep nobody else waiting, now and then all others that have stopped are answered once.
     */
    private void serveOthers(int served) {
        stops = 0;
        for (Task other : List.copyOf(tasks.values())) {
            if (other.tid != served && ptrace.poll(other.tid, event)) {
                handle();
            }
        }
        waiting.tookLong(); // be that so: the next stop is anybody's
    }

    /** No task is known and no slot in use: so it is when {@link #run} has returned. */
    boolean isIdle() {
        return tasks.isEmpty() && addresses.isIdle();
    }

    private Task task(int tid) {
        if (last.tid != tid) {
            Task known = tasks.get(tid);
            if (known == null) {
                known = new Task(tid);
                tasks.put(tid, known);
            }
            last = known;
        }
        return last;
    }

    private void end(Task task, WaitEvent how) {
        if (task.tid == root) {
            watch.commandEnded(how.killed(), how.killed() ? how.signal() : how.exitCode(), tasks.size() == 1);
        }
        ptrace.reap(task.tid);
        forget(task);
    }

    private void forget(Task task) {
        addresses.abandon(task);
        handedOver.abandon(task);
        tasks.remove(task.tid);
        if (last == task) {
            last = new Task(Task.NONE);
        }
    }

    /** One duty for each kind of stop. ptrace(2) "Stopped states". */
    private void answer(Task task) {
        int signal = event.signal();
        switch (event.event()) {
            case Ptrace.PTRACE_EVENT_SECCOMP -> seccompStop(task);
            case Ptrace.PTRACE_EVENT_EXEC -> exec(task);
            case Ptrace.PTRACE_EVENT_CLONE -> {
                int thread = (int) ptrace.eventMessage(task.tid);
                if (thread > 0 && !tasks.containsKey(thread)) {
                    newborns.made(thread);
                }
                ptrace.resume(task.tid, 0);
            }
            case Ptrace.PTRACE_EVENT_EXIT -> exitEvent(task);
            case Ptrace.PTRACE_EVENT_STOP -> {
                if (signal >= SIGSTOP && signal <= SIGTTOU) {
                    ptrace.listen(task.tid);
                } else {
                    // The first stop of a new tracee, whose number an earlier one may have had, or the end of a group-stop.
                    task.mapped = false;
                    ptrace.resume(task.tid, 0);
                }
            }
            case 0 -> {
                if (signal == SYSCALL_STOP) {
                    syscallExitStop(task);
                } else {
                    ptrace.resume(task.tid, signal);
                }
            }
            default -> ptrace.resume(task.tid, 0); // fork, vfork: the child reports itself
        }
    }

    private void exitEvent(Task task) {
        task.leaving = true;
        if (tracees.tgid(task.tid) == root) {
            new InitExit(ptrace, tracees, watch, tasks, this::end).answer(root, task);
        }
        ptrace.resume(task.tid, 0);
    }

    /** A thread that is not the leader takes the leader's number; its former one ends without a word. */
    private void exec(Task task) {
        long former = ptrace.eventMessage(task.tid);
        if (former > 0 && former != task.tid) {
            Task gone = tasks.get((int) former);
            if (gone != null) {
                forget(gone);
            }
        }
        addresses.abandon(task);
        handedOver.abandon(task);
        task.renew();
        if (task.tid == root && !executed) {
            executed = true;
            watch.executed();
        }
        ptrace.resume(task.tid, 0);
    }

    private void seccompStop(Task task) {
        newborns.letGo();
        if (ptrace.syscallInfo(task.tid, stop) < 0) {
            replies.skip(task, -Errno.ENOSYS.number()); // most likely it died; a call that cannot be seen must not run
            return;
        }
        copy(stop, task.call);
        TracedCall call = stop.audit() == plan.arch().audit() ? calls.get((int) stop.number()) : null;
        if (!ready && task.tid == root) {
            ready = true;
            if (plan.entersMounts()) {
                tracees.trustMounts(root);
            }
            int rc = watch.ready();
            replies.skip(task, rc < 0 ? rc : files.permit(task.tid));
        } else if (call == null) {
            fileStop(task);
        } else if (call.guardsVault()) {
            if (guard.touches(call, stop)) {
                replies.deny(task, call, Optional.empty(), addresses.judge().deny("it would touch secfilt's vault"));
            } else {
                ptrace.resume(task.tid, 0);
            }
        } else if (call.changesProcesses()) {
            waiting.answering();
            processes.answer(task, call);
        } else if (call == TracedCall.LISTEN) {
            listeners.answer(task);
        } else if (call.receives()) {
            receiveStop(task, call);
        } else if (call == TracedCall.PTRACE) {
            replies.deny(task, call, Optional.empty(), NO_SECOND_TRACER);
        } else if (call == TracedCall.SOCKET) {
            rawSocketStop(task, call);
        } else if (call == TracedCall.LANDLOCK_RESTRICT_SELF) {
            addresses.leaveCallsToTracees();
            ptrace.resume(task.tid, 0);
        } else if (call == TracedCall.WAIT4 || call == TracedCall.WAITID) {
            waitStop(task, call);
        } else if (call.namesAddress()) {
            waiting.judging(task.tid);
            addresses.answer(task, call);
        } else {
            exitStop(task);
        }
    }

    private void rawSocketStop(Task task, TracedCall call) {
        Optional<String> wrong = watch.rawSocket();
        if (wrong.isPresent()) {
            replies.deny(task, call, Optional.empty(), new Verdict.Deny(Errno.EPERM, wrong.get(), Origin.DEFAULT));
        } else {
            ptrace.resume(task.tid, 0);
        }
    }

    private void fileStop(Task task) {
        FileCall call = stop.audit() == plan.arch().audit() ? fileCalls.get((int) stop.number()) : null;
        if (call == null) {
            // A filter of the tracee's own asks for a tracer, and we are not it: as without one.
            replies.skip(task, -Errno.ENOSYS.number());
            return;
        }
        waiting.judging(task.tid);
        int result = files.answer(task.tid, call, stop, watch);
        if (files.denied()) {
            replies.tellDenied();
        }
        replies.skip(task, result);
    }

    /**
     * The exit code of a process is that of its exit_group(2), or of its last thread's exit(2) where none made one; so every such call of
     * the first process is given the policy's code once something was denied. Death by a signal is left as it is.
     */
    private void exitStop(Task task) {
        if (replies.denied() && plan.policy().violationExit().isPresent() && tracees.tgid(task.tid) == root) {
            ptrace.setArgument(task.tid, 0, plan.policy().violationExit().get());
        }
        ptrace.resume(task.tid, 0);
    }

    /**
     * A parent asks whether a child has ended, perhaps since a pidfd said so: if it has and is still ours it becomes the parent's. (In
     * another PID namespace a number may be that of another process, whose end then is seen a moment early.)
     */
    private void waitStop(Task task, TracedCall call) {
        boolean byPidfd = call == TracedCall.WAITID && (int) stop.argument(0) == P_PIDFD;
        int named = (int) stop.argument(call == TracedCall.WAITID ? 1 : 0);
        int child = byPidfd ? tracees.pidfdTarget(task.tid, named) : named;
        if (child > 0 && ptrace.pollEnd(child, event)) {
            end(task(child), event);
        }
        ptrace.resume(task.tid, 0);
    }

    private void receiveStop(Task task, TracedCall call) {
        waiting.judging(task.tid);
        switch (handedOver.prepare(task, call, stop)) {
            case NOTHING -> ptrace.resume(task.tid, 0);
            case EXIT -> {
                task.phase = Task.Phase.RECEIVING;
                ptrace.resumeToExit(task.tid);
            }
            case ANSWER -> {
                if (handedOver.error() == -Errno.EPERM.number()) {
                    replies.deny(task, call, Optional.empty(), addresses.judge().denyUnreadable());
                } else {
                    replies.skip(task, handedOver.error());
                }
            }
        }
    }

    private void syscallExitStop(Task task) {
        TracedCall call = calls.get((int) task.call.number());
        if (task.phase == Task.Phase.RECEIVING) {
            task.phase = Task.Phase.RUNNING;
            if (handedOver.look(task, call)) {
                replies.tellDenied();
            }
        } else if (task.phase == Task.Phase.LISTENING) {
            task.phase = Task.Phase.RUNNING;
            listeners.exit(task);
        } else if (task.phase != Task.Phase.RUNNING) {
            addresses.exit(task, call);
        }
        ptrace.resume(task.tid, 0);
    }

    private static void copy(SyscallStop from, SyscallStop to) {
        to.enter(from.audit(), from.instructionPointer(), from.stackPointer(), from.number());
        for (int i = 0; i < 6; i++) {
            to.setArgument(i, from.argument(i));
        }
    }
}
