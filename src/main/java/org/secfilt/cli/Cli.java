package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;
import org.secfilt.firewall.ProfileName;
import org.secfilt.kernel.Cgroups;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.IniConfig;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Net;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.ProfileTerms;
import org.secfilt.policy.Resolvers;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Sources;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.report.Volume;

/**
 * Reads a command line: words and the files they name go in, what to do comes out. Ends nothing, runs nothing, prints nothing.
 *
 * <p>Everything that is wrong is told at once, and then nothing is run.
 */
final class Cli {
    /** The pom's; a test compares them. */
    static final String VERSION = "0.1.0";

    /** Exit code of wrong usage and of an invalid policy. */
    static final int USAGE = 2;

    private final Verb verb;
    private final Environment environment;
    private final List<String> mistakes = new ArrayList<>();
    private final OptionReader options = new OptionReader();
    private final List<String> policies = new ArrayList<>();
    private final List<String> configs = new ArrayList<>();
    private Optional<Volume> volume = Optional.empty();
    private boolean supervised = true;
    private Arch arch;
    private Optional<String> entry = Optional.empty();
    private Outcome.Compile.Format format = Outcome.Compile.Format.ASM;
    private boolean landlock = true;
    private boolean notifications = true;
    private List<Cgroups.Hierarchy> cgroups = List.of(Cgroups.Hierarchy.values());
    private Optional<String> output = Optional.empty();
    private final ProfileWords profiles = new ProfileWords(mistakes);

    private Cli(Verb verb, Environment environment) {
        this.verb = verb;
        this.environment = environment;
        this.arch = environment.arch();
    }

    /** @param words those after the program's own name */
    static Outcome parse(List<String> words, Environment environment) {
        Verb verb = Verb.of(words);
        int skipped = verb == Verb.RUN ? 0 : 1;
        Words split = Words.split(words.subList(skipped, words.size()), verb);
        return new Cli(verb, environment).outcome(split, words);
    }

    private Outcome outcome(Words split, List<String> words) {
        for (Words.Given given : split.given()) {
            if (given.option() == Option.HELP) {
                return new Outcome.Exit(0, Help.text(verb, environment.colour()), "");
            }
            if (given.option() == Option.VERSION) {
                return new Outcome.Exit(0, "secfilt " + VERSION + "\n", "");
            }
        }
        refuseOtherThanText(verb == Verb.RUN ? words.subList(0, Math.min(split.commandIndex(), words.size())) : words);
        if (!mistakes.isEmpty()) {
            return usage(List.of());
        }
        mistakes.addAll(split.mistakes());
        for (Words.Given given : split.given()) {
            take(given);
        }
        Optional<Setting<String>> contradiction = options.contradiction();
        if (contradiction.isPresent()) {
            mistakes.add(Printable.escape(contradiction.get().origin().toString()) + ": " + contradiction.get().value());
        }
        if (mistakes.isEmpty()) {
            checkRest(split, words);
        }
        List<Complaint> complaints = new ArrayList<>();
        Optional<Options> configured = configured(complaints);
        List<PolicyPart> parts = parts(complaints);
        if (!mistakes.isEmpty() || !complaints.isEmpty()) {
            return usage(complaints);
        }
        try {
            Options given = options.options();
            Options merged = configured.isPresent() ? given.over(configured.get()) : given;
            Policy policy = policy(given, configured.orElse(Options.NONE), parts);
            Volume loudness = volume.isPresent() ? volume.get() : volumeOf(merged);
            return switch (verb) {
                case RUN -> new Outcome.Run(policy, split.commandIndex() + 1, supervised, loudness, landlock, notifications, cgroups,
                        merged.log(), profile(merged));
                case COMPILE -> new Outcome.Compile(policy, arch, format, output, loudness);
                case EXPLAIN -> new Outcome.Explain(policy, split.operands(), loudness);
                case DOCTOR -> new Outcome.Doctor();
                case GC -> new Outcome.Gc(loudness);
                case PROFILE -> profiles.profile(cgroups, loudness);
                case ASSIGN -> profiles.assign(cgroups);
                case CHECK -> new Outcome.Check(split.operands(), loudness);
                case SIMULATE -> new Outcome.Simulate(policy, arch, entry, split.operands(), loudness);
            };
        } catch (InvalidPolicyException e) {
            return usage(e.complaints());
        }
    }

