package org.secfilt.firewall;

import org.secfilt.policy.Rule;

/** Where packet rules go as they are made of a policy's. */
interface RuleSink {
    /** What is added from here on comes of this rule. */
    void of(Rule rule);

    /** What is added from here on comes of none. */
    void ofNone();

    /** Adds a rule's specification, without {@code -A CHAIN}. */
    void add(String specification);
}
