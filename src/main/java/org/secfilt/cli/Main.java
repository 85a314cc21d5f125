package org.secfilt.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Printable;
import org.secfilt.abi.UnknownArchException;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.Standing;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.kernel.SecurityModules;
import org.secfilt.kernel.StandardStreams;
import org.secfilt.kernel.jnr.JnrKernel;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Host;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.Refusal;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Setting;
import org.secfilt.policy.StandardInput;
import org.secfilt.report.EventLog;
import org.secfilt.report.Fault;
import org.secfilt.report.Reports;
import org.secfilt.report.Volume;
import org.secfilt.sandbox.Command;
import org.secfilt.sandbox.Foresight;
import org.secfilt.sandbox.PacketFilter;
import org.secfilt.sandbox.Sandbox;

/** What the stub starts: reads the stub's command line, and answers with an exit code or by supervising the command. */
public final class Main implements Outcome.Visitor<Integer> {
    static final int OK = 0;
    /** secfilt itself failed, as of env(1). */
    static final int FAILED = 125;
    /** The stub has become the command, or has its exit code already. */
    private static final int ANSWERED = -1;
    /** What a name has for bytes that are none. */
    private static final char NO_UTF8 = '\ufffd';

    private final Kernel kernel = new JnrKernel();
    private final ProcessStatus processes = kernel.processStatus();
    private final SecurityModules modules = kernel.securityModules();
    private final StandardStreams standard = kernel.standardStreams();
    private final Streams streams = new Streams(standard);
    private final FrontEnd stub;
    private final Caller caller;
    /** Whether the command is in a profile that knows a socket by who made it. */
    private boolean byMaking;
    private List<ByteString> argv = List.of();
    /** What has been told so far, some of which may wait for standard error. */
    private Optional<Reports> told = Optional.empty();
    /** As long as no run has it. */
    private Optional<EventLog> log = Optional.empty();

    private Main(int fd, int pid) {
        this.stub = kernel.frontEnd(fd, pid);
        this.caller = new Caller(pid, new StandardInput() { // no lambda: it would cost a start more
            @Override
            public Optional<byte[]> read(int limitBytes) {
                return standard.inputOf(pid, limitBytes);
            }
        });
    }

