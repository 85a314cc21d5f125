/**
 * Which layer holds which rule on this host. Pure: a policy and what the host can do go in, a {@link org.secfilt.plan.Plan} comes
 * out, or a refusal that names the rule no layer can hold. The back ends (filter, verdict, landlock, firewall, launch)
 * meet here and never import each other.
 */
package org.secfilt.plan;
