package org.secfilt.policy;

/**
 * A file that a policy was read from.
 *
 * @param name as the places of its rules have it
 * @param given the file that the user named, which is this one or includes it: what adds up can be written there too
 */
public record PolicyFile(String name, String given) {}
