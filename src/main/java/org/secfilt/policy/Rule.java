package org.secfilt.policy;

import java.util.Optional;

/**
 * One line of an allow or deny list, with the user's reason for it and its place.
 *
 * @param unlessResolv it is void where {@code resolv: true} holds
 */
public record Rule(Match match, Optional<String> reason, Origin origin, boolean unlessResolv) {
    public Rule(Match match, Optional<String> reason, Origin origin) {
        this(match, reason, origin, false);
    }
}
