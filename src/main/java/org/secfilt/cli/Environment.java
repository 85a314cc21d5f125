package org.secfilt.cli;

import org.secfilt.abi.Arch;
import org.secfilt.policy.Opener;

/**
 * What a command line is read against, besides its words.
 *
 * @param files the files that the words name, as the caller sees them
 * @param colour whether standard output is a terminal that wants colours
 */
record Environment(Opener files, Arch arch, boolean colour) {}
