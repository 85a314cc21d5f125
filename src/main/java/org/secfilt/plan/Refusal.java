package org.secfilt.plan;

import org.secfilt.policy.Origin;

/**
 * A rule that no layer can hold on this host.
 *
 * @param origin where the user wrote it
 * @param why what would go unenforced
 * @param instead what to write in its place
 */
public record Refusal(Origin origin, String why, String instead) {
    @Override
    public String toString() {
        return origin + ": " + why + "; " + instead;
    }
}
