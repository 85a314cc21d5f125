package org.secfilt.explain;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Holding;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Rule;
import org.secfilt.report.Advice;
import org.secfilt.report.Paint;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Verdict;

/** A plan in words: its rules and layers, and what becomes of destinations. */
public final class Explanation {
    private final Plan plan;
    private final List<Holding> holdings;
    private final Paint paint;
    private final StringBuilder out = new StringBuilder();

    /** @param colour whether the text is for a terminal that wants colours */
    public Explanation(Plan plan, boolean colour) {
        this.plan = plan;
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
        Simulation socket = Simulation.ofSocket(plan, destination);
        Optional<Errno> refused = socket.refused();
        if (refused.isPresent()) {
            addRefusedSocket(destination, refused.get());
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
        out.append(paint.green("allowed")).append('\n');
        addFollowed(destination);
        if (allow.rewritten().isPresent()) {
            row("acts on", allow.rewritten().get().toString());
        }
        if (destination.isUnix() && destination.action() == Action.BIND) {
            row("rule", "none: a name for a unix socket is a matter of files");
            return;
        }
        row("rule", allowing(question));
        row("layer", question.access().open() ? "none has to look at it" : judges(destination));
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
        addNearest(question);
        addAdvice(destination);
    }

    private void addAdvice(Destination destination) {
        for (String line : Advice.toAllow(plan, destination.action(), destination.address(), destination.protocol())) {
            out.append("  ").append(line).append('\n');
        }
    }

    private void addNearest(Question question) {
        if (question.allowedWithoutDenials()) {
            row("nearest", "but for that, allowed: " + allowing(question));
            return;
        }
        Optional<Question.Near> near = question.nearest();
        row("nearest", near.isEmpty() ? "no rule allows anything like it"
                : words(near.get().rule()) + " (for " + near.get().differs() + ")");
    }

    private void addRefusedSocket(Destination destination, Errno errno) {
        out.append(paint.red("denied")).append(", socket(2) fails with ").append(errno.name()).append('\n');
        row("rule", Printable.escape(plan.familiesOrigin() + " has no family " + destination.family()));
        row("layer", Holding.Layer.FILTER + ", which makes no such socket");
        addAdvice(destination);
    }

    /** Where the path's links lead, if anywhere else. */
    private void addFollowed(Destination destination) {
        Sockaddr address = destination.address();
        if (address instanceof Sockaddr.UnixPath path && !destination.text().endsWith("unix:" + path.path())) {
            row("judged as", path.toString());
        } else if (address instanceof Sockaddr.Inet6 inet6 && inet6.address().isMapped()) {
            row("judged as", new Sockaddr.Inet(inet6.address().canonical(), inet6.port()).toString());
        }
    }

    private String allowing(Question question) {
        Access access = question.access();
        Optional<Rule> rule = question.allowingRule();
        if (rule.isPresent()) {
            return words(rule.get());
        }
        if (access.open()) {
            return "nothing restricts it";
        }
        String place = Printable.escape(access.modeOrigin().toString());
        return access.mode() == Mode.LOCAL ? "mode local allows loopback (" + place + ")"
                : access.modeOrigin() == Origin.DEFAULT ? "no rule denies it, and no mode is set"
                : "no rule denies it (mode allow, " + place + ")";
    }

    private String words(Rule rule) {
        String reason = rule.reason().isPresent() ? " (" + rule.reason().get() + ")" : "";
        return Printable.escape(rule.origin() + ": " + subject(rule.origin()).orElse("") + reason);
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
