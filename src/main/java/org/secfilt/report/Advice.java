package org.secfilt.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Plan;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Sources;
import org.secfilt.verdict.Action;

/** What to write to allow what was denied: all of it, for what is advised here has been judged with the advice taken. */
public final class Advice {
    private static final String ALLOW_WRITE = "allow-write";

    private final Plan plan;
    private Sources sources;
    private final List<Step> steps = new ArrayList<>();

    private Advice(Plan plan, Sources sources) {
        this.plan = plan;
        this.sources = sources;
    }

    /** For one call that nobody has made yet. */
    public static List<String> toAllow(Plan plan, Action action, Sockaddr destination, Optional<Protocol> protocol) {
        if (plan.policy().sources().isEmpty()) {
            return List.of();
        }
        Advice advice = new Advice(plan, plan.policy().sources().get());
        advice.add(action, destination, protocol, Origin.DEFAULT);
        return advice.lines("to allow it, ");
    }

    /** For the change of a file. */
    public static List<String> toWrite(Plan plan, String path) {
        if (plan.policy().sources().isEmpty()) {
            return List.of();
        }
        Advice advice = new Advice(plan, plan.policy().sources().get());
        advice.addFile(path);
        return advice.lines("to allow it, ");
    }

    /**
     * A line for each way: options to add or leave out, rules to change, and for each list of a file what to add to it.
     *
     * @param some whether there are others, on which nothing is said
     */
    static List<String> lines(Plan plan, List<Denial> denials, boolean some) {
        if (plan.policy().sources().isEmpty()) {
            return List.of();
        }
        Advice advice = new Advice(plan, plan.policy().sources().get());
        for (Denial denial : denials) {
            if (denial.file().isPresent()) {
                advice.addFile(denial.file().get().toString());
            } else if (denial.destination().isPresent()) {
                advice.add(action(denial.call()), denial.destination().get(), denial.protocol(), denial.origin());
            }
        }
        return advice.lines(some ? "to allow the first " + denials.size() + ", " : denials.size() == 1 ? "to allow it, " : "to allow them, ");
    }

    private static Action action(String call) {
        return switch (call) {
            case "bind", "listen" -> Action.BIND;
            case "connect" -> Action.CONNECT;
            default -> Action.SEND;
        };
    }

    private List<String> lines(String intro) {
        List<String> lines = new ArrayList<>();
        for (Step.Kind kind : Step.Kind.values()) {
            List<Step> told = new ArrayList<>();
            for (Step step : steps) {
                if (step.kind() == kind && !isBesideOne(step, told)) {
                    told.add(step);
                    lines.add(intro + (lines.isEmpty() ? "" : "also ") + step.intro() + all(step) + step.outro());
                }
            }
        }
        return lines;
    }

    private static boolean isBesideOne(Step step, List<Step> some) {
        for (Step other : some) {
            if (other.isBeside(step)) {
                return true;
            }
        }
        return false;
    }

    private String all(Step step) {
        StringBuilder words = new StringBuilder();
        for (Step other : steps) {
            if (other.isBeside(step)) {
                words.append(words.length() == 0 ? "" : step.kind().between).append(other.what());
            }
        }
        return words.toString();
    }

    private void add(Action action, Sockaddr destination, Optional<Protocol> protocol, Origin spoke) {
        Remedy remedy = new Remedy(plan, sources, action, destination, protocol);
        if (remedy.find(spoke)) {
            sources = remedy.sources();
            steps.addAll(remedy.steps());
        }
    }

    private void addFile(String path) {
        if (!path.startsWith("/") || !plan.policy().restrictsFiles()) {
            return;
        }
        Step step = file(path);
        for (Step other : steps) {
            if (other.equals(step)) {
                return;
            }
        }
        steps.add(step);
    }

    /** Where the others are; a list on the command line replaces that of the INI files. */
    private Step file(String path) {
        Options configured = sources.configured();
        Origin readOnly = plan.policy().files().readOnly().orElseThrow();
        Origin last = configured.readOnly().isPresent() ? configured.readOnly().get().origin() : Origin.DEFAULT;
        boolean isOption = readOnly.line() == 0 || readOnly.equals(last);
        if (!isOption) {
            return new Step(Step.Kind.ADD_ENTRY, "filesystem/allow-write in " + Printable.escape(readOnly.source()), Remedy.quoted(path));
        }
        for (FileAccess.Writable writable : configured.writable()) {
            last = writable.origin();
        }
        return sources.given().writable().isEmpty() && last != Origin.DEFAULT
                ? Remedy.line(last, ALLOW_WRITE, path) : new Step(Step.Kind.ADD_OPTIONS, "", "--" + ALLOW_WRITE + "=" + path);
    }
}