    /** Its file would be another. */
    private void refuseOtherThanText(List<String> words) {
        for (String word : words) {
            if (!Utf8.isWhole(word)) {
                mistakes.add("'" + Printable.escape(Utf8.encode(word)) + "' is no UTF-8; name the file otherwise, as by a link");
            }
        }
    }

    /** What the INI files say, if there are any. */
    private Optional<Options> configured(List<Complaint> complaints) {
        try {
            return configs.isEmpty() ? Optional.empty() : Optional.of(IniConfig.read(configs, environment.files()));
        } catch (InvalidPolicyException e) {
            complaints.addAll(named(Option.CONFIG, e.complaints()));
            return Optional.empty();
        }
    }

    private List<PolicyPart> parts(List<Complaint> complaints) {
        List<PolicyPart> parts = new ArrayList<>();
        if (!policies.isEmpty()) { // else the YAML reader is not loaded
            try {
                parts.addAll(PolicyFiles.read(policies, environment.files()));
            } catch (InvalidPolicyException e) {
                complaints.addAll(named(Option.POLICY, e.complaints()));
            }
        }
        return parts;
    }

    /** Of a file that cannot be read the option is told; of one that can, the place. */
    private static List<Complaint> named(Option option, List<Complaint> complaints) {
        List<Complaint> all = new ArrayList<>();
        for (Complaint complaint : complaints) {
            all.add(complaint.line() > 0 ? complaint : Complaint.ofFile(option.longName() + "=" + complaint.file(), complaint.message()));
        }
        return all;
    }

    /** Whether what stands besides the options is there, or is not, as the verb has it. */
    private void checkRest(Words split, List<String> words) {
        switch (verb.operands()) {
            case COMMAND -> {
                if (split.commandIndex() == words.size()) {
                    mistakes.add("no command given");
                }
            }
            case NONE -> {
                int first = split.commandIndex() + 1;
                if (first < words.size()) {
                    mistakes.add(verb.word() + " runs no command, and got '" + Printable.escape(words.get(first)) + "'");
                }
            }
            case WORDS -> {
                if (verb == Verb.CHECK && split.operands().isEmpty()) {
                    mistakes.add("no file given");
                }
                if (verb == Verb.PROFILE) {
                    profiles.readProfile(split.operands());
                } else if (verb == Verb.ASSIGN) {
                    profiles.readAssign(split.operands());
                }
            }
        }
    }

    private void take(Words.Given given) {
        String value = given.value();
        switch (given.option()) {
            case POLICY -> policies.add(value);
            case CONFIG -> configs.add(value);
            case VERBOSE -> volume = Optional.of(Volume.VERBOSE);
            case QUIET -> volume = Optional.of(Volume.QUIET);
            case NO_SUPERVISOR -> takeNoSupervisor(given);
            case OUTPUT -> output = Optional.of(value);
            case ARCH -> takeArch(given);
            case FORMAT -> takeFormat(given);
            case LANDLOCK -> landlock = isAuto(given);
            case NOTIFICATIONS -> notifications = isAuto(given);
            case PROFILE -> takeProfile(given);
            case GROUP, INVERTED, BELOW, FORCE, OUT -> profiles.take(given);
            case CGROUPS -> takeCgroups(given);
            case HELP, VERSION -> throw new IllegalStateException("answered before");
            case ALLOWED_NETMASK, ALLOWED_PORT, ALLOW_RESOLV, ALLOWED_BIND, NO_OUTBOUND_NETWORK, MAINSTREAM_NETWORK_FAMILIES,
                    ERRNO, INHERIT, FIREWALL, VIOLATION_EXIT, LOG, NET, PUBLISH, PRIVATE_TMP, USER, READ_ONLY, ALLOW_WRITE -> takePolicyOption(given);
        }
    }

    private void takePolicyOption(Words.Given given) {
        if (given.hasValue() && given.value().isEmpty() && given.option().takes() == Option.Takes.SWITCH) {
            // An unset shell variable, most likely; the INI files, where "key=" means yes, are another matter.
            mistakes.add(given.words() + " needs a value after the '=': 1, 0, yes, no, true, false, on or off");
            return;
        }
        try {
            options.add(given.option().longName().substring(2), given.value(), Origin.flag(given.words()));
        } catch (IllegalArgumentException e) {
            mistakes.add(Printable.escape(given.words()) + ": " + e.getMessage());
        }
    }

    private void takeNoSupervisor(Words.Given given) {
        try {
            supervised = given.hasValue() && !OptionReader.parseYesOrNo(given.value());
        } catch (IllegalArgumentException e) {
            mistakes.add(Printable.escape(given.words()) + ": " + e.getMessage());
        }
    }

