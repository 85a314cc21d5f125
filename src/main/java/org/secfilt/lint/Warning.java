package org.secfilt.lint;

import org.secfilt.policy.Origin;

/** Something odd, at its place. The policy can be run all the same. */
public record Warning(Origin origin, String message) {}
