/**
 * What the user wants: immutable records, complete and already merged, that say which destinations may be reached and why.
 *
 * <p>Nothing here knows how a rule is enforced, nor reads a file: {@code policy.yaml} and {@code cli} make these values,
 * {@code plan} gives each rule its layer.
 */
package org.secfilt.policy;
