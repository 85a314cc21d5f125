/**
 * What is odd about a policy that is none the less valid: rules that can have no effect, masks that cover everything.
 *
 * <p>A rule is compared with other rules here, as sets of destinations; whether a rule is for one destination only the
 * {@link org.secfilt.verdict.Judge} says, and where that is the question (a socket's name and a pattern) he is asked.
 *
 * <p>Stands on unix(7), ip(7).
 */
package org.secfilt.lint;