    /** @param args the number of the socket to the stub, and the stub's process id */
    public static void main(String[] args) {
        if (args.length != 2) {
            throw new IllegalArgumentException("bin/secfilt starts this, with its socket's number and its process id");
        }
        Main main = raised(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        int code = main.answer();
        main.flush();
        if (code != ANSWERED) {
            main.closeLog();
            main.stub.exit(code);
            main.kernel.programs().awaitFed();
        }
        // At once: whoever reads our standard output waits for its end.
        Runtime.getRuntime().halt(0);
    }

    /** Without its library nothing can be answered, and the stub then says so too. */
    private static Main raised(int fd, int pid) {
        try {
            return new Main(fd, pid);
        } catch (UnsatisfiedLinkError e) {
            if (System.getProperty("user.dir").indexOf(NO_UTF8) < 0) {
                throw e;
            }
            System.err.println("secfilt: it is installed below a directory whose name is no UTF-8, from where java loads no library; install it"
                    + " elsewhere");
            Runtime.getRuntime().halt(FAILED);
            throw e;
        }
    }

    private int answer() {
        try {
            argv = caller.argv();
            Environment environment = new Environment(caller.files(), Arch.current(), streams.outWantsColour());
            return Cli.parse(Caller.texts(argv), environment).accept(this);
        } catch (RefusedPolicyException e) {
            flush(); // before what is told otherwise
            return refused(e.refusals());
        } catch (IOException | UnknownArchException | KernelException e) {
            return failed(e.getMessage());
        } catch (RuntimeException | Error e) {
            return failed(Fault.words(e));
        }
    }

    private void flush() {
        if (told.isPresent()) {
            told.get().flush();
        }
    }

    private void closeLog() {
        if (log.isPresent()) {
            log.get().letGo();
        }
    }

    @Override
    public Integer exit(Outcome.Exit exit) {
        if (!exit.err().isEmpty() && !stub.isGone()) {
            streams.write(exit.err().getBytes(StandardCharsets.UTF_8));
        }
        int printed = streams.print(exit.out());
        return printed == OK ? exit.code() : printed;
    }

    @Override
    public Integer run(Outcome.Run run) throws IOException, RefusedPolicyException {
        stub.outlive();
        Reports reports = reports(run.volume());
        told = Optional.of(reports);
        String meant = Verb.meant(Caller.texts(argv).get(run.commandIndex() - 1), run.commandIndex() == 1);
        Command command = new Command(argv, run.commandIndex(), caller.environment(), meant);
        if (run.log().isPresent()) {
            String name = run.log().get().value();
            try {
                log = Optional.of(new EventLog(name, kernel.logFile(stub.pid(), name)));
            } catch (KernelException e) {
                return failed(unopened(run.log().get(), e.errno()));
            }
        }
        PacketFilter filter = filter(run.cgroups(), command.environment());
        if (run.profile().isPresent()) {
            try {
                byMaking = filter.profiles().enter(run.profile().get());
            } catch (FirewallException e) {
                return failed(e.getMessage());
            }
        }
        boolean sealed = run.profile().isPresent() && processes.permittedCapabilities(stub.pid()) != 0;
        Plan plan = plan(run, sealed ? filter.host() : host(run.policy(), filter));
        List<Refusal> tooMuch = filter.refusals(plan);
        if (!tooMuch.isEmpty()) {
            return refused(tooMuch);
        }
        Optional<Standing> firewall = Optional.empty();
        if (plan.judgesPackets() && !plan.preparesNetwork() && Sandbox.finds(kernel, stub.pid(), command)) {
            try {
                firewall = Optional.of(filter.raise(plan));
            } catch (FirewallException e) {
                plan = plan(run, HostFirewall.without(e.getMessage())); // refused if it is required
                if (reports.isVerbose()) {
                    reports.note("packets are not judged: " + e.getMessage());
                }
            }
        }
        if (plan.supervised() && plan.landlock().isEmpty() && modules.yamaScope() == 0) {
            reports.warn("this kernel's Landlock is switched off or too old: the command can write to the memory of other processes of its"
                    + " user (/proc/PID/mem), and send them signals" + (plan.traces(TracedCall.KILL) ? " by terminals (SIGIO)" : ""));
        }
        tellLayers(plan, reports);
        Sandbox.Fallback fallback = new Sandbox.Fallback() { // no lambda: it would cost milliseconds
            @Override
            public Plan without(String missing) throws RefusedPolicyException {
                Plan other = plan(run, HostFirewall.without(missing));
                tellLayers(other, reports);
                return other;
            }
        };
        new Sandbox(kernel, stub, plan, run.notifications(), fallback, reports, log, firewall).run(command);
        return ANSWERED;
    }

    /** An option has the log's name in its words. */
    private static String unopened(Setting<String> log, int errno) {
        String place = log.origin().line() == 0 ? log.origin().toString() : log.origin() + ": " + log.value();
        if (errno == Errno.EOPNOTSUPP.number()) {
            return Printable.escape(place) + ": this file is the kernel's own, and keeps no text; name one on a disk";
        }
        boolean astray = errno == Errno.ENOENT.number() && !log.value().startsWith("/proc/"); // which takes no new files
        String hint = astray ? "; its directory is missing" : errno == Errno.EISDIR.number() ? "; name a file in it" : "";
        return Printable.escape(place) + ": " + Errno.of(errno).text() + hint;
    }

    @Override
    public Integer compile(Outcome.Compile compile) throws IOException, RefusedPolicyException {
        stub.outlive();
        // The filter that every host can have; one that needs more says so.
        boolean required = compile.policy().firewall().value() == Firewall.REQUIRE;
        HostFirewall host = required ? host(compile.policy(), new PacketFilter(kernel, stub.pid(), caller.environment())) : HostFirewall.NONE;
        Plan plan = plan(compile.policy(), compile.arch(), host);
        told = Optional.of(reports(compile.volume()));
        tellLayers(plan, told.get());
        return CompileVerb.answer(plan, compile, streams, caller);
    }

    @Override
    public Integer explain(Outcome.Explain explain) throws IOException, RefusedPolicyException {
        PacketFilter filter = new PacketFilter(kernel, stub.pid(), caller.environment());
        Plan plan = plan(explain.policy(), Arch.current(), host(explain.policy(), filter));
        List<String> refusals = refusals(filter, plan);
        for (String refusal : refusals) {
            tell(refusal);
        }
        return refusals.isEmpty() ? ExplainVerb.answer(plan, explain, streams, caller) : Cli.USAGE;
    }

    @Override
    public Integer simulate(Outcome.Simulate simulate) throws IOException, RefusedPolicyException {
        HostFirewall host = host(simulate.policy(), new PacketFilter(kernel, stub.pid(), caller.environment()));
        Plan plan = plan(simulate.policy(), simulate.arch(), host); // of another architecture, a host that is otherwise as this
        told = Optional.of(reports(simulate.volume()));
        tellLayers(plan, told.get());
        return SimulateVerb.answer(plan, simulate, streams);
    }

    @Override
    public Integer check(Outcome.Check check) throws IOException {
        PacketFilter filter = new PacketFilter(kernel, stub.pid(), caller.environment());
        return new CheckVerb(streams, caller, new CheckVerb.Planner() {
            @Override
            public Plan plan(Policy policy) throws RefusedPolicyException {
                return Main.this.plan(policy, Arch.current(), host(policy, filter));
            }

            @Override
            public List<String> refusals(Plan plan) {
                return Main.this.refusals(filter, plan);
            }
        }).answer(check);
    }

    @Override
    public Integer doctor(Outcome.Doctor doctor) throws IOException {
        PacketFilter filter = new PacketFilter(kernel, stub.pid(), caller.environment());
        return DoctorVerb.answer(new HostLook(kernel, stub.pid(), filter), streams);
    }

    @Override
    public Integer gc(Outcome.Gc gc) throws IOException {
        stub.outlive();
        return GcVerb.answer(new PacketFilter(kernel, stub.pid(), caller.environment()), gc, streams);
    }

    @Override
    public Integer profile(Outcome.Profile profile) throws IOException {
        stub.outlive();
        return new ProfileVerb(filter(profile.cgroups(), caller.environment()).profiles(), kernel.accounts(), caller.files(), streams)
                .answer(profile);
    }

    @Override
    public Integer assign(Outcome.Assign assign) throws IOException {
        stub.outlive();
        return ProfileVerb.answer(filter(assign.cgroups(), caller.environment()).profiles(), assign, streams);
    }

    private PacketFilter filter(List<Cgroups.Hierarchy> hierarchies, List<ByteString> environment) {
        return new PacketFilter(kernel, stub.pid(), environment, hierarchies);
    }

    /** Looked at only where something comes of it: this costs every start. */
    private static HostFirewall host(Policy policy, PacketFilter filter) {
        boolean looked = switch (policy.firewall().value()) {
            case OFF -> false;
            case AUTO -> policy.restrictsDestinations();
            case REQUIRE -> true;
        };
        if (!looked) {
            return HostFirewall.NONE;
        }
        return policy.surroundings().ownsNetwork() ? filter.ofOwnNetwork() : filter.host();
    }

    private List<String> refusals(PacketFilter filter, Plan plan) {
        List<String> refusals = new ArrayList<>(RefusalText.of(filter.refusals(plan), caller.files()));
        refusals.addAll(Foresight.refusals(kernel, stub.pid(), plan));
        return refusals;
    }

    private Plan plan(Policy policy, Arch arch, HostFirewall firewall) throws RefusedPolicyException {
        return Plan.of(policy, host(arch, modules.landlockAbi(), firewall));
    }

    private Plan plan(Outcome.Run run, HostFirewall firewall) throws RefusedPolicyException {
        Host any = host(Arch.current(), run.landlock() ? modules.landlockAbi() : 0, firewall);
        Host host = new Host(any.arch(), any.landlockAbi(), any.root(), firewall, run.profile().isPresent(), byMaking);
        if (!run.supervised()) {
            return Plan.withoutSupervisor(run.policy(), host);
        }
        return run.log().isPresent() ? Plan.logged(run.policy(), host) : Plan.of(run.policy(), host);
    }

    private Host host(Arch arch, int landlockAbi, HostFirewall firewall) {
        return new Host(arch, landlockAbi, processes.permittedCapabilities(stub.pid()) != 0, firewall);
    }

    private static void tellLayers(Plan plan, Reports reports) {
        if (reports.isVerbose()) {
            for (Holding holding : plan.layers()) {
                reports.note(Printable.escape(holding.toString()));
            }
        }
    }

    private int refused(List<Refusal> refusals) {
        for (String refusal : RefusalText.of(refusals, caller.files())) {
            tell(refusal);
        }
        return Cli.USAGE;
    }

    private Reports reports(Volume volume) {
        return new Reports(standard.error(), volume, streams.errWantsColour());
    }

    /** Nobody is told who was killed meanwhile, as by Ctrl-C: with it went what there was to read of it. */
    private void tell(String message) {
        if (!stub.isGone()) {
            streams.complain(message);
        }
    }

    private int failed(String message) {
        tell(message);
        return FAILED;
    }
}
