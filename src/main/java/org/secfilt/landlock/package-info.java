/**
 * The Landlock ruleset of a run, from its plan and the files that may be written. Nothing is opened here: a rule names its file, and the
 * launch script opens it in the process that enters the domain.
 *
 * <p>Stands on landlock(7), landlock_create_ruleset(2), landlock_add_rule(2).
 */
package org.secfilt.landlock;
