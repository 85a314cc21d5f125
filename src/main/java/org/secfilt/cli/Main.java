package org.secfilt.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Printable;
import org.secfilt.abi.UnknownArchException;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Listing;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Launching;
import org.secfilt.kernel.jnr.JnrKernel;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.Policy;
import org.secfilt.report.Reports;
import org.secfilt.report.Sink;
import org.secfilt.report.Volume;
import org.secfilt.sandbox.Command;
import org.secfilt.sandbox.Sandbox;

/** What the stub starts: reads the stub's command line, and answers with an exit code or by supervising the command. */
public final class Main implements Outcome.Visitor<Integer> {
    private static final int OK = 0;
    /** secfilt itself failed, as of env(1). */
    private static final int FAILED = 125;
    /** The stub has become the command, or has its exit code already. */
    private static final int ANSWERED = -1;

    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private final Kernel kernel = new JnrKernel();
    private final Launching launching = kernel.launching();
    private final FrontEnd stub;
    private final Caller caller;
    private List<ByteString> argv = List.of();

    private Main(int fd, int pid) {
        this.stub = kernel.frontEnd(fd, pid);
        this.caller = new Caller(pid);
    }

    /** @param args the number of the socket to the stub, and the stub's process id */
    public static void main(String[] args) {
        if (args.length != 2) {
            throw new IllegalArgumentException("bin/secfilt starts this, with its socket's number and its process id");
        }
        Main main = new Main(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        int code = main.answer();
        if (code != ANSWERED) {
            main.stub.exit(code);
        }
        // At once: whoever reads our standard output waits for its end.
        Runtime.getRuntime().halt(0);
    }

    private int answer() {
        try {
            argv = caller.argv();
            Environment environment = new Environment(caller.files(), Arch.current(), wantsColour(STDOUT));
            return Cli.parse(Caller.texts(argv), environment).accept(this);
        } catch (IOException | UnknownArchException | KernelException e) {
            return failed(e.getMessage());
        } catch (RuntimeException | Error e) {
            return failed("a fault of secfilt itself: " + e + at(e));
        }
    }

    @Override
    public Integer exit(Outcome.Exit exit) {
        launching.write(STDERR, exit.err().getBytes(StandardCharsets.UTF_8));
        return print(exit.out().getBytes(StandardCharsets.UTF_8)) ? exit.code() : FAILED;
    }

    @Override
    public Integer compile(Outcome.Compile compile) {
        Reports reports = reports(compile.volume());
        Plan plan;
        try {
            plan = plan(compile.policy(), compile.arch(), reports);
        } catch (RefusedPolicyException e) {
            return refused(e);
        }
        boolean binary = compile.format() == Outcome.Compile.Format.BIN;
        if (binary && compile.output().isEmpty() && launching.isTerminal(STDOUT)) {
            complain("--format=bin: these bytes are not for a terminal; write them to a file with -o FILE");
            return Cli.USAGE;
        }
        Assembled assembled = FilterCompiler.compile(plan);
        byte[] bytes = binary
                ? assembled.program().encode(ByteOrder.LITTLE_ENDIAN)
                : Listing.print(assembled).getBytes(StandardCharsets.UTF_8);
        if (compile.output().isEmpty()) {
            return print(bytes) ? OK : FAILED;
        }
        String name = compile.output().get();
        try {
            caller.write(name, bytes);
            return OK;
        } catch (IOException e) {
            return failed(Printable.escape(name) + ": " + e.getMessage());
        }
    }

    @Override
    public Integer run(Outcome.Run run) {
        Reports reports = reports(run.volume());
        try {
            Plan plan = plan(run.policy(), Arch.current(), reports);
            Command command = new Command(argv, run.commandIndex(), caller.path());
            new Sandbox(kernel, stub, plan, reports).run(command);
            return ANSWERED;
        } catch (RefusedPolicyException e) {
            return refused(e);
        } catch (IOException e) {
            return failed(e.getMessage());
        }
    }

    private Plan plan(Policy policy, Arch arch, Reports reports) throws RefusedPolicyException {
        Plan plan = Plan.of(policy, new Host(arch, launching.landlockAbi(), launching.capabilities(stub.pid()) != 0));
        if (reports.isVerbose()) {
            for (Holding holding : plan.layers()) {
                reports.note(Printable.escape(holding.toString()));
            }
        }
        return plan;
    }

    private int refused(RefusedPolicyException refused) {
        for (Refusal refusal : refused.refusals()) {
            complain(Printable.escape(refusal.toString()));
        }
        return Cli.USAGE;
    }

    private Reports reports(Volume volume) {
        return new Reports(new StandardError(), volume, wantsColour(STDERR));
    }

    /** {@code NO_COLOR} set to anything, and a terminal that cannot, mean none. */
    private boolean wantsColour(int fd) {
        String none = System.getenv("NO_COLOR");
        return (none == null || none.isEmpty()) && !"dumb".equals(System.getenv("TERM")) && launching.isTerminal(fd);
    }

    /** @return false, having said so, if nobody took it */
    private boolean print(byte[] text) {
        if (text.length == 0) {
            return true;
        }
        // Not closed: the descriptor is the caller's, and stays until we end.
        @SuppressWarnings("resource")
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        try {
            out.write(text);
            return true;
        } catch (IOException e) {
            complain("standard output: " + e.getMessage());
            return false;
        }
    }

    private int failed(String message) {
        complain(message);
        return FAILED;
    }

    private void complain(String message) {
        launching.write(STDERR, ("secfilt: " + message + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Where a fault of ours happened, in one line. */
    private static String at(Throwable fault) {
        StringBuilder where = new StringBuilder();
        for (int i = 0; i < 5 && i < fault.getStackTrace().length; i++) {
            where.append(i == 0 ? " at " : " < ").append(fault.getStackTrace()[i]);
        }
        return where.toString();
    }

    /** The caller's standard error. */
    private final class StandardError implements Sink {
        @Override
        public boolean write(byte[] line) {
            return launching.write(STDERR, line);
        }
    }
}
