package org.secfilt.sandbox;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Printable;
import org.secfilt.bpf.Program;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.Standing;
import org.secfilt.kernel.Account;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.InheritedDescriptors;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Leases;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.PathResolution;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.kernel.Vault;
import org.secfilt.launch.LaunchScript;
import org.secfilt.nat.Nat;
import org.secfilt.nat.NatException;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.CallerFiles;
import org.secfilt.policy.Net;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Resolvers;
import org.secfilt.report.EventLog;
import org.secfilt.report.Fault;
import org.secfilt.report.Reports;
import org.secfilt.tracer.Tracer;

/** One run of one command under one plan. */
public final class Sandbox {
    /** secfilt itself failed, as of env(1). */
    static final int FAILED = 125;
    /** The policy cannot be held: what is open already would go round it. */
    private static final int REFUSED = 2;
    private static final int LAST_LOOKS = 50;
    private static final int LAST_PAUSE_MILLIS = 10;

    private final Kernel kernel;
    private final ProcessStatus processes;
    private final Leases leases;
    private final FrontEnd frontEnd;
    /** One without a firewall takes its place if that cannot be raised after all. */
    private Plan plan;
    private final boolean notifying;
    private final Fallback fallback;
    private final Reports reports;
    private final Launcher launcher;
    private final Preparation preparation;
    private final RunLog log;
    private final Walls walls;

    /**
     * @param notifying whether the supervisor may be notified of judged calls, where that is faster
     * @param log where events go besides, if the user named a file
     * @param firewall raised already, where the plan has one on the host's network; it is taken down when the last process is dead
     */
    public Sandbox(
            Kernel kernel, FrontEnd frontEnd, Plan plan, boolean notifying, Fallback fallback, Reports reports, Optional<EventLog> log,
            Optional<Standing> firewall) {
        this.kernel = kernel;
        this.processes = kernel.processStatus();
        this.leases = kernel.leases();
        this.plan = plan;
        this.notifying = notifying;
        this.fallback = fallback;
        this.reports = reports;
        this.log = new RunLog(log, reports);
        this.frontEnd = new LoggedFrontEnd(frontEnd, this.log);
        this.launcher = new Launcher(kernel, leases, this.frontEnd, reports, this.log, plan);
        this.preparation = new Preparation(kernel.cgroupSight(), this.frontEnd, reports, plan.arch().syscalls());
        this.walls = new Walls(firewall, frontEnd.pid(), reports);
    }

    /** Whether there is something to run: if not, {@link #run} tells the user. */
    public static boolean finds(Kernel kernel, int pid, Command command) {
        return CommandFile.find(kernel.pathResolution(), pid, command).error() == 0;
    }

    /**
     * Runs the command and returns when the last process it left behind is dead. The calling thread becomes the tracer: a platform
     * thread. The stub has got its exit code, or has become the command.
     */
    public void run(Command command) {
        try {
            boolean again;
            do {
                again = runInside(command);
            } while (again);
        } catch (RuntimeException | Error e) {
            reports.refusal(frontEnd, Fault.words(e));
            frontEnd.exit(FAILED); // before the taking down, which waits for the stub to be gone
            awaitStub();
        } finally {
            reports.flush();
            walls.takeDown();
            kernel.programs().awaitFed();
            leases.end();
        }
    }

