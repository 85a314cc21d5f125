package org.secfilt.sandbox;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.explain.Grant;
import org.secfilt.firewall.FirewallException;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Supervisor;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Origin;
import org.secfilt.report.JudgedCall;
import org.secfilt.report.LoggedCall;
import org.secfilt.report.Reports;
import org.secfilt.tracer.Watch;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/**
 * Tells the user what the tracer saw, and takes down what stood for the command when that has ended. What is told by two threads is told by one at a
 * time: the tracees' memory is read for it, and the log written.
 */
final class Supervision implements Watch {
    private final Kernel kernel;
    private final Supervisor supervisor;
    private final TraceeStatus tracees;
    private final FrontEnd frontEnd;
    private final Plan plan;
    private final Reports reports;
    private final RunLog log;
    private final Walls walls;
    private final Vault vault;
    private final Command command;
    private final int listener;
    private boolean commandEnded;
    /** The command is there yet, with nothing to do but to end. */
    private boolean heldAtEnd;
    private long told;
    private final LastConnects last = new LastConnects();
    private Tries tries;
    /** There is a thread that does. */
    private boolean looksForLate;
    /** The last one of what calls have done already, if it was only counted. */
    private Optional<JudgedCall> untold = Optional.empty();
    private volatile boolean holdsTries;
    /** Of what was held back some was told, and the tracer has not learnt of that. */
    private volatile boolean toldLate;

    /** @param listener the number that the descriptor of the filter's listener has in the command */
    Supervision(
            Kernel kernel, FrontEnd frontEnd, Plan plan, Reports reports, RunLog log, Walls walls, Vault vault,
            Command command, int listener) {
        this.kernel = kernel;
        this.supervisor = kernel.supervisor();
        this.tracees = kernel.tracees().status();
        this.frontEnd = frontEnd;
        this.plan = plan;
        this.reports = reports;
        this.log = log;
        this.walls = walls;
        this.vault = vault;
        this.command = command;
        this.listener = listener;
    }

    @Override
    public int ready(NotifiedCalls notified) {
        try {
            Runnable end = new Runnable() { // no lambda: it would cost milliseconds
                @Override
                public void run() {
                    supervisor.die();
                }
            };
            kernel.takeListener(frontEnd.pid(), listener, vault, new DeadlyFaults(notified, reports, end));
            return 0;
        } catch (KernelException e) {
            reports.refusal(frontEnd, e.getMessage());
            return -Errno.ECANCELED.number();
        }
    }

    @Override
    public void executed() {
        log.started(frontEnd.pid(), command, true);
    }

    @Override
    public synchronized boolean denied(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
        if (tries == null) {
            tries = new Tries(plan, last);
        }
        boolean connects = call.equals(TracedCall.CONNECT.syscall()) && destination.isPresent();
        boolean told = tellAll(tries.follow(tid, connects ? destination : Optional.empty(), socket));
        if (tries.isQuestion(tid, call, destination, socket)) {
            note(tid, destination.get(), socket);
            return told;
        }
        LoggedCall denial = logged(tid, denial(tid, call, destination, socket, why), false, Optional.of(why.errno()));
        boolean held = tries.mayBeOne(denial.call().pid(), call, destination, socket) && hold(denial);
        if (connects) {
            note(tid, destination.get(), socket);
        }
        if (!held) {
            tell(denial);
        }
        return told || !held;
    }

    /** @return whether it will be told later, if at all */
    private boolean hold(LoggedCall denial) {
        tries.hold(denial);
        if (looksForLate || !tries.waitForNext()) {
            return true;
        }
        looksForLate = LateDenials.begin(this);
        if (!looksForLate) {
            tries.drop(denial);
        }
        return looksForLate;
    }

    private void note(int tid, Sockaddr destination, SocketKind socket) {
        if (socket == SocketKind.UNKNOWN || Tries.isOfUdp(socket)) {
            last.note(tid, destination);
        } else {
            last.forget(tid);
        }
        holdsTries = tries != null && !tries.isEmpty();
    }

    @Override
    public boolean waitsForProcesses() {
        return holdsTries || toldLate;
    }

    @Override
    public boolean looksAtSockets() {
        return holdsTries;
    }

    @Override
    public synchronized void connecting(int tid, Sockaddr destination, SocketKind socket) {
        if (holdsTries) {
            tellAll(tries.follow(tid, Optional.of(destination), socket));
            if (Tries.isOfTcp(destination, socket)) {
                tries.goesByTcp(tracees.tgid(tid), destination);
            } else {
                tries.goesByUdp(tid, destination, socket);
            }
        }
        note(tid, destination, socket);
    }

