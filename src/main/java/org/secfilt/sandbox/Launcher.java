package org.secfilt.sandbox;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Leases;
import org.secfilt.kernel.Runs;
import org.secfilt.kernel.Supervisor;
import org.secfilt.launch.LaunchScript;
import org.secfilt.launch.Operand;
import org.secfilt.launch.Step;
import org.secfilt.plan.Capability;
import org.secfilt.plan.Plan;
import org.secfilt.report.Fault;
import org.secfilt.report.Reports;

/** Talks to the stub until it has become the command, or has its exit code and the user knows why. */
final class Launcher {
    /** The shell's codes for a command that is there but cannot be executed, and for one that is not there. */
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;

    private final Kernel kernel;
    private final Supervisor supervisor;
    private final Leases leases;
    private final Runs runs;
    private final FrontEnd frontEnd;
    private final Reports reports;
    private final RunLog log;
    private final Plan plan;

    Launcher(Kernel kernel, Leases leases, FrontEnd frontEnd, Reports reports, RunLog log, Plan plan) {
        this.kernel = kernel;
        this.supervisor = kernel.supervisor();
        this.leases = leases;
        this.runs = kernel.runs();
        this.frontEnd = frontEnd;
        this.reports = reports;
        this.log = log;
        this.plan = plan;
    }

    /** @param error why the command cannot be executed */
    void refuse(Command command, int error) {
        boolean byPath = command.name().latin1().indexOf('/') < 0;
        String words = Errno.of(error).text();
        if (byPath && error == Errno.ENOENT.number()) {
            words = "command not found" + command.meant();
        } else if (byPath && error == Errno.ENOTDIR.number()) {
            words = "command not found, and PATH ends in what is no directory" + command.meant();
        }
        reports.refusal(frontEnd, command.name() + ": " + words);
        exit(code(error));
    }

    /** As env(1): a path through a file is not called missing. */
    private static int code(int error) {
        return error == Errno.ENOENT.number() ? NOT_FOUND : NOT_EXECUTABLE;
    }

    /** What the log has as started has ended before the caller learns of that. */
    private void exit(int code) {
        log.ended(frontEnd.pid(), false, code);
        frontEnd.exit(code);
    }

    /**
     * As {@link #launch}, on a thread of its own: the tracer must not wait for the stub.
     *
     * @param paths where there is to be a keeper, what is done in place of {@code first}
     */
    void launchBeside(Scripts scripts, Command command, CommandFile file, LaunchScript first, Optional<KeptPaths> paths) {
        // No lambda: it would cost milliseconds at its first use.
        Thread thread = new Thread("front end") {
            @Override
            public void run() {
                leases.watch();
                try {
                    Optional<LaunchScript> script = paths.isPresent() ? prepare(paths.get()) : Optional.of(first);
                    if (script.isPresent()) {
                        launch(scripts, command, file, script.get());
                    }
                } catch (RuntimeException | Error e) {
                    fail(e);
                }
                if (leases.await()) {
                    reports.error("killed: somebody writes to files that secfilt itself runs, its own or those of its Java. Install them where the"
                            + " command's user may not write, or replace them rather than change them");
                    supervisor.die();
                }
            }
        };
        thread.setDaemon(true);
        thread.start();
    }

    /** @return what is left to do; empty if the stub has its exit code, or is gone */
    private Optional<LaunchScript> prepare(KeptPaths paths) {
        LaunchScript confined = paths.confined();
        frontEnd.launch(confined.encode());
        Optional<FrontEnd.FailedStep> failed = frontEnd.awaitExec();
        if (failed.isEmpty()) {
            return Optional.empty();
        }
        if (failed.get().index() < confined.steps().size()) {
            refuse(confined, failed.get());
            return Optional.empty();
        }
        return paths.make();
    }

    /** Or nobody would ever tell the stub. For want of a descriptor no further class can be loaded, be it the one that has words for faults. */
    private void fail(Throwable fault) {
        try {
            reports.refusal(frontEnd, fault instanceof KernelException ? fault.getMessage() : Fault.words(fault));
        } finally {
            exit(Sandbox.FAILED);
        }
    }

