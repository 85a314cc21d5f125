package org.secfilt.cli;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.lint.Lint;
import org.secfilt.lint.Warning;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.IniConfig;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.Resolvers;
import org.secfilt.policy.SourceText;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.report.Volume;

/** {@code secfilt check}: tells what is wrong with policy files, as a run would, and what is odd about those that can be run. */
final class CheckVerb {
    /** A run here, as far as it can be foretold. */
    interface Planner {
        /** The plan that it would have. */
        Plan plan(Policy policy) throws RefusedPolicyException;

        /** What else it would be refused for, in its words. */
        List<String> refusals(Plan plan);
    }

    private static final int WARNED = 1;

    private final Streams streams;
    private final Caller caller;
    private final Opener files;
    private final Planner planner;
    /** Of the file that is looked at. */
    private Policy policy = Policy.OPEN;

    CheckVerb(Streams streams, Caller caller, Planner planner) {
        this.streams = streams;
        this.caller = caller;
        this.files = caller.files();
        this.planner = planner;
    }

    /**
     * @return the exit code: 0 if all files are clean, 1 if there are warnings alone, 2 if a file cannot be run; another if nobody took the answer
     */
    int answer(Outcome.Check check) {
        int worst = Main.OK;
        for (String file : check.files()) {
            int code = check(file);
            int printed = code == Main.OK && check.volume() != Volume.QUIET ? streams.print(Printable.escape(file) + ": clean\n") : Main.OK;
            if (printed != Main.OK) {
                return printed;
            }
            worst = Math.max(worst, code);
        }
        return worst;
    }

    /** What is odd about the file comes before what this host lacks for a run of it. */
    private int check(String file) {
        try {
            boolean warned = isYaml(file) ? warnsOfYaml(file) : warnsOfIni(file);
            List<String> refusals = planner.refusals(planner.plan(policy));
            for (String refusal : refusals) {
                tell("secfilt: " + refusal);
            }
            return !refusals.isEmpty() ? Cli.USAGE : warned ? WARNED : Main.OK;
        } catch (InvalidPolicyException e) {
            tell(e.report());
            return Cli.USAGE;
        } catch (RefusedPolicyException e) {
            for (String refusal : RefusalText.of(e.refusals(), files)) {
                tell("secfilt: " + refusal);
            }
            return Cli.USAGE;
        }
    }

    private boolean warnsOfYaml(String file) throws InvalidPolicyException, RefusedPolicyException {
        List<PolicyPart> parts = PolicyFiles.read(List.of(file), files);
        Optional<Origin> resolv = Optional.empty();
        for (PolicyPart part : parts) {
            resolv = part.resolv().isPresent() ? Optional.of(part.resolv().get().origin()) : resolv;
        }
        policy = Policy.merge(parts, Resolvers.parse(""));
        return tellInOrder(Lint.ofPolicy(policy, ofNothing(), Origin.file(file, 1, 1), resolv, caller::canonical));
    }

    private boolean warnsOfIni(String file) throws InvalidPolicyException, RefusedPolicyException {
        Options options = IniConfig.read(List.of(file), files);
        PolicyPart part = options.part(Resolvers.parse(""));
        policy = Policy.merge(List.of(part), Resolvers.parse(""));
        return tellInOrder(Lint.ofOptions(options, policy, ofNothing(), Origin.file(file, 1, 1), caller::canonical));
    }

    /** Every host can hold it. */
    private Plan ofNothing() throws RefusedPolicyException {
        return planner.plan(Policy.OPEN);
    }

    /** By its name, and where that tells nothing by its first line: {@code key=value} is INI's; all else, a file without lines too, is to be YAML. */
    private boolean isYaml(String file) throws InvalidPolicyException {
        String name = file.substring(file.lastIndexOf('/') + 1);
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            return true;
        }
        if (name.endsWith(".ini")) {
            return false;
        }
        SourceText source = SourceText.read(file, files);
        for (int line = 1; line <= source.lineCount(); line++) {
            String text = source.line(line).strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                int equals = text.indexOf('=');
                int colon = text.indexOf(':');
                return equals < 0 || colon >= 0 && colon < equals;
            }
        }
        return true;
    }

    /** The files in the order of their first warning, the warnings of each in the order of its lines. @return whether there are any */
    private boolean tellInOrder(List<Warning> warnings) throws InvalidPolicyException {
        Map<String, List<Complaint>> byFile = new LinkedHashMap<>();
        Map<String, SourceText> sources = new HashMap<>();
        for (Warning warning : warnings) {
            Origin origin = warning.origin();
            if (!sources.containsKey(origin.source())) {
                sources.put(origin.source(), SourceText.read(origin.source(), files));
                byFile.put(origin.source(), new ArrayList<>());
            }
            byFile.get(origin.source())
                    .add(sources.get(origin.source()).complaint(origin.line(), origin.column(), "warning: " + warning.message()));
        }
        for (List<Complaint> complaints : byFile.values()) {
            Collections.sort(complaints);
            for (Complaint complaint : complaints) {
                tell(complaint.toString());
            }
        }
        return !warnings.isEmpty();
    }

    private void tell(String text) {
        streams.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
