/**
 * Judges one call: plan and call in, decision out. Pure, and the only place where rules are compared with addresses.
 *
 * <p>Stands on ip(7), ipv6(7), unix(7), connect(2), sendmsg(2).
 */
package org.secfilt.verdict;
