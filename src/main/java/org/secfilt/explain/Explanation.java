package org.secfilt.explain;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.firewall.Packet;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Net;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Rule;
import org.secfilt.report.Advice;
import org.secfilt.report.Paint;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.SocketJudge;
import org.secfilt.verdict.Verdict;

/** A plan in words: its rules and layers, and what becomes of destinations. */
public final class Explanation {
    private final Plan plan;
    private final List<Holding> holdings;
    private final Paint paint;
    private final DestinationReader.Paths paths;
    private final StringBuilder out = new StringBuilder();

    /**
     * @param colour whether the text is for a terminal that wants colours
     * @param paths what the paths of writable files lead to
     */
    public Explanation(Plan plan, boolean colour, DestinationReader.Paths paths) {
        this.plan = plan;
        this.paths = paths;
        this.holdings = plan.layers();
        this.paint = new Paint(colour);
    }

    /** Rule by rule, which layer of this host holds it. */
    public Explanation addLayers() {
        if (holdings.isEmpty()) {
            out.append("nothing is restricted, so no layer has anything to do\n");
            return this;
        }
        out.append(paint.bold("Each rule, and the layer that holds it on this host:")).append('\n');
        String before = "";
        for (Holding holding : holdings) {
            String rule = Printable.escape(holding.origin() + ": " + holding.subject());
            if (!rule.equals(before)) {
                out.append("  ").append(rule).append('\n');
            }
            out.append("      ").append(paint.bold(holding.layer().toString())).append(": ")
                    .append(Printable.escape(holding.how())).append('\n');
            before = rule;
        }
        return this;
    }

    public Explanation add(Destination destination) {
        if (out.length() > 0) {
            out.append('\n');
        }
        out.append(paint.bold(destination.text())).append(": ");
        Question question = new Question(plan, destination);
        Optional<Verdict.Deny> refused = new SocketJudge(plan).denial(destination.madeAs());
        if (refused.isPresent()) {
            addRefusedSocket(destination, refused.get());
            return this;
        }
        if (plan.policy().restrictsFiles() && destination.action() == Action.BIND && destination.address() instanceof Sockaddr.UnixPath path) {
            addNamedFile(destination, path.path().toString());
            return this;
        }
        Optional<PacketQuestions> packets = PacketQuestions.of(plan, destination);
        if (packets.isPresent()) {
            addPackets(destination, packets.get());
            return this;
        }
        Verdict verdict = question.verdict();
        if (verdict instanceof Verdict.Deny deny) {
            addDenied(destination, question, deny);
        } else if (verdict instanceof Verdict.Allow allow) {
            addAllowed(destination, question, allow);
        } else if (verdict instanceof Verdict.Answer answer) {
            out.append("fails with ").append(answer.errno().name()).append(", as without secfilt\n");
        }
        return this;
    }

    @Override
    public String toString() {
        return out.toString();
    }

    private void addAllowed(Destination destination, Question question, Verdict.Allow allow) {
        boolean alone = plan.surroundings().network() == Net.NONE;
        boolean stays = alone && destination.leavesLoopback();
        String vain = stays ? "allowed, but nothing leaves a network of the command's own"
                : alone && destination.bindsElsewhere() ? "allowed, but a network of the command's own has no such address" : "";
        out.append(vain.isEmpty() ? paint.green("allowed") : paint.red(vain) + " (" + ownNetwork() + ")").append('\n');
        addFollowed(destination);
        if (allow.rewritten().isPresent()) {
            row("acts on", allow.rewritten().get().toString());
        }
        if (destination.isUnix() && destination.action() == Action.BIND) {
            row("rule", "none: a name for a unix socket is a matter of files");
            return;
        }
        row("rule", allowing(question, destination));
        row("layer", stays ? Holding.Layer.NAMESPACES + ", where there is a loopback interface alone"
                : question.access().open() ? "none has to look at it" : judges(destination));
    }

    private String ownNetwork() {
        Origin origin = plan.surroundings().net().orElseThrow().origin();
        return origin.line() == 0 ? Printable.escape(origin.toString()) : "net none, " + Printable.escape(origin.toString());
    }

    /** The name of a socket is a file that is made in its directory. */
    private void addNamedFile(Destination destination, String path) {
        String directory = path.substring(0, Math.max(1, path.lastIndexOf('/')));
        FileAccess files = plan.policy().files();
        for (FileAccess.Writable writable : files.writable()) {
            if (isBelow(directory, paths.canonical(writable.path()))) {
                out.append(paint.green("allowed")).append('\n');
                addFollowed(destination);
                row("rule", Printable.escape(writable.origin() + ": write " + writable.path()));
                row("layer", Holding.Layer.LANDLOCK.toString());
                return;
            }
        }
        out.append(paint.red("denied")).append(", it fails with ").append(Errno.EACCES.name()).append('\n');
        addFollowed(destination);
        row("rule", "not below allow-write (" + Printable.escape(files.readOnly().orElseThrow().toString()) + "): it makes a file");
        row("layer", Holding.Layer.LANDLOCK.toString());
        addLines(Advice.toWrite(plan, directory));
    }