    private void takeArch(Words.Given given) {
        for (Arch known : Arch.values()) {
            if (known.toString().equals(given.value())) {
                arch = known;
                entry = Optional.empty();
                return;
            }
        }
        boolean entries = verb == Verb.SIMULATE;
        if (entries && (given.value().equals("i386") || given.value().equals("x32"))) {
            arch = Arch.X86_64;
            entry = Optional.of(given.value());
            return;
        }
        mistakes.add(Printable.escape(given.words()) + (entries ? ": write x86_64, aarch64, i386 or x32" : ": write x86_64 or aarch64"));
    }

    private boolean isAuto(Words.Given given) {
        if (!given.value().equals("auto") && !given.value().equals("off")) {
            mistakes.add(Printable.escape(given.words()) + ": write auto or off");
        }
        return given.value().equals("auto");
    }

    private void takeProfile(Words.Given given) {
        try {
            new ProfileName(given.value());
            takePolicyOption(given);
        } catch (IllegalArgumentException e) {
            mistakes.add(e.getMessage());
        }
    }

    /** Of the command line, where it is looked at already, or of an INI file. */
    private static Optional<ProfileName> profile(Options options) throws InvalidPolicyException {
        if (options.profile().isEmpty()) {
            return Optional.empty();
        }
        Setting<String> given = options.profile().get();
        try {
            return Optional.of(new ProfileName(given.value()));
        } catch (IllegalArgumentException e) {
            throw new InvalidPolicyException(List.of(Complaint.ofFile(given.origin().toString(), e.getMessage())));
        }
    }

    private void takeCgroups(Words.Given given) {
        switch (given.value()) {
            case "auto" -> cgroups = List.of(Cgroups.Hierarchy.values());
            case "net_cls" -> cgroups = List.of(Cgroups.Hierarchy.NET_CLS);
            case "unified" -> cgroups = List.of(Cgroups.Hierarchy.UNIFIED);
            default -> mistakes.add(Printable.escape(given.words()) + ": write auto, net_cls or unified");
        }
    }

    private void takeFormat(Words.Given given) {
        switch (given.value()) {
            case "asm" -> format = Outcome.Compile.Format.ASM;
            case "bin" -> format = Outcome.Compile.Format.BIN;
            default -> mistakes.add(Printable.escape(given.words()) + ": write asm or bin");
        }
    }

    private Policy policy(Options given, Options configured, List<PolicyPart> parts) throws InvalidPolicyException {
        if (!policies.isEmpty()) {
            Optional<Origin> inversion = ProfileTerms.of(parts).inversion();
            if (inversion.isPresent()) {
                throw new InvalidPolicyException(List.of(Complaint.ofFile(inversion.get().toString(),
                        "an inverted profile is for others than its members, and so no policy of a run; use secfilt profile install")));
            }
        }
        Options merged = given.over(configured);
        boolean asked = merged.wantsNameservers() || Policy.wantsNameservers(parts);
        List<IpAddress> nameservers = asked ? nameservers(merged, parts) : List.of();
        return new Sources(parts, given, configured, nameservers).policy();
    }

    private List<IpAddress> nameservers(Options merged, List<PolicyPart> parts) throws InvalidPolicyException {
        List<PolicyPart> all = new ArrayList<>(parts);
        all.add(merged.part(List.of()));
        boolean behind = Policy.merge(all, List.of()).surroundings().network() == Net.NAT;
        return behind ? Resolvers.nameserversFromBehind(environment.files()) : Resolvers.nameservers(environment.files());
    }

    private static Volume volumeOf(Options options) {
        if (options.quiet().isPresent() && options.quiet().get().value()) {
            return Volume.QUIET;
        }
        return options.verbose().isPresent() && options.verbose().get().value() ? Volume.VERBOSE : Volume.NORMAL;
    }

    /** The words' mistakes first, then those of the files. */
    private Outcome usage(List<Complaint> complaints) {
        StringBuilder text = new StringBuilder();
        for (String mistake : mistakes) {
            text.append("secfilt: ").append(mistake).append('\n');
        }
        if (!complaints.isEmpty()) {
            text.append(new InvalidPolicyException(complaints).report()).append('\n');
        }
        return new Outcome.Exit(USAGE, "", mistakes.isEmpty() ? text.toString() : text.append(verb.tryHelp()).append('\n').toString());
    }
}
