package org.secfilt.doctor;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Printable;
import org.secfilt.report.Paint;

/** What all probes found, in words. */
public final class Diagnosis {
    private static final int COLUMNS = 80;
    /** What a state takes, with the blanks behind it. */
    private static final int STATE = 8;
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
            String what = finding.what() + ": ";
            String left = state + "  " + what;
            wrap(out, left, STATE + what.length(), finding.found());
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
        String label = " ".repeat(STATE) + name + ": ";
        wrap(out, label + " ".repeat(START - label.length()), START, text);
    }

    /** @param wide the columns that {@code left} takes on a terminal: what colours it takes none */
    private static void wrap(StringBuilder out, String left, int wide, String text) {
        out.append(left);
        int column = wide;
        String between = "";
        for (String word : Printable.escape(text).split(" ")) {
            if (!between.isEmpty() && column + 1 + word.length() > COLUMNS) {
                out.append('\n').append(" ".repeat(START));
                column = START;
                between = "";
            }
            out.append(between).append(word);
            column += between.length() + word.length();
            between = " ";
        }
        out.append('\n');
    }
}
