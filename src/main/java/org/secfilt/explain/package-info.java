/**
 * Policies explained before anything runs: which layer holds what, what becomes of a destination and by which rule, which way a call
 * takes through the filter. Text comes out.
 *
 * <p>Nothing is decided here. A destination is put to the real {@link org.secfilt.verdict.Judge} and the real filter; which rule spoke,
 * and which nearly did, is found by asking that judge again under policies that hold fewer rules.
 *
 * <p>Stands on seccomp(2), unix(7).
 */
package org.secfilt.explain;