    private static boolean isBelow(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory.endsWith("/") ? directory : directory + "/");
    }

    /** A socket that rules cannot name, in the firewall's hands. */
    private void addPackets(Destination destination, PacketQuestions packets) {
        if (packets.allowed().isPresent()) {
            out.append(paint.green("allowed"));
            if (packets.denied().isPresent()) {
                out.append(", but of its packets only ").append(words(packets.allowedPackets()));
            }
        } else if (destination.madeAs().type() == SocketType.STREAM && packets.packets().contains(Packet.TCP)) {
            out.append(paint.red("denied")).append(", it fails with ").append(Errno.ECONNREFUSED.name());
        } else {
            boolean told = !packets.packets().contains(Packet.SCTP) && !packets.packets().contains(Packet.DCCP);
            out.append(paint.red("denied")).append(told ? ", what it sends fails with EPERM" : ", its packets are dropped");
        }
        out.append('\n');
        addFollowed(destination);
        if (packets.allowed().isPresent()) {
            row("rule", allowing(packets.allowed().get(), destination));
        }
        if (packets.denied().isPresent() && packets.denied().get().verdict() instanceof Verdict.Deny deny) {
            row(packets.allowed().isPresent() ? "the rest" : "rule", Printable.escape(deny.why()));
        }
        row("layer", packets.tracerLeaves() ? Holding.Layer.FIREWALL + ", which judges each packet" : judges(destination));
        if (packets.allowed().isEmpty()) {
            addNearest(packets.denied().orElseThrow(), destination);
            addAdvice(destination);
        }
    }

    private static String words(List<Packet> packets) {
        StringBuilder words = new StringBuilder();
        for (Packet packet : packets) {
            words.append(words.length() == 0 ? "" : ", ").append(packet);
        }
        return words.toString();
    }

    private String judges(Destination destination) {
        String firewall = ", then " + Holding.Layer.FIREWALL + ", which judges each packet";
        boolean leaves = !destination.isUnix() && destination.action() != Action.BIND;
        return Holding.Layer.TRACER + ", which judges each call" + (leaves && plan.judgesPackets() ? firewall : "");
    }

    private void addDenied(Destination destination, Question question, Verdict.Deny deny) {
        out.append(paint.red("denied")).append(", it fails with ").append(deny.errno().name()).append('\n');
        addFollowed(destination);
        row("rule", Printable.escape(deny.why()));
        Optional<String> subject = subject(deny.origin());
        // A mode's place may stand for several directions; a rule's is its own.
        if (subject.isPresent() && subject.get().startsWith("deny ")) {
            row("", subject.get());
        }
        row("layer", judges(destination));
        addNearest(question, destination);
        addAdvice(destination);
    }

    private void addAdvice(Destination destination) {
        Packet packet = Packet.of(destination.socket()).get(0);
        if (destination.isOfOtherKind() && !packet.hasPorts()) {
            if (destination.action() != Action.BIND) {
                addLines(Advice.toAllow(plan, destination.action(), destination.address(), packet)); // the port that the call has names nobody
            }
            return;
        }
        addLines(Advice.toAllow(plan, destination.action(), destination.address(), destination.protocol()));
    }

    private void addLines(List<String> lines) {
        for (String line : lines) {
            out.append("  ").append(line).append('\n');
        }
    }

    private void addNearest(Question question, Destination destination) {
        if (question.allowedWithoutDenials()) {
            row("nearest", "but for that, allowed: " + allowing(question, destination));
            return;
        }
        Optional<Question.Near> near = question.nearest();
        row("nearest", near.isEmpty() ? "no rule allows anything like it"
                : words(near.get().rule(), destination) + " (for " + near.get().differs() + ")");
    }

    private void addRefusedSocket(Destination destination, Verdict.Deny refused) {
        out.append(paint.red("denied")).append(", socket(2) fails with ").append(refused.errno().name()).append('\n');
        row("rule", Printable.escape(refused.why()));
        row("layer", (ToldSockets.tells(plan, destination.madeAs()) ? Holding.Layer.TRACER : Holding.Layer.FILTER) + ", which makes no such socket");
        if (!destination.isOfOtherKind()) {
            addAdvice(destination);
        }
    }

    /** Where the path's links lead, if anywhere else. */
    private void addFollowed(Destination destination) {
        Sockaddr address = destination.address();
        if (address instanceof Sockaddr.UnixPath path && !destination.text().endsWith("unix:" + path.path())) {
            row("judged as", path.toString());
        } else if (address instanceof Sockaddr.Inet && destination.text().endsWith(" " + DestinationReader.UNSPEC + address)) {
            row("judged as", address.toString());
        } else if (address instanceof Sockaddr.Inet6 inet6 && inet6.address().isMapped()) {
            row("judged as", new Sockaddr.Inet(inet6.address().canonical(), inet6.port()).toString());
        }
    }

    private String allowing(Question question, Destination destination) {
        Access access = question.access();
        Optional<Rule> rule = question.allowingRule();
        if (rule.isPresent()) {
            return words(rule.get(), destination);
        }
        if (access.open()) {
            return "nothing restricts it";
        }
        String place = Printable.escape(access.modeOrigin().toString());
        return access.mode() == Mode.LOCAL ? "mode local allows loopback (" + place + ")"
                : access.modeOrigin() == Origin.DEFAULT ? "no rule denies it, and no mode is set"
                : "no rule denies it (mode allow, " + place + ")";
    }

    /** One place may have made several rules, for destinations and for unix sockets. */
    private static String words(Rule rule, Destination destination) {
        String reason = rule.reason().isPresent() ? " (" + rule.reason().get() + ")" : "";
        return Printable.escape(rule.origin() + ": allow " + Holding.subject(rule.match(), destination.call()) + reason);
    }

    private Optional<String> subject(Origin origin) {
        for (Holding holding : holdings) {
            if (holding.origin().equals(origin)) {
                return Optional.of(Printable.escape(holding.subject()));
            }
        }
        return Optional.empty();
    }

    private void row(String name, String text) {
        out.append("  ").append(name).append(" ".repeat(Math.max(1, 10 - name.length()))).append(text).append('\n');
    }
}
