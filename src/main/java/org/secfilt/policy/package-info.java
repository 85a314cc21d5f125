/**
 * What the user wants: immutable records, complete and already merged, that say which destinations may be reached and why.
 *
 * <p>Files and options each become a {@link org.secfilt.policy.PolicyPart}, and {@link org.secfilt.policy.Policy#merge} makes one
 * {@link org.secfilt.policy.Policy} of them. secfilter's options and INI files are read here; YAML in {@code policy.yaml}. Nothing
 * here knows how a rule is enforced ({@code plan} gives each rule its layer), and files are read through
 * {@link org.secfilt.policy.Opener} alone. What is wrong with a file is told in {@link org.secfilt.policy.Complaint}s, all at once.
 *
 * <p>Stands on resolv.conf(5).
 */
package org.secfilt.policy;
