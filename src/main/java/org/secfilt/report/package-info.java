/**
 * What secfilt tells the user while a command runs and when it has ended: one line per distinct denial, a summary, and on request
 * what the sandbox itself does; and the log of events for programs. Text that a sandboxed process chose is bounded and made printable here.
 *
 * <p>Stands on proc(5) "comm", write(2), pipe(7).
 */
package org.secfilt.report;
