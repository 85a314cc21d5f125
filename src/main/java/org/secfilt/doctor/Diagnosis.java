package org.secfilt.doctor;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Printable;
import org.secfilt.report.Paint;

/** What all probes found, in words. */
public final class Diagnosis {
    private static final int COLUMNS = 80;
    /** Where the texts of a finding begin. */
    private static final int START = 22;

    private final List<Finding> findings;

    private Diagnosis(List<Finding> findings) {
        this.findings = List.copyOf(findings);
    }

    /** Has every probe look. */
    public static Diagnosis of(Look host) {
        List<Finding> findings = new ArrayList<>();
        for (Probe probe : Probes.ALL) {
            findings.add(probe.look(host));
        }
        return new Diagnosis(findings);
    }

    /** Whether network policies can be held here. */
    public boolean holdsNetworkPolicies() {
        for (Finding finding : findings) {
            if (finding.forbids()) {
                return false;
            }
        }
        return true;
    }

    /** @param colour whether the text is for a terminal that wants colours */
    public String print(boolean colour) {
        Paint paint = new Paint(colour);
        StringBuilder out = new StringBuilder();
        for (Finding finding : findings) {
            String state = switch (finding.state()) {
                case YES -> paint.green("yes   ");
                case PARTLY -> paint.bold("partly");
                case NO -> paint.red("no    ");
            };
            out.append(state).append("  ").append(finding.what()).append(": ").append(Printable.escape(finding.found())).append('\n');
            row(out, "enforced", finding.enforced());
            row(out, "not enforced", finding.missing());
            row(out, "to get it", finding.remedy());
        }
        return out.append('\n').append(conclusion(paint)).append('\n').toString();
    }

    private String conclusion(Paint paint) {
        List<String> lacking = new ArrayList<>();
        for (Finding finding : findings) {
            if (finding.forbids()) {
                lacking.add(finding.what());
            }
        }
        return lacking.isEmpty() ? paint.green("secfilt can hold network policies here")
                : paint.red("secfilt cannot hold network policies here, for want of:") + "\n  " + String.join(", ", lacking);
    }

    /** The text beside its name, in as many lines as it takes. */
    private static void row(StringBuilder out, String name, String text) {
        if (text.isEmpty()) {
            return;
        }
        String label = "        " + name + ": ";
        StringBuilder line = new StringBuilder(label).append(" ".repeat(START - label.length()));
        for (String word : Printable.escape(text).split(" ")) {
            if (line.length() > START && line.length() + 1 + word.length() > COLUMNS) {
                out.append(line).append('\n');
                line = new StringBuilder(" ".repeat(START));
            }
            line.append(line.length() > START ? " " : "").append(word);
        }
        out.append(line).append('\n');
    }
}
