/**
 * The launch script: the system calls by which the stub turns itself into the command, composed here and
 * played there. The stub knows no call by name, so everything that must happen in the process the user
 * started, between the supervisor's seizing it and its execve, is a step written by {@link
 * org.secfilt.launch.Launch}. No input or output happens here.
 *
 * <p>Stands on execve(2), prctl(2), seccomp(2), capset(2), capabilities(7), landlock(7), and on
 * {@code native-stubs/script.c}, the other end of the encoding.
 */
package org.secfilt.launch;
