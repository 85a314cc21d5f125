/**
 * Words on a command line: what they mean, what is wrong with them, and the entry point that the stub starts. Only this room knows
 * picocli, and only this room ends the process.
 *
 * <p>Stands on proc(5) "/proc/pid/cmdline", "/proc/pid/cwd", and on the exit codes of env(1): 125, 126, 127.
 */
package org.secfilt.cli;
