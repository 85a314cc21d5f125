package org.secfilt.policy;

/** One value that the user chose, and the place where. */
public record Setting<T>(T value, Origin origin) {}
