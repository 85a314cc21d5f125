package org.secfilt.cli;

import org.secfilt.abi.Printable;
import org.secfilt.plan.Refusal;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Origin;
import org.secfilt.policy.SourceText;

/** A refusal as the user reads it: of a file with the line that it is about, and a caret below the place. */
final class RefusalText {
    private RefusalText() {}

    static String of(Refusal refusal, Opener files) {
        Origin origin = refusal.origin();
        if (origin.line() > 0) {
            try {
                return SourceText.read(origin.source(), files)
                        .complaint(origin.line(), origin.column(), Printable.escape(refusal.why() + "; " + refusal.instead())).toString();
            } catch (InvalidPolicyException e) {
                // Gone meanwhile: then without its line.
            }
        }
        return Printable.escape(refusal.toString());
    }
}
