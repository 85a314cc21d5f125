package org.secfilt.tracer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
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
    private static final int SIGTRAP = 5;
    private static final int SIGSTOP = 19;
    private static final int SIGTTOU = 22;
    /** PTRACE_O_TRACESYSGOOD. */
    private static final int SYSCALL_STOP = SIGTRAP | 0x80;
    private static final String UNREADABLE = "the process made its memory unreadable (PR_SET_DUMPABLE)";
    private static final int P_PIDFD = 3; // linux/wait.h

    private static final Verdict.Deny NO_SECOND_TRACER =
            new Verdict.Deny(Errno.EPERM, "secfilt itself traces the command, and a process has one tracer", Origin.DEFAULT);
    private static final Verdict.Deny NOT_THE_SUPERVISOR =
            new Verdict.Deny(Errno.EPERM, "it would change the limits or the scheduling of secfilt itself", Origin.DEFAULT);

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
    private final VaultRun vaultRun;
    private final VaultMapping mapping;
    private final VaultGuard guard;
    private final SupervisorGuard ourselves;
    private final AddressCall address;
    private final AddressJudge judge;
    private final HandedOver handedOver;
    private final ListenJudge listenJudge;
    private final Waiting waiting;
    private final FileStop files;
    private final boolean tellsAllowed;
    private Task last;
    private boolean ready;
    private boolean denied;

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
        this.mapping = new VaultMapping(ptrace, tracees, vault, plan.vault(), plan.arch());
        this.guard = new VaultGuard(plan.vault());
        this.ourselves = new SupervisorGuard(tracees);
        this.address = new AddressCall(tracees);
        this.vaultRun = new VaultRun(ptrace, tracees, new Slots(vault, plan.vault().address()), address, plan.arch());
        this.judge = new AddressJudge(tracees, plan);
        this.handedOver = new HandedOver(ptrace, tracees, watch, plan);
        this.listenJudge = new ListenJudge(judge);
        this.waiting = new Waiting(ptrace, kernel.affinity(), tracees, System::nanoTime);
        this.tellsAllowed = watch.hearsOfAllowed();
        this.files = new FileStop(tracees, kernel.fileChanges(), plan, writable);
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
        return ptrace.seize(root, OPTIONS);
    }

    /** Answers stops until no tracee is left. */
    public void run() {
        while (waiting.await(event) == 0) {
            Task task = task(event.tid());
            if (event.ended()) {
                end(task);
            } else {
                answer(task);
            }
        }
    }

    /** No task is known and no slot in use: so it is when {@link #run} has returned. */
    boolean isIdle() {
        return tasks.isEmpty() && vaultRun.isIdle();
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

    private void end(Task task) {
        if (task.tid == root) {
            watch.commandEnded(event.killed(), event.killed() ? event.signal() : event.exitCode(), tasks.size() == 1);
        }
        ptrace.reap(task.tid);
        forget(task);
    }

    private void forget(Task task) {
        vaultRun.giveBack(task);
        mapping.abandon(task);
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
            default -> ptrace.resume(task.tid, 0); // fork, vfork, clone: the child reports itself
        }
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
        vaultRun.giveBack(task);
        mapping.abandon(task);
        task.renew();
        ptrace.resume(task.tid, 0);
    }

    private void seccompStop(Task task) {
        if (ptrace.syscallInfo(task.tid, stop) < 0) {
            skip(task, -Errno.ENOSYS.number()); // most likely it died; a call that cannot be seen must not run
            return;
        }
        TracedCall call = stop.audit() == plan.arch().audit() ? calls.get((int) stop.number()) : null;
        if (!ready && task.tid == root) {
            ready = true;
            if (plan.ownsMounts()) {
                tracees.trustMounts(root);
            }
            int rc = watch.ready();
            skip(task, rc < 0 ? rc : files.permit(task.tid));
        } else if (call == null) {
            fileStop(task);
        } else if (call.guardsVault()) {
            if (guard.touches(call, stop)) {
                deny(task, call, Optional.empty(), judge.deny("it would touch secfilt's vault"));
            } else {
                ptrace.resume(task.tid, 0);
            }
        } else if (call.guardsSupervisor()) {
            if (ourselves.concerns(call, stop)) {
                deny(task, call, Optional.empty(), NOT_THE_SUPERVISOR);
            } else {
                ptrace.resume(task.tid, 0);
            }
        } else if (call == TracedCall.LISTEN) {
            listenStop(task);
        } else if (call.receives()) {
            receiveStop(task, call);
        } else if (call == TracedCall.PTRACE) {
            deny(task, call, Optional.empty(), NO_SECOND_TRACER);
        } else if (call == TracedCall.WAIT4 || call == TracedCall.WAITID) {
            waitStop(task, call);
        } else if (call.namesAddress()) {
            addressStop(task, call);
        } else {
            exitStop(task);
        }
    }

    private void fileStop(Task task) {
        FileCall call = stop.audit() == plan.arch().audit() ? fileCalls.get((int) stop.number()) : null;
        if (call == null) {
            // A filter of the tracee's own asks for a tracer, and we are not it: as without one.
            skip(task, -Errno.ENOSYS.number());
            return;
        }
        waiting.judging(task.tid);
        int result = files.answer(task.tid, call, stop, watch);
        denied |= files.denied();
        skip(task, result);
    }

    /**
     * The exit code of a process is that of its exit_group(2), or of its last thread's exit(2) where none made one; so every such call of
     * the first process is given the policy's code once something was denied. Death by a signal is left as it is.
     */
    private void exitStop(Task task) {
        if (denied && plan.policy().violationExit().isPresent() && tracees.tgid(task.tid) == root) {
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
            end(task(child));
        }
        ptrace.resume(task.tid, 0);
    }

    /**
     * listen(2) may bind the socket: that is judged, and done here, on the very socket that was judged. Of other families the call
     * goes on: a unix socket's listener is known to its clients by the process that called.
     */
    private void listenStop(Task task) {
        Optional<Tracees.SocketCopy> socket = tracees.socket(task.tid, (int) stop.argument(0));
        if (socket.isEmpty()) {
            skip(task, -Errno.ENOTSOCK.number()); // not resumed: the descriptor may be a socket by now
            return;
        }
        try (Tracees.SocketCopy copy = socket.get()) {
            Optional<Sockaddr> local = copy.localAddress();
            if (local.isEmpty() || !isInternet(local.get())) {
                ptrace.resume(task.tid, 0);
                return;
            }
            if (listenJudge.allowsAnywhere(copy, local.get())) {
                skip(task, copy.listen((int) stop.argument(1)));
            } else {
                listen(task, copy, local.get());
            }
        }
    }

    private void listen(Task task, Tracees.SocketCopy socket, Sockaddr name) {
        Verdict verdict = listenJudge.judge(socket, name);
        if (verdict instanceof Verdict.Deny denial) {
            deny(task, TracedCall.LISTEN, Optional.of(name), denial);
        } else if (verdict instanceof Verdict.Answer answer) {
            skip(task, -answer.errno().number());
        } else {
            int rc = socket.listen((int) stop.argument(1));
            if (rc == 0 && !listenJudge.holds(socket)) {
                socket.stopListening();
                ptrace.kill(task.tid);
            }
            skip(task, rc);
        }
    }

    private void receiveStop(Task task, TracedCall call) {
        waiting.judging(task.tid);
        copy(stop, task.call);
        switch (handedOver.prepare(task, call, stop)) {
            case NOTHING -> ptrace.resume(task.tid, 0);
            case EXIT -> {
                task.phase = Task.Phase.RECEIVING;
                ptrace.resumeToExit(task.tid);
            }
            case ANSWER -> {
                if (handedOver.error() == -Errno.EPERM.number()) {
                    deny(task, call, Optional.empty(), judge.deny(UNREADABLE));
                } else {
                    skip(task, handedOver.error());
                }
            }
        }
    }

    private static boolean isInternet(Sockaddr address) {
        return address instanceof Sockaddr.Inet || address instanceof Sockaddr.Inet6;
    }

    private void addressStop(Task task, TracedCall call) {
        waiting.judging(task.tid);
        copy(stop, task.call);
        if (call == TracedCall.SENDMMSG && (int) stop.argument(2) == 0 || call == TracedCall.SENDTO && stop.argument(4) == 0) {
            ptrace.resume(task.tid, 0); // no message, or no address, and that stands in a register
            return;
        }
        int error = address.read(task.tid, call, stop);
        if (error == -Errno.EPERM.number()) {
            deny(task, call, Optional.empty(), judge.deny(UNREADABLE));
            return;
        }
        if (error < 0) {
            skip(task, error);
            return;
        }
        if (address.refused) {
            if (vaultRun.beginOnNothing(task, call) == VaultRun.Begun.UNDER_WAY) {
                ptrace.resumeToExit(task.tid);
            } else {
                skip(task, -Errno.ENOSYS.number());
            }
            return;
        }
        Verdict verdict = judge.judge(task, call, address);
        if (verdict instanceof Verdict.Allow allow) {
            allow(task, call, allow);
        } else if (verdict instanceof Verdict.Deny denial) {
            deny(task, call, judge.destination(), denial);
        } else {
            skip(task, -((Verdict.Answer) verdict).errno().number());
        }
    }

    private void allow(Task task, TracedCall call, Verdict.Allow allow) {
        switch (mapping.advance(task)) {
            case INJECTED -> ptrace.resumeToExit(task.tid);
            case FAILED -> {
                String why = task.vaultFailure;
                task.vaultFailure = "";
                deny(task, call, judge.destination(), judge.deny(why));
            }
            case READY -> runOnVault(task, call, allow);
        }
    }

    private void runOnVault(Task task, TracedCall call, Verdict.Allow allow) {
        switch (vaultRun.begin(task, call, allow)) {
            case NO_SLOT -> deny(task, call, judge.destination(), judge.deny("too many calls are under way at once"));
            case GONE -> skip(task, -Errno.ENOSYS.number());
            case UNDER_WAY -> {
                if (tellsAllowed && address.named) {
                    watch.allowed(task.tid, call.syscall(), judge.destination(), protocol(task));
                }
                ptrace.resumeToExit(task.tid);
            }
        }
    }

    private void syscallExitStop(Task task) {
        if (task.phase == Task.Phase.IN_CALL) {
            finishCall(task);
        } else if (task.phase == Task.Phase.RECEIVING) {
            task.phase = Task.Phase.RUNNING;
            denied |= handedOver.look(task, calls.get((int) task.call.number()));
        } else if (task.phase != Task.Phase.RUNNING) {
            mapping.finish(task);
        }
        ptrace.resume(task.tid, 0);
    }

    /** A socket or a directory may have been swapped under the call: what it reached may be what the policy denies. */
    private void finishCall(Task task) {
        TracedCall call = calls.get((int) task.call.number());
        vaultRun.finish(task, call);
        boolean swapped = task.protocol != Task.NONE
                && task.protocol != tracees.protocol(task.tid, (int) task.call.argument(0));
        boolean connected = task.followedPath && call == TracedCall.CONNECT
                && ptrace.syscallInfo(task.tid, stop) == 0 && stop.result() == 0;
        if (swapped || connected && judge.reachedElsewhere(task)) {
            ptrace.kill(task.tid);
        }
    }

    private void deny(Task task, TracedCall call, Optional<Sockaddr> destination, Verdict.Deny why) {
        denied = true;
        boolean ofSocket = !call.guardsVault() && !call.guardsSupervisor() && call != TracedCall.PTRACE;
        watch.denied(task.tid, call.syscall(), destination, ofSocket ? protocol(task) : Task.NONE, why);
        skip(task, -why.errno().number());
    }

    /** Of the socket that the call is about. */
    private int protocol(Task task) {
        return task.protocol == Task.NONE ? tracees.protocol(task.tid, (int) stop.argument(0)) : task.protocol;
    }

    /** The call does not run; the tracee sees this result. */
    private void skip(Task task, long result) {
        ptrace.setNumber(task.tid, -1);
        ptrace.setResult(task.tid, result);
        ptrace.resume(task.tid, 0);
    }

    private static void copy(SyscallStop from, SyscallStop to) {
        to.enter(from.audit(), from.instructionPointer(), from.stackPointer(), from.number());
        for (int i = 0; i < 6; i++) {
            to.setArgument(i, from.argument(i));
        }
    }
}
