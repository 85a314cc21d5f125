package org.secfilt.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.firewall.Packet;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Families;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Sources;
import org.secfilt.verdict.Action;

/** What to write to allow what was denied: all of it, for what is advised here has been judged with the advice taken. */
public final class Advice {
    private static final String ALLOW_WRITE = "allow-write";

    private final Plan plan;
    private Sources sources;
    private final List<Edit> edits = new ArrayList<>();

    private Advice(Plan plan, Sources sources) {
        this.plan = plan;
        this.sources = sources;
    }

    /** For one call that nobody has made yet. */
    public static List<String> toAllow(Plan plan, Action action, Sockaddr destination, Optional<Protocol> protocol) {
        return toAllow(plan, action, destination, protocol, Optional.empty());
    }

    /** For a packet without ports. */
    public static List<String> toAllow(Plan plan, Action action, Sockaddr destination, Packet packet) {
        return toAllow(plan, action, destination, Optional.empty(), Optional.of(packet));
    }

    private static List<String> toAllow(Plan plan, Action action, Sockaddr destination, Optional<Protocol> protocol, Optional<Packet> packet) {
        if (plan.policy().sources().isEmpty()) {
            return List.of();
        }
        Advice advice = new Advice(plan, plan.policy().sources().get());
        advice.add(action, destination, protocol, packet, Origin.DEFAULT);
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
    static List<String> lines(Plan plan, List<JudgedCall> denials, boolean some) {
        if (plan.policy().sources().isEmpty()) {
            return List.of();
        }
        Advice advice = new Advice(plan, plan.policy().sources().get());
        int helped = 0;
        for (JudgedCall denial : denials) {
            boolean helps = denial.file().isPresent()
                    ? advice.addFile(denial.file().get().toString())
                    : denial.call().equals("socket") ? advice.addFamily(Family.of(denial.socket().domain()))
                    : denial.destination().isPresent()
                            && advice.add(Action.of(denial.call()), denial.destination().get(), denial.socket().ruled(), Optional.empty(),
                                    denial.origin());
            helped += helps ? 1 : 0;
        }
        String what = helped < denials.size() ? (helped == 1 ? "one" : String.valueOf(helped)) + " of them"
                : some ? "the first " + helped
                : helped == 1 ? "it" : "them";
        return advice.lines("to allow " + what + ", ");
    }

    private List<String> lines(String intro) {
        List<String> lines = new ArrayList<>();
        for (Edit.Kind kind : Edit.Kind.values()) {
            List<Edit> told = new ArrayList<>();
            for (Edit edit : edits) {
                if (edit.kind() == kind && !isBesideOne(edit, told)) {
                    told.add(edit);
                    lines.add(intro + (lines.isEmpty() ? "" : "also ") + edit.intro() + all(edit) + edit.outro());
                }
            }
        }
        return lines;
    }

    private static boolean isBesideOne(Edit edit, List<Edit> some) {
        for (Edit other : some) {
            if (other.isBeside(edit)) {
                return true;
            }
        }
        return false;
    }

    private String all(Edit edit) {
        StringBuilder words = new StringBuilder();
        for (Edit other : edits) {
            if (other.isBeside(edit)) {
                words.append(words.length() == 0 ? "" : edit.kind().between).append(other.what());
            }
        }
        return words.toString();
    }

    /** @return whether something is told that allows it: what no rule denies, none allows */
    private boolean add(Action action, Sockaddr destination, Optional<Protocol> protocol, Optional<Packet> packet, Origin spoke) {
        Remedy remedy = new Remedy(plan, sources, action, destination, protocol, packet);
        if (!remedy.find(spoke)) {
            return false;
        }
        sources = remedy.sources();
        edits.addAll(remedy.edits());
        return !edits.isEmpty();
    }

    /** Of a list of families in a file: what options say is no list. */
    private boolean addFamily(Family family) {
        Optional<Families> families = sources.policy().families();
        if (families.isEmpty() || families.get().origin().line() == 0 || isSwitch(families.get().origin())) {
            return false;
        }
        if (families.get().allowed().contains(family)) {
            return !plan.policy().families().get().allowed().contains(family); // else it was denied for what it is besides
        }
        Sources with = sources.with(new Families(List.of(family), families.get().origin()));
        try {
            plan.with(with.policy());
        } catch (RefusedPolicyException e) {
            return false; // nobody would judge its addresses
        }
        sources = with;
        return edits.add(Remedy.family(sources, families.get().origin(), family));
    }

    /** Whether it is the option of an INI file. */
    private boolean isSwitch(Origin origin) {
        Optional<Setting<Boolean>> configured = sources.configured().mainstreamFamilies();
        return configured.isPresent() && configured.get().origin().equals(origin);
    }

    private boolean addFile(String path) {
        if (!path.startsWith("/") || !plan.policy().restrictsFiles()) {
            return false;
        }
        Edit edit = file(path);
        for (Edit other : edits) {
            if (other.equals(edit)) {
                return true;
            }
        }
        return edits.add(edit);
    }

    /** Where the others are; a list on the command line replaces that of the INI files. */
    private Edit file(String path) {
        Options configured = sources.configured();
        Origin readOnly = plan.policy().files().readOnly().orElseThrow();
        Origin last = configured.readOnly().isPresent() ? configured.readOnly().get().origin() : Origin.DEFAULT;
        boolean isOption = readOnly.line() == 0 || readOnly.equals(last);
        if (!isOption) {
            return new Edit(Edit.Kind.ADD_ENTRY, "filesystem/allow-write in " + Remedy.file(sources, readOnly), Remedy.quoted(path));
        }
        for (FileAccess.Writable writable : configured.writable()) {
            last = writable.origin();
        }
        return sources.given().writable().isEmpty() && last != Origin.DEFAULT
                ? Remedy.line(last, ALLOW_WRITE, path) : new Edit(Edit.Kind.ADD_OPTIONS, "", "--" + ALLOW_WRITE + "=" + path);
    }
}