    @Override
    public synchronized boolean ending(int process) {
        tellAll(process == frontEnd.pid() && !commandEnded ? tries.endOfAll() : tries.endOf(process));
        boolean late = toldLate;
        toldLate = false;
        return late;
    }

    /** @return whether there may be more to tell later */
    synchronized boolean tellLate() {
        tellAll(tries.stale());
        looksForLate = tries.waitForNext();
        return looksForLate;
    }

    /** What had been held back. There is no moment at which the first process could end, and neither flag say that something was denied. */
    private boolean tellAll(List<LoggedCall> denials) {
        for (LoggedCall denial : denials) {
            tell(denial);
        }
        toldLate |= !denials.isEmpty();
        holdsTries = tries != null && !tries.isEmpty();
        return !denials.isEmpty();
    }

    @Override
    public synchronized void deniedAfterwards(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
        LoggedCall denial = logged(tid, denial(tid, call, destination, socket, why), false, Optional.empty());
        untold = tell(denial) ? Optional.empty() : Optional.of(denial.call());
    }

    @Override
    public synchronized void killing() {
        if (untold.isPresent()) {
            reports.show(untold.get());
        }
    }

    private JudgedCall denial(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
        return new JudgedCall(call, destination, socket, ByteString.of(tracees.comm(tid)), tracees.tgid(tid), why.why(), why.origin());
    }

    /** @return as {@link Reports#denied} */
    private boolean tell(LoggedCall denial) {
        boolean told = reports.denied(denial.call());
        if (log.isKept()) {
            log.call(denial);
        }
        return told;
    }

    @Override
    public Optional<String> rawSocket() {
        try {
            walls.judgeRawPackets();
            return Optional.empty();
        } catch (FirewallException | KernelException e) {
            return Optional.of("its packets cannot be judged: " + e.getMessage());
        }
    }

    @Override
    public boolean hearsOfAllowed() {
        return log.isKept() && reports.isVerbose();
    }

    @Override
    public synchronized void allowed(int tid, String call, Optional<Sockaddr> destination, SocketKind socket) {
        Optional<Grant> grant = destination.isPresent()
                ? Grant.of(plan, Action.of(call), destination.get(), socket) : Optional.empty();
        if (log.isKept()) {
            log.call(logged(tid, new JudgedCall(call, destination, socket, ByteString.of(tracees.comm(tid)), tracees.tgid(tid),
                    grant.isPresent() ? grant.get().why() : "", grant.isPresent() ? grant.get().origin() : Origin.DEFAULT), true, Optional.empty()));
        }
    }

    private LoggedCall logged(int tid, JudgedCall call, boolean allowed, Optional<Errno> error) {
        boolean asked = log.isKept(); // two looks at /proc
        ByteString executable = ByteString.of(asked ? tracees.executable(tid) : new byte[0]);
        return new LoggedCall(call, tid, asked ? tracees.parent(tid) : 0, executable, allowed, error);
    }

    @Override
    public synchronized void deniedFile(int tid, String call, ByteString path, Verdict.Deny why) {
        JudgedCall denial = JudgedCall.ofFile(call, path, ByteString.of(tracees.comm(tid)), tracees.tgid(tid), why.why(), why.origin());
        tell(logged(tid, denial, false, Optional.of(why.errno())));
    }

    @Override
    public void initEnding() {
        heldAtEnd = true;
        walls.endKeeper();
        supervisor.killAll();
    }

    @Override
    public void commandEnded(boolean killed, int status, boolean alone) {
        tellEnd(killed, status);
        if (alone) {
            walls.endKeeper();
        }
        boolean asks = walls.askWhoIsLeft() || log.isKept(); // it costs a look at each process of the host
        boolean last = alone && !(asks && supervisor.tracesBesides(frontEnd.pid()));
        if (last) {
            log.letGo();
        }
        walls.commandEnded(heldAtEnd, last);
        kernel.standardStreams().releaseError();
    }

    private synchronized void tellEnd(boolean killed, int status) {
        commandEnded = true;
        tellTries();
        summarize();
        log.ended(frontEnd.pid(), killed, status);
    }

    /** What processes left behind did after the command's end. */
    synchronized void ended() {
        tellTries();
        if (!commandEnded || reports.deniedCalls() > told) {
            summarize();
        }
        log.flush();
    }

    private void tellTries() {
        if (holdsTries) {
            tellAll(tries.endOfAll());
        }
    }

    private void summarize() {
        told = reports.deniedCalls();
        reports.summary(plan);
    }
}
