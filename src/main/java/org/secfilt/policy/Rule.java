package org.secfilt.policy;

import java.util.Optional;

/** One line of an allow or deny list, with the user's reason for it and its place. */
public record Rule(Match match, Optional<String> reason, Origin origin) {}
