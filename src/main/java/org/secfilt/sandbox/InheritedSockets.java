package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Family;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.InheritedDescriptors;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.Staying;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Inherit;
import org.secfilt.report.EventLog;
import org.secfilt.verdict.DescriptorJudge;
import org.secfilt.verdict.Verdict;

/**
 * The descriptors open at launch that would carry traffic past every inspected call: what is connected elsewhere than the policy
 * allows, what speaks a protocol that socket(2) would be refused, and what the rules of a profile do not see. What becomes of them the policy
 * says; standard input, output and error are the caller's word and stay, unless nobody would judge what they are connected to later.
 */
final class InheritedSockets {
    private static final String[] STREAMS = {"input", "output", "error"};

    private final Inherit inherit;
    private final List<Integer> forbidden = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    /** Its sockets are of the host's network, which the command is not to have. */
    private final boolean ownsNetwork;
    private final boolean profiled;
    private final boolean profilesByMaking;
    /** The firewall alone judges, and knows those packets alone for the command's that a socket of its own making sends. */
    private final boolean unsupervised;
    private boolean keepsInternet;
    private final List<String> unjudgedStreams = new ArrayList<>();
    /** What a profile has no say over, as no descriptor leads to it, by the descriptors that it is behind. */
    private final Map<Integer, Staying.Kind> behind = new HashMap<>();

    /** @param tables empty where no traffic stays behind when a process enters a profile */
    InheritedSockets(InheritedDescriptors descriptors, Optional<OwnTables> tables, int pid, Set<Integer> open, Plan plan) {
        this.inherit = plan.policy().inherit();
        this.ownsNetwork = plan.surroundings().ownsNetwork();
        this.profiled = plan.profiled();
        this.profilesByMaking = plan.profilesByMaking();
        this.unsupervised = plan.judgesPackets() && !plan.traced() && !ownsNetwork;
        DescriptorJudge judge = new DescriptorJudge(plan);
        boolean network = ownsNetwork || plan.profiled() || plan.policy().restrictsAddresses() || plan.policy().families().isPresent();
        List<OpenDescriptor> carriers = descriptors.carriers(pid, open, network ? judge.care() : Care.NONE);
        List<OpenDescriptor> streams = network ? descriptors.streams(pid) : List.of();
        if (tables.isPresent() && (hasInternet(carriers) || hasInternet(streams))) {
            for (Staying staying : tables.get().staying(pid, true)) {
                behind.put(staying.fd(), staying.kind());
            }
        }
        for (OpenDescriptor descriptor : carriers) {
            // A policy about files alone leaves sockets as they are.
            boolean harmless = !network && descriptor.kind() != OpenDescriptor.Kind.IO_URING;
            String why = harmless ? "" : why(descriptor, judge);
            keepsInternet |= descriptor.isInternet() && (why.isEmpty() || inherit == Inherit.KEEP);
            if (!why.isEmpty()) {
                forbidden.add(descriptor.fd());
                reasons.add(why);
            }
        }
        keepsInternet |= hasInternet(streams);
        for (OpenDescriptor stream : inherit != Inherit.KEEP && (unsupervised || plan.profiled()) ? streams : List.<OpenDescriptor>of()) {
            String why = whyUnjudged(stream, judge);
            if (!why.isEmpty()) {
                unjudgedStreams.add("descriptor " + stream.fd() + " (standard " + STREAMS[stream.fd()] + ")" + why);
            }
        }
    }

    private static boolean hasInternet(List<OpenDescriptor> descriptors) {
        for (OpenDescriptor descriptor : descriptors) {
            if (descriptor.isInternet()) {
                return true;
            }
        }
        return false;
    }

    /** Whether the command has internet sockets that it did not make. */
    boolean keepsInternet() {
        return keepsInternet;
    }

    /** What the script closes. */
    List<Integer> closed() {
        return inherit == Inherit.CLOSE ? forbidden : List.of();
    }

    /** What the user is told if the command is run. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        for (String line : lines()) {
            warnings.add((inherit == Inherit.CLOSE ? "closed " : "kept ") + line);
        }
        return warnings;
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < reasons.size(); i++) {
            lines.add("inherited descriptor " + forbidden.get(i) + ": " + reasons.get(i));
        }
        return lines;
    }

    void tell(EventLog log, int pid) {
        String verdict = switch (inherit) {
            case KEEP -> "keep";
            case CLOSE -> "close";
            case REFUSE -> "refuse";
        };
        for (int i = 0; i < reasons.size(); i++) {
            log.inherited(pid, forbidden.get(i), verdict, reasons.get(i));
        }
    }

    /** Why the command is not run, and what to write instead; empty if it is. */
    List<String> refusals() {
        List<String> refusals = new ArrayList<>();
        if (inherit == Inherit.REFUSE && !reasons.isEmpty()) {
            refusals.addAll(lines());
            refusals.add("nothing was run (inherit: refuse); close them before, as by a shell's N>&-, or write --inherit=close");
        }
        for (String stream : unjudgedStreams) {
            refusals.add(stream + "; nothing was run; " + (unsupervised ? "leave out --no-supervisor, or " : "") + "write --inherit=keep to let it"
                    + " have that");
        }
        return refusals;
    }

    /** Why nobody could judge what the command does by a standard stream; empty if somebody does. */
    private String whyUnjudged(OpenDescriptor stream, DescriptorJudge judge) {
        if (stream.isInternet() && (unsupervised || profilesByMaking)) {
            return " is an internet socket from before the run, over which " + (profilesByMaking ? "the profile" : "the firewall")
                    + " has no say, and the command could connect it to anything";
        }
        boolean judged = stream.isInternet() || stream.domain() == Family.UNIX.number() || !profiled;
        Optional<Verdict.Deny> denial = judged ? Optional.empty() : judge.denial(stream);
        String why = denial.isEmpty() ? behind(stream) : denial.get().why();
        return why.isEmpty() ? "" : ": " + why;
    }

    /** What of a descriptor's traffic a profile has no say over; empty if nothing. */
    private String behind(OpenDescriptor descriptor) {
        Staying.Kind kind = behind.get(descriptor.fd());
        return kind == Staying.Kind.WAITING ? "a socket with connections from before the profile that wait to be accepted"
                : kind == Staying.Kind.BELOW ? "a socket of MPTCP or SMC from before the profile, which has no say over connections below it" : "";
    }

    /** Why it may not stay; empty if it may. */
    private String why(OpenDescriptor descriptor, DescriptorJudge judge) {
        if (ownsNetwork && descriptor.isSocket() && descriptor.domain() != Family.UNIX.number()) {
            return "a socket of the host's network";
        }
        if (profilesByMaking && descriptor.isInternet()) {
            return "a socket from before the profile, which has no say over it";
        }
        if (unsupervised && descriptor.isInternet()) {
            return "a socket from before the run, over which the firewall has no say";
        }
        Optional<Verdict.Deny> denial = judge.denial(descriptor);
        if (denial.isEmpty()) {
            return behind(descriptor);
        }
        boolean connected = descriptor.peer().isPresent();
        return (connected ? "connected to " + descriptor.peer().get() + ", " : "") + denial.get().why();
    }
}