    private void refuse(LaunchScript script, FrontEnd.FailedStep failed) {
        if (failed.errno() == Errno.ECANCELED.number()) { // Watch.ready, which has told why
            exit(Sandbox.FAILED);
            return;
        }
        Step step = script.steps().get(failed.index());
        boolean listener = step.nr() == plan.arch().syscalls().nr("seccomp") && step.arguments().get(1) instanceof Operand.Immediate flags
                && flags.value() != 0;
        reports.refusal(frontEnd, step.name() + ": " + Errno.of(failed.errno())
                + (listener ? "; " + whyNoListener(failed.errno()) : isForbiddenByAnother(failed.errno())
                        ? "; the other secfilt that this one runs within forbids it. Give that one --private-tmp. Nothing was run" : ""));
        exit(Sandbox.FAILED);
    }

    /** Mounts are the one thing that is prepared within another secfilt: all else that takes a right is refused before. */
    private boolean isForbiddenByAnother(int errno) {
        return plan.ownsMounts() && (errno == Errno.EPERM.number() || errno == Errno.EACCES.number())
                && runs.supervisor(frontEnd.pid()).isPresent();
    }

    /** The filter itself was checked, so it is what it asks for besides: seccomp(2) "SECCOMP_FILTER_FLAG_NEW_LISTENER". */
    private String whyNoListener(int errno) {
        String elsewhere = "run secfilt outside of that container"
                + (plan.judgesPackets() ? ", or with --no-supervisor where the firewall holds all of the policy" : "") + ". Nothing was run";
        return errno == Errno.EBUSY.number()
                ? "somebody, as a container's runtime, has a listener for this process's calls already, there can be only one, and secfilt needs"
                        + " its own: " + elsewhere
                : "the filter of a container, most likely, refuses one with a listener or its flags, which secfilt needs: let the container's seccomp"
                        + " profile permit them (--notifications=off does with SECCOMP_FILTER_FLAG_NEW_LISTENER alone), or " + elsewhere;
    }

    void launch(Scripts scripts, Command command, CommandFile file, LaunchScript first) {
        frontEnd.launch(first.encode());
        Optional<FrontEnd.FailedStep> failed = frontEnd.awaitExec();
        LaunchScript script = first;
        if (failed.isPresent() && failed.get().errno() == Errno.ENOEXEC.number() && isLast(failed.get(), script)) {
            // Of a file that we cannot read it is nothing: sh will say why.
            byte[] bytes = kernel.pathResolution().beginning(frontEnd.pid(), file.file().toBytes(), Beginning.BYTES);
            if (Beginning.of(bytes).isBinary()) { // sh would take it for a script, of errors or of nothing
                reports.refusal(frontEnd, file.file() + ": cannot execute binary file: " + Errno.ENOEXEC.text());
                exit(NOT_EXECUTABLE);
                return;
            }
            script = scripts.byShell();
            frontEnd.launch(script.encode());
            failed = frontEnd.awaitExec();
        }
        if (failed.isEmpty()) {
            return;
        }
        int errno = failed.get().errno();
        if (isLast(failed.get(), script)) {
            if (errno == Errno.ENOENT.number()) {
                // The file is there: its interpreter is not.
                reports.refusal(frontEnd, file.file() + (plan.ownsMounts() ? ": it, or the interpreter it names, is missing in the private /tmp"
                        : ": the interpreter it names is missing"));
                exit(NOT_FOUND);
            } else if (errno == Errno.ENOTDIR.number()) {
                reports.refusal(frontEnd, file.file() + ": the interpreter it names: " + Errno.ENOTDIR.text());
                exit(NOT_EXECUTABLE);
            } else if (errno == Errno.EPERM.number() && !plan.droppedCapabilities().isEmpty()) {
                reports.refusal(frontEnd, command.name() + ": " + Errno.EPERM.text() + "; " + whyNoCapability(file));
                exit(NOT_EXECUTABLE);
            } else {
                refuse(command, errno);
            }
        } else {
            refuse(script, failed.get());
        }
    }

    /** capabilities(7) "Safety checking for capability-dumb binaries": it gets all that its file asks for, or is not executed. */
    private String whyNoCapability(CommandFile file) {
        boolean packets = plan.droppedCapabilities().contains(Capability.NET_RAW);
        return "its file asks for a capability, most likely (getcap " + file.file() + "), that this policy takes from root's command. Run a copy of"
                + " it, which asks for none" + (packets ? ", or let the firewall judge packets, which leaves CAP_NET_RAW (secfilt doctor)" : "");
    }

    private static boolean isLast(FrontEnd.FailedStep failed, LaunchScript script) {
        return failed.index() == script.steps().size() - 1;
    }
}
