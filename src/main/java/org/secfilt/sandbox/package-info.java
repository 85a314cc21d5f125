/**
 * One run, raised and taken down in order: the stub is seized, gets its script, becomes the command; its denials are told; when the
 * last process is dead the run is over.
 *
 * <p>Stands on execve(2), environ(7), ptrace(2), credentials(7).
 */
package org.secfilt.sandbox;
