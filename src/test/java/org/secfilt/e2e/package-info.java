/**
 * The built program from outside: {@code target/secfilt/bin/secfilt} and real programs, in network namespaces that the
 * tests make themselves, judged at the receiver. {@link org.secfilt.e2e.NetworkRoom} is where they run. Stands on
 * ip-netns(8), veth(4), packet(7), prctl(2) "PR_SET_CHILD_SUBREAPER".
 */
package org.secfilt.e2e;
