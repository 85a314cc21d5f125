package org.secfilt.policy;

import java.util.List;
import java.util.Optional;

/**
 * What a policy file says for the profile that it may become, and a run does without.
 *
 * @param group whose members may enter it, besides root
 * @param inverted whether its rules are for all but the processes in it
 */
public record ProfileTerms(Optional<Setting<String>> group, Optional<Setting<Boolean>> inverted) {
    /** Says nothing: root alone enters, and who is in it is judged. */
    public static final ProfileTerms EMPTY = new ProfileTerms(Optional.empty(), Optional.empty());

    /** Of all sources together: the last one that says something counts. */
    public static ProfileTerms of(List<PolicyPart> parts) {
        ProfileTerms terms = EMPTY;
        for (PolicyPart part : parts) {
            ProfileTerms later = part.profile();
            terms = new ProfileTerms(later.group.isPresent() ? later.group : terms.group,
                    later.inverted.isPresent() ? later.inverted : terms.inverted);
        }
        return terms;
    }

    /** Where it is said that the rules are for others. */
    public Optional<Origin> inversion() {
        return inverted.isPresent() && inverted.get().value() ? Optional.of(inverted.get().origin()) : Optional.empty();
    }
}
