package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.policy.Rule;

/** Packet rules to be installed, in order. */
final class KeptRules implements RuleSink {
    private final List<String> rules = new ArrayList<>();

    @Override
    public void of(Rule rule) {}

    @Override
    public void ofNone() {}

    @Override
    public void add(String specification) {
        rules.add(specification);
    }

    List<String> rules() {
        return List.copyOf(rules);
    }
}