    /** If it is traced by now the kernel kills it with us, so it is to have ended by its exit code before. The command it became is killed then. */
    private void awaitStub() {
        try {
            for (int look = 0; look < LAST_LOOKS && !frontEnd.isGone(); look++) {
                Thread.sleep(LAST_PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return whether it is to be done anew, under another plan: nothing was run */
    private boolean runInside(Command command) {
        if (plan.arch() != Arch.X86_64) {
            reports.refusal(frontEnd, "this version supervises x86_64 only; for " + plan.arch() + " it can compile the filter");
            frontEnd.exit(FAILED);
            return false;
        }
        Optional<Enclosure> enclosure = enclosure();
        if (enclosure.isEmpty()) {
            return false;
        }
        PathResolution paths = kernel.pathResolution();
        Optional<Account> user = enclosure.get().user();
        CommandFile file = CommandFile.find(user.isPresent() ? paths.as(user.get()) : paths, frontEnd.pid(), command);
        if (file.error() != 0) {
            launcher.refuse(command, file.error());
            return false;
        }
        WritableFiles writable = new WritableFiles(paths, frontEnd.pid(), plan.policy().files(), plan.ownsMounts());
        if (refused(writable.refusals())) {
            return false;
        }
        Optional<Program> filter = Optional.empty();
        if (walls.hasFirewall()) {
            filter = Optional.of(filter()); // while the process moves into its cgroup
            String missing = walls.settle();
            if (!missing.isEmpty()) {
                return doWithout(missing);
            }
        }
        if (plan.judgesPackets() && !plan.preparesNetwork() && !walls.hasFirewall()) {
            launcher.refuse(command, Errno.ENOENT.number()); // so it was when no firewall was raised for it
            return false;
        }
        InheritedDescriptors inherited = kernel.inheritedDescriptors();
        Set<Integer> open = inherited.open(frontEnd.pid());
        if (!plan.supervised() && !plan.surroundings().ownsNetwork() && !plan.profiled()) {
            Scripts scripts = scripts(command, file, new Descriptors(open, List.of(), false), enclosure.get(), writable, false);
            launchAlone(scripts, command, file, scripts.plain(filter()));
            return false;
        }
        boolean looksOnly = !plan.supervised() && plan.profiled() && !plan.profilesByMaking();
        if (!looksOnly && isTraced()) {
            return false;
        }
        requireOwnCalls();
        Optional<Descriptors> descriptors = descriptors(inherited, open);
        boolean entered = plan.preparesNetwork(); // now: another plan may take this one's place meanwhile
        if (descriptors.isEmpty() || !prepare(enclosure.get(), command)) {
            return false;
        }
        Scripts scripts = scripts(command, file, descriptors.get(), enclosure.get(), writable, entered);
        if (plan.supervised()) {
            launchFiltered(scripts, command, file, filter.isPresent() ? filter.get() : filter(), descriptors.get(), writable);
        } else {
            launchAlone(scripts, command, file, scripts.plain(filter()));
        }
        return false;
    }

    /** @return whether there are any, the stub having its exit code then */
    private boolean refused(List<?> refusals) {
        for (Object refusal : refusals) {
            reports.refusal(frontEnd, refusal.toString());
        }
        if (!refusals.isEmpty()) {
            frontEnd.exit(REFUSED);
        }
        return !refusals.isEmpty();
    }

    /** @return none, the stub having its exit code, if it cannot be had */
    private Optional<Enclosure> enclosure() {
        try {
            return Optional.of(Enclosure.of(plan.surroundings(), processes.permittedCapabilities(frontEnd.pid()),
                    processes.owner(frontEnd.pid()), kernel.accounts(), resolver()));
        } catch (IllegalArgumentException e) {
            refused(List.of(e.getMessage()));
            return Optional.empty();
        }
    }

    /** @return whether another traces the stub, which has its exit code then */
    private boolean isTraced() {
        Optional<String> other = processes.tracer(frontEnd.pid());
        if (other.isPresent()) {
            String tracer = Printable.escape(other.get());
            boolean nested = kernel.runs().supervisor(frontEnd.pid()).isPresent();
            reports.refusal(frontEnd, (nested ? "another secfilt (" + tracer + ")" : tracer) + " traces this process already: "
                    + (nested ? "within it" : "under strace or gdb, or such,") + " secfilt can hold no policy. Nothing was run");
            frontEnd.exit(FAILED);
        }
        return other.isPresent();
    }

    /** Now: later the command would run already. */
    private void requireOwnCalls() {
        Optional<String> refused = plan.traced() ? kernel.supervisor().refusedCall() : Optional.empty();
        if (refused.isPresent()) {
            throw KernelException.inWords(refused.get() + ": within another secfilt, or a container that forbids that call, secfilt can hold no"
                    + " policy. Nothing was run. A container's seccomp profile may permit it (Docker: --cap-add=SYS_PTRACE)");
        }
    }

    /**
     * What the command is to have of what is open in the stub.
     *
     * @return none, the stub having its exit code, if something of it would go round the policy
     */
    private Optional<Descriptors> descriptors(InheritedDescriptors descriptors, Set<Integer> open) {
        boolean byClass = plan.profiled() && !plan.profilesByMaking();
        Optional<OwnTables> tables = byClass ? Optional.of(kernel.ownTables()) : Optional.empty();
        InheritedSockets inherited = new InheritedSockets(descriptors, tables, frontEnd.pid(), open, plan);
        log.inherited(inherited, frontEnd.pid());
        if (refused(inherited.refusals())) {
            return Optional.empty();
        }
        for (String warning : inherited.warnings()) {
            reports.warn(warning);
        }
        return Optional.of(new Descriptors(open, inherited.closed(), inherited.keepsInternet()));
    }

    /** What the stub does to itself before the rest is known. @return false, the stub having its exit code, if it cannot be done */
    private boolean prepare(Enclosure enclosure, Command command) {
        if (plan.preparesNetwork() && !prepareNetwork(enclosure, command)) {
            return false;
        }
        // First: a /tmp of the command's own would only hide what is mounted below /tmp.
        return !(plan.supervised() && plan.sealsCgroup()) || preparation.sealsCgroups();
    }

    private void launchFiltered(
            Scripts scripts, Command command, CommandFile file, Program program, Descriptors descriptors, WritableFiles writable) {
        LaunchScript first = scripts.restricted(program, notifies());
        if (plan.traced()) {
            launchTraced(scripts, command, file, program, first, descriptors, writable);
        } else if (leaves()) {
            launchAlone(scripts, command, file, first); // the filter alone holds the policy
        }
    }

    private void launchTraced(
            Scripts scripts, Command command, CommandFile file, Program program, LaunchScript first, Descriptors descriptors,
            WritableFiles writable) {
        Vault vault = kernel.vault(plan.vault().address(), plan.vault().lengthBytes());
        Optional<Keeper> keeper = plan.judgesUnixPaths() ? Optional.of(kernel.keeper()) : Optional.empty();
        Optional<KeptPaths> paths = Optional.empty();
        if (keeper.isPresent()) {
            walls.add(keeper.get());
            paths = Optional.of(new KeptPaths(frontEnd, keeper.get(), scripts, program, notifies()));
        }
        Supervision supervision = new Supervision(
                kernel, frontEnd, plan, reports, log, walls, vault, command, descriptors.free(0));
        Tracer tracer = new Tracer(
                kernel, vault, keeper, plan, supervision, frontEnd.pid(), notifies(), descriptors.keepsInternet(), writable.paths());
        kernel.supervisor().hide();
        int rc = tracer.seize();
        if (rc < 0) {
            throw KernelException.inWords("this process cannot be traced (ptrace: " + Errno.of(-rc) + "): within another secfilt, or where"
                    + " yama.ptrace_scope is above 1, secfilt can hold no policy. Nothing was run");
        }
        kernel.standardStreams().closeInputAndOutput();
        launcher.launchBeside(scripts, command, file, first, paths);
        trace(tracer);
        supervision.ended();
    }

    private void trace(Tracer tracer) {
        try {
            tracer.run();
        } catch (RuntimeException | Error e) {
            reports.error(Fault.words(e)); // nobody tells it when the command is dead
            tracer.killAll(); // before the walls are taken down
            throw e;
        }
    }

    private Program filter() {
        return FilterCompiler.compile(plan, notifies(), frontEnd.pid() == Tracer.INIT).program();
    }

    /** Who hears of each call that is allowed hears of it from the tracer. */
    private boolean notifies() {
        return notifying && plan.traced() && kernel.notifiesAtOnce() && !(log.isKept() && reports.isVerbose());
    }

    /** Nobody holds the command when it starts, so the log says that it does before that, and takes it back. */
    private void launchAlone(Scripts scripts, Command command, CommandFile file, LaunchScript first) {
        log.started(frontEnd.pid(), command, false);
        launcher.launch(scripts, command, file, first);
    }

    /** Behind the host's addresses a nameserver on the host's loopback is out of reach. */
    private Optional<String> resolver() {
        Opener files = new CallerFiles(Path.of("/"), frontEnd.pid());
        if (plan.surroundings().network() != Net.NAT || !Resolvers.areOnLoopback(files)) {
            return Optional.empty();
        }
        Optional<String> replacement = Resolvers.replacement(files);
        if (replacement.isEmpty()) {
            reports.warn(Resolvers.FILE + " names " + Resolvers.nameservers(files).get(0) + ", on the host's loopback, which is out of reach"
                    + " behind --net=nat: names are not resolved by it");
        } else if (reports.isVerbose()) {
            reports.note("the command sees " + replacement.get() + " as " + Resolvers.FILE
                    + ", which names nameservers on the host's loopback alone");
        }
        return replacement;
    }

    /** @return false, the stub having its exit code, if it cannot be done */
    private boolean prepareNetwork(Enclosure enclosure, Command command) {
        return preparation.makes(enclosure.entering(plan.arch().syscalls()))
                && (plan.surroundings().network() != Net.NAT || joinNetworks(command)) && (!plan.judgesPackets() || judgeNetwork(command));
    }

    private boolean joinNetworks(Command command) {
        Nat joined = new Nat(kernel, PacketFilter.tables(kernel, command.environment()));
        try {
            joined.join(frontEnd.pid(), plan.surroundings().publications());
        } catch (NatException e) {
            reports.refusal(frontEnd, e.getMessage());
            frontEnd.exit(FAILED);
            return false;
        }
        walls.add(joined);
        return true;
    }

    private boolean judgeNetwork(Command command) {
        try {
            new PacketFilter(kernel, frontEnd.pid(), command.environment()).raiseInOwnNetwork(plan);
            return true;
        } catch (FirewallException e) {
            return doWithout(e.getMessage());
        }
    }

    /** Nobody will supervise, so what stands on the host is left to processes that only wait for the end. */
    private boolean leaves() {
        try {
            walls.leave();
            return true;
        } catch (FirewallException | NatException e) {
            reports.refusal(frontEnd, e.getMessage());
            frontEnd.exit(FAILED);
            return false;
        }
    }

    /** @return false, the stub having its exit code, if the firewall is required */
    private boolean doWithout(String missing) {
        try {
            plan = fallback.without(missing);
        } catch (RefusedPolicyException e) {
            refused(e.refusals());
            return false;
        }
        if (reports.isVerbose()) {
            reports.note("packets are not judged: " + missing);
        }
        return true;
    }

    /** What is to be done without a firewall that was planned. */
    public interface Fallback {
        /** @throws RefusedPolicyException if nothing: the firewall is required */
        Plan without(String missing) throws RefusedPolicyException;
    }

    private Scripts scripts(
            Command command, CommandFile file, Descriptors descriptors, Enclosure enclosure, WritableFiles writable, boolean entered) {
        return new Scripts(plan, command, file.file(), kernel.securityModules().hasYama(), processes.permittedCapabilities(frontEnd.pid()),
                processes.inheritableCapabilities(frontEnd.pid()), descriptors, enclosure, writable.files(), entered);
    }
}
