/**
 * The wait loop: every stop of every tracee is answered here, on one thread, by one duty each. Calls that the filter's listener is told of are
 * answered on another, its own ({@link org.secfilt.tracer.NotifiedRun}), or handed over to the wait loop ({@link org.secfilt.tracer.Remake}).
 *
 * <p>A judged call runs on what was judged, never on the tracee's own memory. What anyone may ask of the kernel we ask for, on a copy of
 * the tracee's socket ({@link org.secfilt.tracer.CopyRun}). All else the tracee does itself, on a slot of the vault
 * ({@link org.secfilt.tracer.VaultRun}): the argument register points there, and is put back at the syscall-exit-stop. Nothing in this room waits for
 * one particular tracee; each {@link org.secfilt.tracer.Task} remembers which stop it owes, so death at any point loses nothing.
 *
 * <p>Dispatch is by the number of the call. The cookie is not to be trusted: a filter that the tracee stacks on ours may return
 * RET_TRACE with a cookie of its choice, and the newest filter's data wins.
 *
 * <p>Stands on ptrace(2), seccomp(2), seccomp_unotify(2).
 */
package org.secfilt.tracer;
