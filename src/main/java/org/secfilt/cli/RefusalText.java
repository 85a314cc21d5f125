package org.secfilt.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.secfilt.abi.Printable;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Origin;
import org.secfilt.policy.SourceText;

/** A refusal as the user reads it: of a file with the line that it is about, and a caret below the place. */
final class RefusalText {
    private RefusalText() {}

    /** Of each; a file is read once. */
    static List<String> of(List<Refusal> refusals, Opener files) {
        Map<String, SourceText> sources = new HashMap<>();
        List<String> texts = new ArrayList<>();
        for (Refusal refusal : refusals) {
            Origin origin = refusal.origin();
            try {
                if (origin.line() > 0 && !sources.containsKey(origin.source())) {
                    sources.put(origin.source(), SourceText.read(origin.source(), files));
                }
            } catch (InvalidPolicyException e) {
                // Gone meanwhile: then without its line.
            }
            SourceText source = origin.line() > 0 ? sources.get(origin.source()) : null;
            texts.add(source == null ? Printable.escape(refusal.toString())
                    : source.complaint(origin.line(), origin.column(), Printable.escape(refusal.why() + "; " + refusal.instead())).toString());
        }
        return texts;
    }
}
